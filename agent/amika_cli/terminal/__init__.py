"""The terminal: questions, hidden input, signals; and the browser and clipboard beside it."""
