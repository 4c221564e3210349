"""Every system call by which a renewal, a sign-out or a sign-in changes the disk fails, one after the other.

    python -m tests.process.session_write_faults

In a process of its own the system's calls are replaced by ones that fail from the chosen one on, as on a disk that is
full or has become read-only, or that one alone, as on a disk with an error. Then the disk is well again, and the next
process needs the session.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.workos_process import WorkosProcess
from tests.process.session_child import act
from tests.process.session_kill_rounds import Rounds, told, whole

ACTS = ("fresh", "sign_out", "accept")
# what fails: the error, whether for ever, and which calls it hits
FAULTS: dict[str, tuple[int, bool, frozenset[str]]] = {
    "full": (errno.ENOSPC, True, frozenset({"create", "write", "pwrite", "ftruncate", "fsync"})),
    "read-only": (errno.EROFS, True, frozenset({"create", "open", "replace", "unlink"})),
    "one error": (errno.EIO, False, frozenset({"create", "open", "write", "pwrite", "fsync", "replace", "unlink"})),
}


@dataclass
class Counted:
    """What came of it: `calls` failed, of which `refused` ended the act with a message; the rest must be zero."""

    calls: int = 0
    refused: int = 0
    lost: int = 0
    torn: int = 0
    wrong: list[str] = field(default_factory=list)


class Disk:
    """The system's calls on the files of one directory; the call number `number` fails, and those after it."""

    def __init__(self, folder: str, number: int, fault: str) -> None:
        self.folder = folder
        self.left = number
        self.code, self.for_ever, self.hit = FAULTS[fault]
        self.files: set[int] = set()
        self.real = {name: getattr(os, name) for name in ("open", "close", "write", "pwrite", "fsync", "ftruncate")}
        self.real |= {name: getattr(os, name) for name in ("replace", "unlink")}

    def breaks(self) -> None:
        os.open, os.close = self.open, self.close
        for name in ("write", "pwrite", "fsync", "ftruncate"):
            setattr(os, name, self.of_file(name))
        for name in ("replace", "unlink"):
            setattr(os, name, self.of_path(name))

    def check(self, name: str) -> None:
        if name not in self.hit:
            return
        self.left -= 1
        if self.left == -1 or (self.left < 0 and self.for_ever):
            raise OSError(self.code, os.strerror(self.code))

    def open(self, path: Any, flags: int, *more: Any, **named: Any) -> int:
        ours = isinstance(path, str) and path.startswith(self.folder) and not path.endswith(".lock")
        if ours and flags & (os.O_WRONLY | os.O_RDWR):
            self.check("open" if os.path.exists(path) else "create")
        descriptor: int = self.real["open"](path, flags, *more, **named)
        if ours:
            self.files.add(descriptor)
        return descriptor

    def close(self, descriptor: int) -> None:
        self.files.discard(descriptor)
        self.real["close"](descriptor)

    def of_file(self, name: str) -> Callable[..., Any]:
        def call(descriptor: int, *more: Any) -> Any:
            if descriptor in self.files:
                self.check(name)
            return self.real[name](descriptor, *more)

        return call

    def of_path(self, name: str) -> Callable[..., Any]:
        def call(path: Any, *more: Any, **named: Any) -> Any:
            if isinstance(path, str) and path.startswith(self.folder):
                self.check(name)
            return self.real[name](path, *more, **named)

        return call


class Faults(Rounds):
    """The rounds, with a fault of the disk instead of a kill."""

    counted: Counted

    def every(self, what: str, fault: str) -> Counted:
        self.counted = Counted()
        self.sign_in()
        while self.one(what, fault):
            self.counted.calls += 1
        self.counted.lost = self.report.lost
        self.counted.wrong += self.report.wrong
        return self.counted

    def one(self, what: str, fault: str) -> bool:
        """Let one call fail and look at what comes of it; False when the act had no such call any more."""
        found = self.acted(what, fault, self.until_due(what))
        if not found["hit"]:
            return False
        self.counted.torn += not whole(self.file)
        if "crash" in found or (not found["ok"] and found["code"] not in (3, 5)):
            self.counted.wrong.append(f"{what}, {fault}, call {self.counted.calls}: {found}")
        self.counted.refused += not found["ok"]
        getattr(self, f"after_{what}")()
        return True

    def acted(self, what: str, fault: str, answer: dict | None) -> dict:
        disk = Disk(str(self.state), self.counted.calls, fault)

        def work() -> dict:
            disk.breaks()
            try:
                found = act(str(self.state), self.server.url, what, shift=self.shift, answer=answer)
            except BaseException as error:  # noqa: BLE001 -- a traceback where an answer belongs
                found = {"ok": False, "crash": type(error).__name__}
            return {**found, "hit": disk.left < 0}

        return told(work)


def run(what: str, fault: str) -> Counted:
    """Let every call fail once, in a directory of their own."""
    import httpx  # noqa: F401 -- loaded once, here: the processes are forked

    with tempfile.TemporaryDirectory() as folder, WorkosProcess() as server:
        return Faults(Path(folder), server, 0).every(what, fault)


def main() -> int:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    clean = True
    print(f"{'act':>10} {'disk':>10} {'calls':>6} {'refused':>8} {'lost':>5} {'torn':>5}")
    for what in ACTS:
        for fault in FAULTS:
            found = run(what, fault)
            clean = clean and not (found.lost or found.torn or found.wrong)
            counts = f"{found.calls:>6} {found.refused:>8} {found.lost:>5} {found.torn:>5}"
            print(f"{what:>10} {fault:>10} {counts}", flush=True)
            for line in found.wrong:
                print(f"  {line}")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
