"""The tray's way to the agent: find, start, watch, ask."""
