"""A home whose credential files are written in every way that their owners write them, and what they mean then."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

GOOD, GONE, UNKNOWN = "good", "gone", "unknown"
YEARS = 10 * 365 * 86400
MALFORMED = ["", "{", "[]", "null", '{"claudeAiOauth": 7, "tokens": 7, "groq": 7}', '{"a": tru', "\0"]
WAYS = ("renamed", "truncated_and_written", "deleted_and_written", "folder_replaced", "behind_a_symlink")
ACCIDENTS = (
    "malformed", "half_written", "emptied", "logged_out", "deleted", "deleted", "folder_deleted", "unreadable",
    "made_a_pipe", "symlink_to_nowhere", "touched",
)  # fmt: skip


class Source:
    """One credential file.

    value    what it gives, when its meaning is GOOD
    meaning  GOOD; GONE: its owner has signed out; UNKNOWN: nothing can be said, what was known stays
    ends     epoch seconds at which the value expires, or None
    given    all values that it ever gave

    Args:
        path: the file.
        body: value, end -> content.
        absence_is_logout: a file that is not there, in a folder that is, says that its owner has signed out.

    """

    def __init__(self, path: Path, body: Callable[[str, float | None], object], blank: object) -> None:
        self.path = path
        self._body = body
        self._blank = blank
        self.value = ""
        self.ends: float | None = None
        self.meaning = GONE
        self.given: list[str] = []
        path.parent.mkdir(parents=True)

    def change(self, way: str, value: str, ends: float | None, seen: Callable[[], None]) -> None:
        """Write a new value in one of WAYS; `seen` is called where a reader could look between two steps."""
        text = json.dumps(self._body(value, ends))
        self._no_folder()
        getattr(self, way)(text, seen)
        self.value, self.ends, self.meaning = value, ends, GOOD
        self.given.append(value)

    def accident(self, kind: str, number: int) -> None:
        """Let one of ACCIDENTS happen."""
        if kind != "touched":
            self._no_folder()
        getattr(self, kind)(number)

    # ways of writing

    def renamed(self, text: str, seen: Callable[[], None]) -> None:
        self.path.parent.mkdir(exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(text)
        seen()
        new.rename(self.path)

    def truncated_and_written(self, text: str, seen: Callable[[], None]) -> None:
        self._make_way()
        with open(self.path, "w") as file:
            seen()  # zero bytes are seen
            file.write(text[: len(text) // 2])
            file.flush()
            seen()  # half of it is seen
            file.write(text[len(text) // 2 :])

    def deleted_and_written(self, text: str, seen: Callable[[], None]) -> None:
        self.deleted(0)
        self.path.parent.mkdir(exist_ok=True)
        seen()
        self.path.write_text(text)

    def folder_replaced(self, text: str, seen: Callable[[], None]) -> None:
        new = self.path.parent.with_suffix(".other")
        new.mkdir()
        (new / self.path.name).write_text(text)
        shutil.rmtree(self.path.parent, ignore_errors=True)
        seen()
        new.rename(self.path.parent)

    def behind_a_symlink(self, text: str, seen: Callable[[], None]) -> None:
        self.path.parent.mkdir(exist_ok=True)
        target = self.path.parent / f"dotfiles-{self.path.name}"
        target.write_text(text)
        seen()
        link = self.path.with_suffix(".link")
        link.symlink_to(target)
        link.rename(self.path)

    # accidents

    def malformed(self, number: int) -> None:
        self._overwrite(MALFORMED[number % len(MALFORMED)].encode("utf-8", "surrogatepass"), UNKNOWN)

    def half_written(self, _: int) -> None:
        text = json.dumps(self._body("never-finished", None)).encode()
        self._overwrite(text[: len(text) // 2], UNKNOWN)

    def emptied(self, _: int) -> None:
        self._overwrite(b"", UNKNOWN)

    def logged_out(self, _: int) -> None:
        """Well-formed, without the credential; or the blank record that a lost race leaves behind."""
        self._overwrite(json.dumps(self._blank).encode(), GONE if self._blank == {} else UNKNOWN)

    def deleted(self, _: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        if self.path.parent.is_dir():
            self.meaning = GONE

    def folder_deleted(self, _: int) -> None:
        shutil.rmtree(self.path.parent, ignore_errors=True)
        self.meaning = UNKNOWN

    def unreadable(self, _: int) -> None:
        """A folder lies where the file was: root reads what has no permission."""
        self.deleted(0)
        self.path.mkdir(parents=True)
        self.meaning = UNKNOWN

    def made_a_pipe(self, _: int) -> None:
        self._make_way()
        self.deleted(0)
        os.mkfifo(self.path)
        self.meaning = UNKNOWN

    def symlink_to_nowhere(self, _: int) -> None:
        self._make_way()
        self.deleted(0)
        self.path.symlink_to(self.path.parent / "not-mounted" / "file")
        self.meaning = UNKNOWN

    def touched(self, _: int) -> None:
        if self.path.is_file():
            os.utime(self.path)
        (self.path.parent.parent / "unrelated.json").write_text("{}")

    def _overwrite(self, data: bytes, meaning: str) -> None:
        self._make_way()
        self.path.write_bytes(data)
        self.meaning = meaning

    def _no_folder(self) -> None:
        if self.path.is_dir() and not self.path.is_symlink():
            self.path.rmdir()

    def _make_way(self) -> None:
        """What stands there cannot be written to: a pipe without a reader, a symlink to nowhere."""
        self.path.parent.mkdir(exist_ok=True)
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_file()):
            self.path.unlink()
