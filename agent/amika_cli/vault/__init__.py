"""The vault, providers' keys and connections by command."""
