"""Signing in and out, and who is signed in, for each service."""
