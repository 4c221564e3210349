"""The menu as a value, and its drawing."""
