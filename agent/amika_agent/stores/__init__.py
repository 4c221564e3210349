"""Where secrets rest: private files, the OS keyring, Amika's secrets store."""
