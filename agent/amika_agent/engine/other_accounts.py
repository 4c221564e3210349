"""Who is signed in at the services beside Amika, and what is wrong with a login there: from files and environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from amika_agent.accounts.almyty_notes import noted, notes_path
from amika_local import rfc3339
from amika_local.akos_file import akos_identity, session_path
from amika_local.almyty_file import SIGN_IN, almyty_dir, almyty_identity, credentials_path
from amika_local.credential import Problem

if TYPE_CHECKING:
    from amika_shared.profile import Profile

OLD_KEY = "old_key"
SOON = 3 * 24 * 3600.0  # an almyty key is not renewed by anybody: said in time to make another
_VARIABLES = ("AMIKA_", "ALMYTY_", "AKOS_", "AGENTSKIT_")
# what is wrong with a login -> the code of the problem that is shown
_CODES = {"corrupt": "malformed", "rejected": "expired"}


def own_environment(profile: Profile, env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment as far as it is about this profile: the local workspace is an account of its own."""
    return {k: v for k, v in env.items() if profile.name != "local" or not k.startswith(_VARIABLES)}


def almyty_folder(profile: Profile) -> str:
    """Return the folder of almyty's files: the one that all its programs share, for the local workspace one of ours."""
    if profile.name == "local":
        return os.path.join(profile.data_dir, "almyty")
    return almyty_dir(os.path.expanduser("~"))


def read(profile: Profile, env: Mapping[str, str], now: float) -> tuple[tuple[Mapping[str, Any], ...], list[Problem]]:
    """Return (one account for each service that has a login here, what is wrong with those logins).

    Args:
        profile: whose.
        env: of `own_environment`.
        now: epoch seconds.

    """
    accounts, problems = [], []
    folder = almyty_folder(profile)
    if env.get("ALMYTY_TOKEN", "").strip() or os.path.lexists(credentials_path(folder)):
        who = almyty_identity(dict(env), folder, now)
        accounts.append(_account("almyty", who, org_id=who["org_id"], organization=who["organization"]))
        problems += _problems("almyty", who, _ends_soon(who, now))
        problems += _old_keys(folder)
    who = akos_identity(dict(env), profile.data_dir, now)
    if who["authenticated"] or os.path.lexists(session_path(profile.data_dir)):
        names = {"user_id": who["user_id"], "org_id": who["tenant_id"], "organization": who["tenant_name"]}
        accounts.append(_account("akos", who, **names))
        problems += _problems("akos", who, soon=False)
    return tuple(accounts), problems


def next_turn(accounts: Iterable[Mapping[str, Any]], now: float) -> float | None:
    """Return when (epoch seconds) there is something new to say of one of these logins although no file changes."""
    ends = [(str(one["service"]), float(one["expires_at"])) for one in accounts if one["expires_at"] is not None]
    turns = [end + 1.0 for _, end in ends] + [end - SOON for service, end in ends if service == "almyty"]
    return min((at for at in turns if at > now), default=None)


def _old_keys(folder: str) -> list[Problem]:
    """Return what could not be ended of the keys that earlier sign-ins left; what nobody has tried is no problem."""
    again = "Delete it in almyty's settings. Signing in or out ends this reminder."
    remedies = {True: again, False: "It is tried again by itself; or delete it in almyty's settings."}
    return [
        Problem(OLD_KEY, key.told, source="almyty", path=notes_path(folder), remedy=remedies[key.final])
        for key in noted(folder)
        if key.why
    ]


def _ends_soon(who: Mapping[str, Any], now: float) -> bool:
    end = rfc3339.parse(str(who["expires_at"]))
    return who["authenticated"] is True and end is not None and end - now <= SOON


def _problems(service: str, who: Mapping[str, Any], soon: bool) -> list[Problem]:  # noqa: FBT001
    path = str(who["path"])
    if soon:
        reason, remedy = f"the almyty login ends on {who['expires_at']}", f"Sign in again: {SIGN_IN}"
        return [Problem("expires_soon", reason, source=service, path=path, remedy=remedy)]
    if not who["problem"]:
        return []
    code = _CODES.get(str(who["problem"]), str(who["problem"]))
    return [Problem(code, str(who["reason"]), source=service, path=path, remedy=str(who["remedy"]))]


def _account(service: str, who: Mapping[str, Any], **names: object) -> dict[str, Any]:
    at = who["expires_at"]
    # a token of the environment: there is nothing here to sign out of, which is how "env_api_key" is shown
    method = {"env_token": "env_api_key", "file": "stored_api_key"}.get(str(who["method"]), who["method"])
    return {
        "service": service,
        "signed_in": who["authenticated"] is True,
        "method": method,
        "email": who["email"],
        "user_id": "",
        "org_id": "",
        "organization": "",
        "api_url": who["url"],
        "expires_at": rfc3339.parse(at) if isinstance(at, str) and at else None,
        "storage": who["storage"],
        **names,
    }
