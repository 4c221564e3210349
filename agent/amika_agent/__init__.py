"""Everything that decides and writes: accounts, stores, sync, lanes, the local workspace. Never Qt."""
