"""`vault get`: a value masked, printed or copied. What leaves the vault is noted with the name of who asked."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING, Any

from amika_cli.render import ago, clean, emit, encoded, show
from amika_cli.terminal.prompts import is_terminal
from amika_cli.vault.opening import record
from amika_local.errors import UsageError
from amika_local.secret import Secret, masked

if TYPE_CHECKING:
    from amika_agent.stores.vault import Listed
    from amika_cli.context import Context

GRANT = "vault.reveal_without_terminal"


def require_person(context: Context) -> None:
    """Raise UsageError unless somebody looks on, or the person has allowed this for programs too."""
    if is_terminal(sys.stdin) and is_terminal(sys.stdout):
        return
    if context.settings.on(GRANT):
        return
    raise UsageError(
        "a value is shown and copied on a terminal only",
        remedy=f"For a program use ${{vault:KEY}} and {context.command('run')}, "
        f"or allow it: {context.command(f'config set {GRANT} true')}",
    )


def show_masked(context: Context, entry: Listed, value: Secret) -> None:
    """Print where the value is and a hint of it."""
    hint = masked(value.reveal())
    since = ago(entry.stored_at, context.clock.now())
    lines = [f"{entry.key}  {hint}", f"{entry.scope}, {entry.source}, stored {since}"]
    emit(context.args, {**_json(entry), "value": hint, "revealed": False}, lines)


def reveal(context: Context, entry: Listed, value: Secret) -> None:
    """Print the value: exactly its bytes into a pipe or file; on a terminal with a line break at the end.

    Raises:
        UsageError: it holds what a terminal would obey.

    """
    data = value.reveal().encode("utf-8", "surrogateescape")
    on_terminal = is_terminal(sys.stdout)
    if context.args.output == "text" and on_terminal and not _harmless(value.reveal()):
        raise UsageError(
            "the value holds bytes that a terminal would obey", remedy="--json shows them encoded, --copy copies them."
        )
    _noted(context, "revealed", entry, "on a terminal" if on_terminal else "to a program")
    if context.args.output != "text":
        show([encoded({**_json(entry), **_in_json(value.reveal(), data), "revealed": True}, context.args.output)])
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data + (b"\n" if on_terminal and not data.endswith(b"\n") else b""))
    sys.stdout.buffer.flush()


def copy(context: Context, entry: Listed, value: Secret) -> None:
    """Put the value into the clipboard, for 45 seconds.

    Raises:
        Failed: there is no clipboard, or no program that reaches it.

    """
    from amika_cli.terminal import clipboard

    tool = clipboard.tool(context.env)
    _noted(context, "copied", entry, "to the clipboard")
    clipboard.put(tool, value)
    clipboard.clear_later(tool, value)
    seconds = int(clipboard.KEPT_FOR)
    emit(
        context.args,
        {**_json(entry), "copied": True, "cleared_after": seconds},
        [f"Copied {entry.key}; the clipboard is cleared in {seconds} seconds if it is still there."],
    )


def _noted(context: Context, what: str, entry: Listed, why: str) -> None:
    # before it leaves: whatever happens afterwards, it is known who asked
    record(context, what, entry.key, entry.scope, why)


def _json(entry: Listed) -> dict[str, Any]:
    return {"key": entry.key, "scope": entry.scope, "source": entry.source, "stored_at": entry.stored_at}


def _in_json(text: str, data: bytes) -> dict[str, str]:
    if text.isascii() or not any("\udc80" <= character <= "\udcff" for character in text):
        return {"value": text}
    return {"value_base64": base64.b64encode(data).decode()}


def _harmless(text: str) -> bool:
    return all(clean(line) == line for line in text.replace("\t", " ").replace("\r\n", "\n").split("\n"))
