"""AKOS: its providers and connection kinds, and what of them this machine has."""
