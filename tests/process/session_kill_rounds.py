"""kill -9 at random points of renewals, sign-outs and sign-ins.

    python -m tests.process.session_kill_rounds --rounds 1000

Each round a process of its own acts on the session and is killed after a random time; then another process needs the
session. All the while a third process reads the files. Counted: logins lost, files torn, reads that met a broken file.
`--grace 0` shows the same against a server that gives no second answer, where some loss cannot be avoided.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.workos_process import WorkosProcess
from tests.process.killed_line import forked
from tests.process.session_child import act

from amika_agent.session.meta import MetaFile
from amika_local.session_file import SessionFileError, read_session

DUE = 290.0  # seconds by which all clocks are set forward each round: the token then has 10 s left
MIX = ("fresh",) * 7 + ("sign_out",) * 2 + ("accept",)


@dataclass
class Report:
    """What was counted; everything from `lost` on must be zero."""

    rounds: int = 0
    killed: int = 0
    finished: int = 0
    acts: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0  # killed after the token was sent and before its successor was the session
    rolled_forward: int = 0
    reads: int = 0
    lost: int = 0
    torn: int = 0
    broken_reads: int = 0
    left_over: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.torn or self.broken_reads or self.left_over or self.wrong)


class Rounds:
    """One state directory, one server."""

    def __init__(self, state: Path, server: WorkosProcess, seed: int) -> None:
        self.state = state
        self.server = server
        self.random = random.Random(seed)
        self.shift = 0.0
        self.report = Report()
        self.reach = {"fresh": 0.15, "sign_out": 0.1, "accept": 0.1}

    @property
    def file(self) -> Path:
        return self.state / "workos-session.json"

    def run(self, count: int) -> Report:
        self.sign_in()
        with reading(self.file, self.report):
            for _ in range(count):
                self.round(self.random.choice(MIX))
        return self.report

    def round(self, what: str) -> None:
        report = self.report
        report.rounds += 1
        report.acts[what] = report.acts.get(what, 0) + 1
        self.kill_during(what, self.until_due(what))
        if not whole(self.file):
            report.torn += 1
        getattr(self, f"after_{what}")()
        if (self.state / ".session.next").exists():
            report.left_over += 1

    def until_due(self, what: str) -> dict | None:
        """Let time pass until a renewal is due; return what a sign-in is to store, None for another act."""
        self.shift += DUE
        self.server.do("shift", seconds=DUE)
        return self.server.do("open") if what == "accept" else None

    def kill_during(self, what: str, answer: dict | None) -> None:
        """Let a process act, and kill it at a random moment; sometimes it is quicker."""
        after = self.random.uniform(0, self.reach[what])
        child = forked(lambda: act(str(self.state), self.server.url, what, shift=self.shift, answer=answer))
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        self.report.killed += killed
        self.report.finished += not killed
        # aim at the whole act and a little beyond, whatever it takes on this machine just now: three kills in four
        self.reach[what] *= 1.08 if killed else 0.8

    def after_fresh(self) -> None:
        staged = self.next_is_complete()
        self.report.in_flight += MetaFile(str(self.state)).read().sent_at > 0
        found = self.next_process("fresh")
        if not found["ok"]:
            self.report.lost += 1
            self.report.wrong.append(f"after a killed renewal: {found['message']}")
            self.sign_in()
            return
        self.report.rolled_forward += staged
        self.check_current()

    def after_accept(self) -> None:
        found = self.next_process("fresh")
        if not found["ok"]:
            self.report.lost += 1
            self.report.wrong.append(f"after a killed sign-in: {found['message']}")
            self.sign_in()
            return
        # what was granted and never stored, or replaced and not yet ended, lives on at the server only
        self.server.do("end_others", refresh=self.stored())
        self.check_current()

    def after_sign_out(self) -> None:
        found = self.next_process("fresh")
        if not found["ok"] and found["code"] != 3:
            self.report.wrong.append(f"after a killed sign-out: {found['message']}")
        self.next_process("sign_out")
        if self.file.exists():
            self.report.wrong.append("a login is left after a sign-out")
        if self.server.do("state")["live"]:
            self.report.wrong.append("a session lives on at the server after a sign-out")
        self.sign_in()

    def check_current(self) -> None:
        live = self.server.do("state")["live"]
        if live != [self.stored()]:
            self.report.wrong.append(f"the file's token is not the server's ({len(live)} sessions)")

    def next_process(self, what: str, answer: dict | None = None) -> dict:
        return told(lambda: act(str(self.state), self.server.url, what, shift=self.shift, answer=answer))

    def next_is_complete(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return "_amika" in json.loads((self.state / ".session.next").read_bytes())
        return False

    def stored(self) -> str:
        return json.loads(self.file.read_bytes())["refresh_token"]

    def sign_in(self) -> None:
        found = self.next_process("accept", self.server.do("open"))
        assert found["ok"], found
        self.server.do("end_others", refresh=self.stored())


def told(work: Callable[[], dict]) -> dict:
    """Do the work in a process of its own and return what it found."""
    reader, writer = os.pipe()
    child = forked(lambda: os.write(writer, json.dumps(work()).encode()))
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text)


def whole(path: Path) -> bool:
    try:
        read_session(str(path))
    except SessionFileError:
        return False
    return True


@contextlib.contextmanager
def reading(path: Path, report: Report) -> Iterator[None]:
    """Read the file over and over in another process, as every other program does: without a lock."""
    reader, writer = os.pipe()
    stop, hold = os.pipe()

    def work() -> None:
        os.close(hold)
        os.set_blocking(stop, False)
        reads = broken = 0
        while True:
            with contextlib.suppress(BlockingIOError):
                os.read(stop, 1)
                break
            reads += 1
            broken += not whole(path)
            time.sleep(0.001)
        os.write(writer, json.dumps([reads, broken]).encode())

    child = forked(work)
    os.close(writer)
    os.close(stop)
    try:
        yield
    finally:
        os.close(hold)
        with os.fdopen(reader, "rb") as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        if text:
            report.reads, report.broken_reads = json.loads(text)


def run(rounds: int, *, seed: int = 0, grace: float = 30.0, delay: float = 0.01) -> Report:
    """Run the rounds in a directory of their own."""
    import httpx  # noqa: F401 -- loaded once, here: the processes are forked

    with tempfile.TemporaryDirectory() as folder, WorkosProcess() as server:
        server.do("delay", seconds=delay)
        server.do("grace", seconds=grace)
        return Rounds(Path(folder), server, seed).run(rounds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--grace", type=float, default=30.0, help="seconds in which the server repeats its answer")
    given = parser.parse_args()
    report = run(given.rounds, seed=given.seed, grace=given.grace)
    for name, value in vars(report).items():
        print(f"{name:>15}  {value if name != 'wrong' else len(report.wrong)}")
    for line in sorted(set(report.wrong)):
        print(f"  {line} ({report.wrong.count(line)} times)")
    return 0 if report.clean or not given.grace else 1


if __name__ == "__main__":
    sys.exit(main())
