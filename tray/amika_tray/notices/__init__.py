"""Notifications: what deserves one, how it is shown, that it comes once."""
