"""The env file: what the shell hook of this machine exports. It exists only where a hook is installed.

API keys only. An OAuth token would be a frozen copy of what its owner renews, and ANTHROPIC_API_KEY beside a Claude
subscription login would switch Claude Code to metered billing: it is withheld unless a person allows it by name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amika_agent.shell import env_text
from amika_agent.stores.private_file import write_private
from amika_local.credential import API_KEY, Credential, Problem
from amika_local.errors import AmikaError
from amika_local.providers import is_variable
from amika_local.subscription import has_claude_login

if TYPE_CHECKING:
    from amika_local.discovery import Discovery

SHELLS = ("bash", "zsh", "fish")
METERED = "ANTHROPIC_API_KEY"


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


@dataclass(frozen=True)
class Folder:
    """The files of one profile: a hook for each shell that wants one, and the env files they read."""

    path: str

    def hook(self, shell: str) -> str:
        """Return the hook file of a shell; it exists where the hook is installed."""
        return os.path.join(self.path, f"hook.{shell}")

    def rest(self, shell: str) -> str:
        """Return what a shell's hook reads when a key changes."""
        return os.path.join(self.path, f"rest.{shell}")

    def env(self, shell: str) -> str:
        """Return the env file that a shell's hook reads."""
        return os.path.join(self.path, "env.fish" if shell == "fish" else "env.sh")

    def installed(self) -> list[str]:
        """Return the shells that have a hook."""
        return [shell for shell in SHELLS if os.path.isfile(self.hook(shell))]


def folder(data_dir: str) -> Folder:
    """Return the hook folder of a profile's data directory."""
    return Folder(os.path.join(data_dir, "shell"))


def choose(discovery: Discovery, allowed: Iterable[str], now: float) -> list[Choice]:
    """Return what the hook exports and what not, each with its reason; pure.

    Args:
        discovery: what this machine has.
        allowed: variables that the person allows by name.
        now: epoch seconds.

    """
    subscribed = has_claude_login(discovery)
    taken: set[str] = set()
    choices = []
    for credential in discovery.credentials:
        choice = _judge(credential, frozenset(allowed), now, taken, subscribed=subscribed)
        if choice.exported:
            taken.add(choice.name)
        choices.append(choice)
    return choices


def _judge(credential: Credential, allowed: frozenset[str], now: float, taken: set[str], *, subscribed: bool) -> Choice:
    name = credential.native_name
    reason = ""
    if credential.kind != API_KEY:
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
    return not {"\0", env_text.SEPARATOR} & set(value)


def render(choices: Iterable[Choice], shell: str) -> str:
    """Return the content of the env file of `shell`; the same choices give the same text."""
    kept = [c for c in choices if c.exported]
    ends = min((int(c.credential.expires_at) for c in kept if c.credential.expires_at is not None), default=0)
    return env_text.write(((c.name, c.credential.value.reveal()) for c in kept), shell, ends)


def update(data_dir: str, choices: Iterable[Choice], *, paused: bool = False) -> list[Problem]:
    """Write the env files of the installed hooks, and remove those that no hook reads; equal files are not touched.

    While `paused` a file only loses the lines of what is not exported any more; nothing is added or changed.
    """
    where = folder(data_dir)
    shells = where.installed()
    choices = list(choices)
    problems = []
    wanted = {where.env(shell): render(choices, shell) for shell in shells}
    for path in (where.env("bash"), where.env("fish")):
        try:
            text = wanted.get(path)
            shell = "fish" if path == where.env("fish") else "posix"
            _set(path, _without_the_revoked(path, shell, choices) if paused and text is not None else text)
        except (AmikaError, OSError) as error:
            remedy = error.remedy if isinstance(error, AmikaError) else "Make the folder writable for your user."
            problems.append(Problem("shell_env", f"cannot write {path}", source="shell", path=path, remedy=remedy))
    return problems


def _set(path: str, text: str | None) -> None:
    if text is None:
        if os.path.lexists(path):
            os.unlink(path)
        return
    data = text.encode("utf-8", "surrogateescape")
    if _content(path) != data:
        write_private(path, data)


def _without_the_revoked(path: str, shell: str, choices: Iterable[Choice]) -> str | None:
    """Return the file as it is, without the variables that nothing exports now; None when there is no file."""
    data = _content(path)
    if data is None:
        return None
    text = data.decode("utf-8", "surrogateescape")
    exported = {choice.name for choice in choices if choice.exported}
    before, ends = env_text.read(text, shell)
    after = [key for key in before if key[0] in exported]
    return text if after == before else env_text.write(after, shell, ends)


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
