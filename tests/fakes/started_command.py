"""A status command of a coding agent that runs until a test says that it has ended."""

from __future__ import annotations

from amika_agent.engine.owners import Command


class StartedCommand(Command):
    """`over` and `killed` are set by the test and by whoever kills it."""

    def __init__(self) -> None:
        self.over = False
        self.killed = False

    def ended(self) -> bool:
        return self.over

    def kill(self) -> None:
        self.killed = True
