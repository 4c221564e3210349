"""Reads this machine: credential files, the shared session, the env cache. Imports a handful of stdlib modules only."""
