"""Signing in: one module per service over two flows, device and loopback."""
