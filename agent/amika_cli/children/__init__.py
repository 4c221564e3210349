"""What other programs and sandboxes are started with."""
