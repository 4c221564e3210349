"""The env cache as a document: a JSON object whose order, and whose foreign values, stay byte for byte."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from typing import NoReturn

from amika_agent.stores.private_file import refuse_symlink, sync_dir, write_new
from amika_local.errors import Failed

MAX_BYTES = 20 << 20
Mark = tuple[int, int, int]
_TEMPORARY = ".tmp-"
_BLANKS = " \t\n\r"


class Malformed(Exception):
    """The file is not a JSON object; the text says why and quotes nothing of it."""


class Document:
    """A JSON object: `text` maps each key to the JSON text of its value, in the file's order."""

    def __init__(self, text: dict[str, str]) -> None:
        self.text = text

    @classmethod
    def parse(cls, data: bytes) -> Document:
        """Return the document, or raise Malformed."""
        try:
            return cls(_top_level(data.decode("utf-8-sig")))
        except UnicodeDecodeError:
            raise Malformed("is not UTF-8") from None
        except RecursionError:
            raise Malformed("is nested too deeply") from None
        except ValueError:
            raise Malformed("is empty" if not data.strip() else "is not a JSON object") from None

    def value(self, key: str) -> object:
        """Return the value of a key, or None."""
        raw = self.text.get(key)
        return None if raw is None else json.loads(raw)

    def strings(self) -> dict[str, str]:
        """Return the top-level entries that are text: what other readers see."""
        return {key: json.loads(raw) for key, raw in self.text.items() if raw.startswith('"')}

    def put(self, key: str, value: object) -> None:
        """Set a key; a new key goes to the end."""
        self.text[key] = json.dumps(value, ensure_ascii=True, indent=2).replace("\n", "\n  ")

    def drop(self, key: str) -> None:
        """Remove a key if it is there."""
        self.text.pop(key, None)

    def encoded(self) -> bytes:
        """Return the file's bytes."""
        lines = ",\n".join(f"  {json.dumps(key)}: {raw}" for key, raw in self.text.items())
        return (f"{{\n{lines}\n}}\n" if lines else "{}\n").encode()


def _top_level(text: str) -> dict[str, str]:
    """Split an object into its keys and the untouched text of their values; the last of equal keys counts."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError
    found: dict[str, str] = {}
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if not isinstance(key, str) or text[at : at + 1] != ":":
            raise ValueError
        start = _skip(text, at + 1)
        _, end = decoder.raw_decode(text, start)
        found.pop(key, None)
        found[key] = text[start:end]
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
            if text[at : at + 1] == "}":
                raise ValueError
        elif text[at : at + 1] != "}":
            raise ValueError
    if _skip(text, at + 1) != len(text):
        raise ValueError
    return found


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at


def _refuse(_name: str) -> NoReturn:
    raise ValueError


def read(path: str) -> tuple[bytes | None, Mark | None]:
    """Return the file's bytes and its mark (inode, size, time); (None, None) when it is not there.

    Raises:
        Failed: a symlink, another user's, not a regular file, too large or unreadable.

    """
    refuse_symlink(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None, None
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}", remedy=f"Check its permissions: ls -l {path}") from None
    with open(descriptor, "rb") as file:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise Failed(f"{path} is not a regular file", remedy=f"Move it away: mv {path} {path}.old")
        if info.st_size > MAX_BYTES:
            raise Failed(f"{path} is larger than 20 MiB", remedy=f"Move it away: mv {path} {path}.old")
        return file.read(MAX_BYTES), _mark(info)


def replace_unless_changed(path: str, data: bytes, mark: Mark | None) -> bool:
    """Replace the file as a whole; return False, and change nothing, when it is not what `mark` says any more.

    The caller holds the lock of the file: what a killed process left half-written is removed here.

    A writer that takes no lock can still slip between the last look and the rename: microseconds, unavoidable.

    Raises:
        OSError: nothing was changed.

    """
    remove_wrecks(path)
    temporary = f"{path}{_TEMPORARY}{secrets.token_hex(4)}"
    try:
        write_new(temporary, data)
        if mark_of(path) != mark:
            return False
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    sync_dir(os.path.dirname(path))
    return True


def remove_wrecks(path: str) -> None:
    """Remove what killed processes left half-written beside `path`; the caller holds its lock."""
    folder, name = os.path.split(path)
    for other in os.listdir(folder):
        if other.startswith(name + _TEMPORARY):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, other))


def mark_of(path: str) -> Mark | None:
    """Return the file's mark, or None when it is not there."""
    try:
        return _mark(os.lstat(path))
    except OSError:
        return None


def _mark(info: os.stat_result) -> Mark:
    return (info.st_ino, info.st_size, info.st_mtime_ns)
