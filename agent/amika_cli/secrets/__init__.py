"""Storing what was found or given: previews, bulk pushes, provider secrets."""
