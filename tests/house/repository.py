"""The committed files of this project, for the tests about the house."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def committed(pattern: str = "*") -> tuple[Path, ...]:
    """Return the files that git tracks and that still exist, as absolute paths."""
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--", pattern],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    paths = (ROOT / name.decode() for name in listing.split(b"\0") if name)
    return tuple(path for path in paths if path.is_file())


@cache
def text_of(path: Path) -> str:
    """Return the text of a file, "" for a binary one."""
    data = path.read_bytes()
    return "" if b"\0" in data[:8000] else data.decode("utf-8", "replace")


def name_of(path: Path) -> str:
    """Return the path as a person would write it, relative to the project."""
    return path.relative_to(ROOT).as_posix()
