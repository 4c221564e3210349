"""HTTP as this program needs it."""
