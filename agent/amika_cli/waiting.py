"""What a person is told who waits longer than usual: for the agent, on a terminal or not; for a server, on one."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from amika_cli.render import note

PATIENCE = 4.0


class Waiting:
    """Says once that the agent is silent, and once that it is busy; see `AgentClient.waiting`.

    Args:
        pid: the agent's process, None where it is not known.
        restart: the command that helps.

    """

    def __init__(self, pid: "int | None", restart: str) -> None:
        self._agent = "the agent" if pid is None else f"the agent (pid {pid})"
        self._restart = restart
        self._said: set[str] = set()

    def __call__(self, state: str) -> None:
        """Say it to stderr."""
        if state in self._said:
            return
        self._said.add(state)
        if state == "silent":
            note(f"Waiting for {self._agent}, which does not answer. Ctrl-C stops waiting.")
            note(f"  If that stays so: {self._restart}")
        else:
            note(f"Waiting for {self._agent}, which is at work. Ctrl-C stops waiting, the agent goes on.")


@contextmanager
def when_slow(say: Callable[[], None], *, after: float = PATIENCE) -> Iterator[None]:
    """Call `say`, from another thread, if what is done meanwhile takes over `after` s and stderr is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    from threading import Timer

    timer = Timer(after, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
