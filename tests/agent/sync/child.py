"""A process that pushes one value and is killed while it does: `python -m tests.agent.sync.child FOLDER URL VALUE`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.agent.sync.world import Machine, claude
from tests.fakes.discoveries import discovery

from amika_agent.clock import SystemClock


class At:
    """Where the parent's fake server listens."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = "fake-token"


def main() -> None:
    folder, url, value = sys.argv[1:]
    machine = Machine(Path(folder), At(url), SystemClock())
    outcomes = machine.remote.run(discovery(claude(value)))
    print(outcomes[-1].did, flush=True)


if __name__ == "__main__":
    main()
