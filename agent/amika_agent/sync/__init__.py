"""Keeps the env cache and every pushed secret equal to what is on disk."""
