"""What this machine knows to be somebody's: people, organizations, servers, secrets and folders, for the mask."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from amika_agent.sync.facts_reader import called
from amika_cli.setup.masking import ACCOUNT, KNOWN_PROVIDERS, MACHINE, NAME, ORGANIZATION, PROVIDER, SERVER, Mask, host
from amika_local.document import DocumentError, parse_object
from amika_local.errors import AmikaError
from amika_local.regular_file import read
from amika_shared.profile import resolve
from amika_shared.settings_schema import SCHEMA

if TYPE_CHECKING:
    from amika_cli.context import Context
    from amika_local.discovery import Discovery
    from amika_shared.snapshot import Snapshot

# folders that a variable chooses: their paths say nothing about the program, the variable does
_FOLDERS = (
    "AMIKA_STATE_DIRECTORY",
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "TMPDIR",
)
_ADDRESSES = ("_URL", "_PROXY")

Names = Iterator[tuple[str, str]]


def mask(context: Context, snapshot: Snapshot, discovery: Discovery, paths: Iterable[str]) -> Mask:
    """Return the mask of this machine for a report; `paths` are files that its texts may name."""
    home = context.profile.home
    homes = {home, os.path.expanduser("~"), os.path.realpath(home)}
    moved = {os.path.normpath(context.env[name]): f"${name}" for name in _FOLDERS if context.env.get(name)}
    outside = {path: label for path, label in moved.items() if not any(_within(path, one) for one in homes)}
    names = dict(
        (*_of_snapshot(snapshot), *_of_discovery(discovery), *_of_logins(context), *_of_rules(context),
         *_of_servers(context))
    )  # fmt: skip
    problems = [problem["path"] for problem in snapshot["problems"]]
    sources = [credential["path"] for credential in snapshot["credentials"]]
    found = [reading.path for reading in discovery.readings]
    return Mask(
        {**outside, **dict.fromkeys(homes, "~")},
        {name: label for name, label in names.items() if name},
        [*paths, *problems, *sources, *found],
        _users(context.env, homes),
        [setting.key for setting in SCHEMA],
    )


def _users(env: Mapping[str, str], homes: Iterable[str]) -> set[str]:
    said = {env.get(name, "") for name in ("USER", "LOGNAME", "USERNAME")}
    return {name for name in (*said, *map(os.path.basename, homes)) if name not in ("", "root", "home", "tmp")}


def _of_snapshot(snapshot: Snapshot) -> Names:
    for account in snapshot["accounts"]:
        yield account["email"], ACCOUNT
        yield account["user_id"], ACCOUNT
        yield account["org_id"], ORGANIZATION
        yield account["organization"], ORGANIZATION
        yield host(account["api_url"]), SERVER
    for credential in snapshot["credentials"]:
        yield credential["account"], ACCOUNT
        if credential["provider"] not in KNOWN_PROVIDERS:
            yield credential["provider"], PROVIDER
            yield credential["env_name"], PROVIDER
    for rule in snapshot["rules"]:
        yield rule["name"], NAME


def _of_discovery(discovery: Discovery) -> Names:
    for reading in discovery.readings:
        if reading.provider not in KNOWN_PROVIDERS:
            yield reading.provider, PROVIDER
        if reading.credential is not None:
            yield reading.credential.account or "", ACCOUNT


def _of_logins(context: Context) -> Names:
    yield platform.node(), MACHINE
    for local in (False, True):
        folder = resolve(context.env, local=local).amika_state_dir
        notes = read(os.path.join(folder, ".session.meta"), "amika", limit=1 << 20)
        if isinstance(notes, bytes):
            with contextlib.suppress(DocumentError):
                organizations = parse_object(notes).get("organizations")
                for text in _texts(organizations):
                    yield text, ORGANIZATION


def _texts(organizations: object) -> Iterator[str]:
    for pair in organizations.items() if isinstance(organizations, dict) else ():
        yield from (str(text) for text in pair)


def _of_rules(context: Context) -> Names:
    """Yield the accounts that ever had rules here, and whose credentials and secrets these are."""
    if not os.path.exists(context.profile.sync_db):
        return
    with contextlib.suppress(AmikaError):
        for account in context.db.accounts():
            url, user, organization = (*account.split("\n"), "", "")[:3]
            yield from ((host(url), SERVER), (user, ACCOUNT), (organization, ORGANIZATION))
            person, _, name = (context.db.meta(called(account)) or "").partition(", ")
            yield from ((person, ACCOUNT), (name, ORGANIZATION))
            for rule in context.db.rules(account):
                yield from ((rule.name, NAME), (rule.source_account or "", ACCOUNT))
                if rule.provider == "generic":
                    yield rule.id, "RULE"


def _of_servers(context: Context) -> Names:
    for name, value in context.env.items():
        if name.upper().endswith(_ADDRESSES):
            yield host(value if "://" in value else f"//{value}"), SERVER
    for key, setting in context.settings.values.items():
        if key.startswith(("account.", "network.")):
            yield host(str(setting)), SERVER


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
