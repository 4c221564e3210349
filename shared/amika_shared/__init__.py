"""The contract between agent, tray and command line. Imports stdlib and platformdirs only."""

BUILD = "0.1.0"
