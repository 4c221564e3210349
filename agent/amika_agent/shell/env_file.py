"""The env file: what new shells of this machine read and export. It exists only where a hook is installed.

API keys only. An OAuth token would be a frozen copy of what its owner renews, and ANTHROPIC_API_KEY beside a Claude
subscription login would switch Claude Code to metered billing: it is withheld unless a person allows it by name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amika_agent.shell import env_text, mark
from amika_agent.shell.folder import Folder, folder
from amika_agent.shell.turns import turn
from amika_agent.stores.private_file import write_private
from amika_local.credential import API_KEY, Credential, Problem
from amika_local.errors import AmikaError
from amika_local.providers import OAUTH_PREFIX, is_variable
from amika_local.quoting import fish, posix
from amika_local.regular_file import beginning
from amika_local.subscription import has_claude_login

if TYPE_CHECKING:
    from amika_local.discovery import Discovery

METERED = "ANTHROPIC_API_KEY"
# Linux starts no program while one variable holds more than 128 KiB, and `env_text.RECORD` holds all keys
ROOM = 65_536
LARGEST = 16 * ROOM  # bytes of an env file: quoted, and in fish twice
_NO_ROOM = "all keys together would be more than an environment can carry"


@dataclass(frozen=True)
class Choice:
    """What becomes of one credential in a shell.

    name      variable, or "" when it has none of its own
    exported  whether the hook exports it
    reason    why, for the person
    """

    name: str
    credential: Credential
    exported: bool
    reason: str


def choose(discovery: Discovery, allowed: Iterable[str], now: float) -> list[Choice]:
    """Return what the hook exports and what not, each with its reason; pure.

    Args:
        discovery: what this machine has.
        allowed: variables that the person allows by name.
        now: epoch seconds.

    """
    subscribed = has_claude_login(discovery)
    taken: set[str] = set()
    room = ROOM
    choices = []
    for credential in discovery.credentials:
        choice = _judge(credential, frozenset(allowed), now, taken, subscribed=subscribed)
        if choice.exported:
            size = len(f"{choice.name}={credential.value.reveal()}{env_text.SEPARATOR}".encode())
            if size > room:
                choice = Choice(choice.name, credential, exported=False, reason=_NO_ROOM)
            else:
                room -= size
                taken.add(choice.name)
        choices.append(choice)
    return choices


def _judge(credential: Credential, allowed: frozenset[str], now: float, taken: set[str], *, subscribed: bool) -> Choice:
    name = credential.native_name
    reason = ""
    if credential.kind != API_KEY or credential.value.reveal().startswith(OAUTH_PREFIX):
        reason = "a login: its owner renews it, a copy in a shell would go stale"
    elif not is_variable(name):
        reason = "its name is none that a shell accepts"
    elif not _is_carried(credential.value.reveal()):
        reason = "its value holds a character that no environment can carry"
    elif credential.expires_at is not None and credential.expires_at <= now:
        reason = "it has expired"
    elif name in taken:
        reason = "another source with a higher priority gives it"
    elif name == METERED and subscribed and name not in allowed:
        reason = "Claude Code is signed in with a subscription; the key would switch it to metered billing"
    if reason:
        return Choice(name, credential, exported=False, reason=reason)
    return Choice(name, credential, exported=True, reason=f"from {credential.source}")


def _is_carried(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a pair
        return False
    return not {"\0", *env_text.RESERVED} & set(value)


def template(name: str, shell: str, where: Folder) -> str:
    """Return the text `name` ("start" or "hook") of a shell for the files of `where`."""
    quote = fish if shell == "fish" else posix
    text = _template(name, shell)
    if name == "start":  # zsh takes a thousand instructions for each line's indentation
        text = re.sub(r"\n +", "\n", text)
    return text.replace("@FOLDER@", quote(where.path))


def _template(name: str, shell: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), f"{name}.{shell}"), encoding="utf-8") as file:
        return file.read()


def render(choices: Iterable[Choice], shell: str, where: Folder) -> str:
    """Return the content of the env file of `shell`; the same choices give the same text."""
    kept = [c for c in choices if c.exported]
    ends = min((int(c.credential.expires_at) for c in kept if c.credential.expires_at is not None), default=0)
    return _text([(c.name, c.credential.value.reveal()) for c in kept], shell, ends, where)


def _text(keys: list[env_text.Key], shell: str, ends: int, where: Folder) -> str:
    return env_text.write(keys, shell, ends, template("start", shell, where), where.path)


def is_current(where: Folder, shell: str, choices: Iterable[Choice]) -> bool:
    """Tell whether the env file of `shell` says what these choices say."""
    mark = (_content(where.env(shell)) or b"").partition(b"\n")[0]
    return mark == render(choices, shell, where).partition("\n")[0].encode("utf-8", "surrogateescape")


def update(data_dir: str, choices: Iterable[Choice], *, paused: bool = False) -> list[Problem]:
    """Write the env files of the installed hooks; equal files are not touched.

    While `paused` a file only loses the lines of what is not exported any more; nothing is added or changed.
    """
    where = folder(data_dir)
    choices = list(choices)
    problems = []
    for shell in where.installed():
        path = where.env(shell)
        try:
            with turn(where):
                if shell in where.installed():  # still
                    text = _without_the_revoked(shell, where, choices) if paused else render(choices, shell, where)
                    _set(where, shell, text)
        except (AmikaError, OSError) as error:
            remedy = error.remedy if isinstance(error, AmikaError) else "Make the folder writable for your user."
            problems.append(Problem("shell_env", f"cannot write {path}", source="shell", path=path, remedy=remedy))
    return problems


def _set(where: Folder, shell: str, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    try:
        if _content(where.env(shell)) != data:
            mark.clear(where, shell)  # from here on open shells look for themselves
            write_private(where.env(shell), data)
    finally:
        mark.renew(where, shell)


def _without_the_revoked(shell: str, where: Folder, choices: Iterable[Choice]) -> str:
    """Return the file as it is, without the variables that nothing exports now."""
    text = (_content(where.env(shell)) or b"").decode("utf-8", "surrogateescape")
    exported = {choice.name for choice in choices if choice.exported}
    before, ends = env_text.read(text, shell)
    after = [key for key in before if key[0] in exported]
    return text if after == before else _text(after, shell, ends, where)


def _content(path: str) -> bytes | None:
    try:
        return beginning(path, LARGEST)
    except OSError:
        return None
