"""The Amika session: kept, renewed and ended, so that nobody is ever signed out by us."""
