"""This program on this machine: link, start at login, report."""
