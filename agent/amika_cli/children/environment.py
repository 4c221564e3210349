"""What `amika run` puts into a child's environment, and why something is left out. Pure.

1. Native names only: an OAuth token never stands under the name of an API key.
2. ANTHROPIC_API_KEY is withheld beside a Claude subscription login: it would switch to metered billing.
3. What the person has set in the environment stays, unless --only names it.
4. Claude Code itself reads its own login and renews it: it gets no frozen copy of the token.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amika_cli.children.project import Project
from amika_local.credential import API_KEY, OAUTH, Credential
from amika_local.errors import NotFound
from amika_local.providers import is_variable, variables
from amika_local.secret import Secret
from amika_local.subscription import LOGINS, has_claude_login

if TYPE_CHECKING:
    from amika_local.discovery import Discovery

METERED = "ANTHROPIC_API_KEY"
CLAUDE_TOKEN = "CLAUDE_CODE_OAUTH_TOKEN"  # noqa: S105 -- the name of a variable


@dataclass
class Child:
    """What the child gets: `variables` to set, and `remarks` for the person about what it does not get."""

    variables: dict[str, Secret] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def for_child(
    discovery: Discovery,
    env: Mapping[str, str],
    command: Sequence[str],
    only: Sequence[str],
    project: Project | None = None,
    vault: Callable[[str], Secret | None] = lambda _name: None,
) -> Child:
    """Return what a child gets.

    Args:
        discovery: what this machine has.
        env: the environment that the child inherits.
        command: program and arguments.
        only: names that the person asked for; empty for all.
        project: an allowed project file, whose variables are filled too.
        vault: what the vault has under a name that is no credential's.

    Raises:
        NotFound: a name of `only` is nobody's here.

    """
    child = Child()
    subscribed = has_claude_login(discovery)
    offered = _offered(discovery, subscribed=subscribed)
    known = {**_aliases(discovery), **offered}
    for name in only or offered:
        credential = known.get(name)
        if credential is None:
            continue
        reason = "" if name in only else _withheld(name, credential, env, command, subscribed=subscribed)
        if reason:
            child.remarks.append(reason)
        else:
            child.variables[name] = credential.value
    _fill_project(project, known, env, only, child, vault)
    _complain_about_missing(only, child, discovery)
    return child


def _offered(discovery: Discovery, *, subscribed: bool) -> dict[str, Credential]:
    """Return variable → credential: for each name the first in order of priority, winners first."""
    offered: dict[str, Credential] = {}
    for credential in [*discovery.winners.values(), *_logins(discovery, subscribed=subscribed)]:
        for name in _names(credential):
            offered.setdefault(name, credential)
    return offered


def _logins(discovery: Discovery, *, subscribed: bool) -> Iterable[Credential]:
    return [c for c in discovery.credentials if subscribed and c.source in LOGINS]


def _names(credential: Credential) -> list[str]:
    names = [credential.native_name] if credential.native_name else []
    return [name for name in names if is_variable(name) and "\0" not in credential.value.reveal()]


def _aliases(discovery: Discovery) -> dict[str, Credential]:
    """Return the other documented names of API keys (CODEX_API_KEY …): passed only when they are named."""
    keys = [(p, c) for p, c in discovery.winners.items() if c.kind == API_KEY and _names(c)]
    return {name: credential for provider, credential in keys for name in variables(provider) if is_variable(name)}


def _withheld(
    name: str, credential: Credential, env: Mapping[str, str], command: Sequence[str], *, subscribed: bool
) -> str:
    if name == METERED and subscribed:
        return f"{name} is withheld: Claude Code is signed in with a subscription here (--only {name} passes it)"
    if name == CLAUDE_TOKEN and subscribed and os.path.basename(command[0]) == "claude":
        return f"{name} is withheld: claude renews its own login, a copy would go stale (--only {name} passes it)"
    if name in env and env[name] != credential.value.reveal():
        return f"{name} is set in the environment already and was kept (--only {name} replaces it)"
    return ""


def _fill_project(
    project: Project | None,
    known: Mapping[str, Credential],
    env: Mapping[str, str],
    only: Sequence[str],
    child: Child,
    vault: Callable[[str], Secret | None],
) -> None:
    for variable, secret in (project.secrets if project else {}).items():
        if only and variable not in only:
            continue
        if secret in known:
            child.variables[variable] = known[secret].value
        elif kept := vault(secret):
            child.variables[variable] = kept
        elif variable not in env:
            child.remarks.append(f"{variable} is not set: there is no {secret} on this machine or in the vault")


def _complain_about_missing(only: Sequence[str], child: Child, discovery: Discovery) -> None:
    for name in only:
        if name in child.variables:
            continue
        tokens = [c for p, c in discovery.winners.items() if c.kind == OAUTH and name in variables(p)]
        if tokens:
            own = f" Its own name is {tokens[0].native_name}." if tokens[0].native_name else ""
            hint = f"There is an OAuth token ({tokens[0].source}), which is no API key.{own}"
            raise NotFound(f"there is no key for {name} on this machine", remedy=hint)
        raise NotFound(f"{name} was not found on this machine", remedy="`amika secret extract` shows what is.")
