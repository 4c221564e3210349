"""The clipboard, through the program of the desktop that reaches it; cleared after 45 seconds if it is still ours."""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from amika_local.errors import Failed
from amika_shared.search_path import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amika_local.secret import Secret

KEPT_FOR = 45.0
_LIMIT = 5.0
_SALT = 16


class Tool(NamedTuple):
    """One program: `needs` names the variable without which it reaches nothing ("" for none)."""

    name: str
    needs: str
    put: tuple[str, ...]
    get: tuple[str, ...]
    clear: tuple[str, ...]


TOOLS = (
    Tool("wl-copy", "WAYLAND_DISPLAY", ("wl-copy",), ("wl-paste", "--no-newline"), ("wl-copy", "--clear")),
    Tool(
        "xclip",
        "DISPLAY",
        ("xclip", "-selection", "clipboard", "-in"),
        ("xclip", "-selection", "clipboard", "-out"),
        ("xclip", "-selection", "clipboard", "-in"),  # with nothing on stdin
    ),
    Tool(
        "xsel",
        "DISPLAY",
        ("xsel", "--clipboard", "--input"),
        ("xsel", "--clipboard", "--output"),
        ("xsel", "--clipboard", "--clear"),
    ),
    Tool("pbcopy", "", ("pbcopy",), ("pbpaste",), ("pbcopy",)),
)


def tool(env: Mapping[str, str]) -> Tool:
    """Return the first program that is there and reaches a clipboard.

    Raises:
        Failed: there is none; says what to install.

    """
    for found in TOOLS:
        if (not found.needs or env.get(found.needs)) and find(found.name, env.get("PATH")):
            return found
    raise Failed(
        "no clipboard can be reached from here",
        remedy="On a desktop install wl-clipboard (Wayland), xclip or xsel (X11); or use --reveal.",
    )


def put(chosen: Tool, value: Secret) -> None:
    """Put a value into the clipboard; it travels on stdin.

    Raises:
        Failed: the program failed.

    """
    if run(chosen.put, _bytes(value)) is None:
        raise Failed(f"{chosen.name} could not copy the value", remedy="Is this terminal on the desktop? Try --reveal.")


def clear_later(chosen: Tool, value: Secret) -> None:
    """Start a process of its own that clears the clipboard after `KEPT_FOR` seconds if it still holds the value.

    It gets a salted hash of the value, not the value.
    """
    from amika_agent.module_process import module_command

    salt = secrets.token_bytes(_SALT)
    order = {"tool": chosen.name, "salt": salt.hex(), "digest": digest(salt, _bytes(value)), "seconds": KEPT_FOR}
    child = subprocess.Popen(  # noqa: S603 -- our own module
        module_command("amika_cli.terminal.clipboard_clear"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    if child.stdin is not None:
        child.stdin.write(json.dumps(order).encode())
        child.stdin.close()


def clear_if_ours(order: dict[str, Any]) -> bool:
    """Clear the clipboard if it holds the value of the order; tell whether it did."""
    chosen = next(found for found in TOOLS if found.name == order["tool"])
    held = run(chosen.get, b"", wanted=True)
    if held is None or digest(bytes.fromhex(order["salt"]), held) != order["digest"]:
        return False
    return run(chosen.clear, b"") is not None


def digest(salt: bytes, data: bytes) -> str:
    """Return the salted hash; a paste may add or lose a line break at the end."""
    return hashlib.sha256(salt + data.rstrip(b"\r\n")).hexdigest()


def run(command: tuple[str, ...], data: bytes, *, wanted: bool = False) -> bytes | None:
    """Run one of the programs; return its output (b"" unless `wanted`), None when it failed.

    Its output is no pipe unless it is wanted: the programs that own a selection stay behind and would hold it open.
    """
    program = find(command[0])
    if not program:
        return None
    try:
        done = subprocess.run(  # noqa: S603 -- a program of the table, found on PATH
            (program, *command[1:]),
            input=data,
            stdout=subprocess.PIPE if wanted else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode:
        return None
    return done.stdout or b""


def _bytes(value: Secret) -> bytes:
    return value.reveal().encode("utf-8", "surrogateescape")


if sys.platform == "darwin":  # the others are not on a Mac's desktop, even where somebody installed them
    TOOLS = tuple(found for found in TOOLS if found.name == "pbcopy")
