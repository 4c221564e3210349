"""Keeps every open shell's API keys current: the hook files and the env file that they read."""
