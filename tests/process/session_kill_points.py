"""kill -9 before every single line that a renewal, a sign-out or a sign-in executes, one after the other.

    python -m tests.process.session_kill_points

Where the rounds of `session_kill_rounds` kill at random moments, this leaves none out: for each line of the session's
modules that is executed a process of its own acts, is killed right before that line, and the next process needs the
session. `--step 20` takes every twentieth.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.fakes.workos_process import WorkosProcess
from tests.process.killed_line import killed_before
from tests.process.session_child import act
from tests.process.session_kill_rounds import Report, Rounds, whole

import amika_agent

ACTS = ("fresh", "sign_out", "accept")
WATCHED = tuple(os.path.join(os.path.dirname(amika_agent.__file__), name, "") for name in ("session", "stores"))
MOST = 5000


class Points(Rounds):
    """The rounds, with each kill at a line of its own."""

    def every(self, what: str, first: int, step: int) -> Report:
        """Kill at line `first`, `first + step` … of `what`, until it comes to its end; return what was counted."""
        self.sign_in()
        for number in range(first, MOST, step):
            if not self._killed(number, what, self.until_due(what)):
                break
            self.report.rounds += 1
            if not whole(self.file):
                self.report.torn += 1
            getattr(self, f"after_{what}")()
            self._look_for_left_overs(number)
        return self.report

    def _killed(self, number: int, what: str, answer: dict | None) -> bool:
        return killed_before(
            number,
            lambda: act(str(self.state), self.server.url, what, shift=self.shift, answer=answer),
            WATCHED,
        )

    def _look_for_left_overs(self, number: int) -> None:
        # the next process has been there: nothing that may hold a token is left of the killed one
        names = [path.name for path in self.state.iterdir()]
        left = [name for name in names if name == ".session.next" or name.startswith("workos-session.json.")]
        self.report.left_over += len(left)
        self.report.wrong += [f"line {number} of the kill leaves {name}" for name in left]


def run(what: str, *, first: int = 0, step: int = 1) -> Report:
    """Kill at the lines of one act, in a directory of their own."""
    import httpx  # noqa: F401 -- loaded once, here: the processes are forked

    with tempfile.TemporaryDirectory() as folder, WorkosProcess() as server:
        return Points(Path(folder), server, 0).every(what, first, step)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step", type=int, default=1)
    given = parser.parse_args()
    clean = True
    print(f"{'act':>10} {'kills':>6} {'lost':>5} {'torn':>5} {'left over':>10} {'rolled forward':>15}")
    for what in ACTS:
        found = run(what, step=given.step)
        clean = clean and found.clean
        counts = f"{found.rounds:>6} {found.lost:>5} {found.torn:>5} {found.left_over:>10} {found.rolled_forward:>15}"
        print(f"{what:>10} {counts}", flush=True)
        for line in found.wrong:
            print(f"  {line}")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
