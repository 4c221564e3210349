"""What the commands of the vault share: opening it, its passphrase, the value that is stored, who asked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from amika_cli.files import read_stdin
from amika_cli.flags import Args, Flag
from amika_cli.render import note
from amika_local.errors import UsageError
from amika_local.secret import Secret

if TYPE_CHECKING:
    from amika_agent.stores.vault import Vault
    from amika_cli.context import Context

SCOPE = Flag("scope", "SCOPE", "workspace (default) or tenant", choices=("workspace", "tenant"))
EXACT = Flag("exact", "", "keep the line break at the end of a single line that comes on stdin")
_TRIES = 3


def scope_of(args: Args) -> str:
    """Return the scope that the flags choose."""
    return args.get("scope", "workspace")


def open_vault(context: Context) -> Vault:
    """Return the vault of the profile; nothing is read or asked before it is used."""
    from amika_agent.stores.vault import Vault, vault_path

    path = vault_path(context.profile.data_dir)
    return Vault(path, context.profile.name, context.clock, passphrase=Passphrases(context))


class Passphrases:
    """Gives the vault its passphrase: from AMIKA_VAULT_PASSPHRASE_FILE, else asked for on the terminal, once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._given: Secret | None = None

    def __call__(self, *, new: bool) -> Secret | None:
        """Return the passphrase, or None when there is no file and nobody to ask."""
        from amika_agent.stores.vault_passphrase import from_file

        if self._given is None:
            self._given = from_file(self._context.env, note) or self._asked(new=new)
        return self._given

    def _asked(self, *, new: bool) -> Secret | None:
        from amika_cli.terminal.terminal_input import ask_line, unseen

        if self._context.args.output != "text":
            return None
        if not new:
            answer = ask_line("Passphrase of the vault")
            return None if answer is None else Secret(answer)
        note("There is no keyring here, so the vault is sealed with a passphrase. Nobody can recover it for you.")
        with unseen():
            return _new_passphrase()


def _new_passphrase() -> Secret | None:
    from amika_cli.terminal.terminal_input import ask_line

    for _ in range(_TRIES):
        first = ask_line("New passphrase, at least 8 characters")
        if first is None:
            return None
        if len(first) < 8:
            note("That is shorter than 8 characters.")
        elif first != ask_line("The same again"):
            note("The two are not the same.")
        else:
            return Secret(first)
    raise UsageError("no passphrase was set", remedy="Run it again.")


def key_of(context: Context) -> str:
    """Return the KEY that was given.

    Raises:
        UsageError: it is no key, or a value was given with it: an argument is visible to every program.

    """
    from amika_agent.stores.vault import checked_key

    key, *more = context.args.words
    name, equals, _ = key.partition("=")
    if more or equals:
        shown = name if equals and name.isidentifier() and name.isupper() else "KEY"
        command = context.command(f"{context.args.command} {key if more and key.isidentifier() else shown}")
        stdin = " --stdin" if context.args.command == "creds set" else ""
        raise UsageError(
            "the value is no argument: every program of this machine could see it there",
            remedy=f"Type it when asked ({command}), or pass it on stdin: {command}{stdin} < FILE",
        )
    return checked_key(key)


def given_value(context: Context, key: str) -> Secret:
    """Return the value from stdin, or typed on a terminal and not shown.

    Raises:
        UsageError: nobody can be asked, or it is longer than 64 KiB. An empty one is refused by the vault.

    """
    from amika_cli.terminal.terminal_input import ask_value, stdin_is_terminal

    if not stdin_is_terminal():
        return _text(_from_stdin(exact=context.args.has("exact")))
    if not context.prompts.interactive:
        raise UsageError(f"this needs the value of {key}", remedy="Pass it on stdin, or run it in a terminal.")
    return _text(ask_value(f"Value of {key}"))


def record(context: Context, what: str, key: str, scope: str, why: str) -> None:
    """Note in the activity log what was done to a key, and which program asked for it."""
    from amika_agent.activity.caller import program
    from amika_agent.activity.log import ActivityLog

    log = ActivityLog(context.profile.activity_db, context.clock)
    caller = f"amika {context.args.command}, from {program(os.getppid())}"
    log.record(what, f"{key} ({scope})", why, caller=caller)
    log.close()
    if log.trouble:
        note(f"warning: {log.trouble}")


def _from_stdin(*, exact: bool) -> bytes:
    from amika_agent.stores.vault import MAX_VALUE

    data = read_stdin(MAX_VALUE + 3)
    return data if exact else _without_line_break(data)


def _without_line_break(data: bytes) -> bytes:
    """Return a single line of text without its line break: `echo` adds one that no token has.

    Several lines (a PEM file) and bytes that are no text stay exactly as they are.
    """
    line = data.removesuffix(b"\n").removesuffix(b"\r")
    try:
        single = line != data and line.decode().isprintable()
    except UnicodeDecodeError:
        return data
    if not single:
        return data
    note("The line break at the end was left off (--exact keeps it).")
    return line


def _text(data: bytes) -> Secret:
    return Secret(data.decode("utf-8", "surrogateescape"))
