"""Push rules by command: add, forget, pause, and the plan."""
