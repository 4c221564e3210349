"""What happened to which credential, when, why, and who asked; never a value."""
