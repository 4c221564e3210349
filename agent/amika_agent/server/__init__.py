"""The agent's socket and what may be asked there."""
