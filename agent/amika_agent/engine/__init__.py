"""The whole work, blocking: local look, session renewal, remote reconcile; the agent and the command line call it."""
