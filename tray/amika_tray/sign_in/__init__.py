"""The sign-in dialog: steps without Qt, pages and dialog with it."""
