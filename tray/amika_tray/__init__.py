"""Everything that is seen. Knows the agent only through amika_shared."""
