"""The window: loaded when it is first opened."""
