"""The command line: a table from command to module; each command imports only what it needs."""
