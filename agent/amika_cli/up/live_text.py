"""What changed between two snapshots, as lines for a person who watches. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amika_cli.render import until
from amika_cli.status_text import STATES, shortened, within

if TYPE_CHECKING:
    from collections.abc import Callable

    from amika_shared.snapshot import CredentialLine, Snapshot


def changes(before: Snapshot, after: Snapshot, now: float, short: Callable[[str], str]) -> list[str]:
    """Return one line for each thing that changed, in the order in which things happen."""
    return [
        *_accounts(before, after),
        *_credentials(before, after, now, short),
        *_env_cache(before, after, short),
        *_pushes(before, after, short),
        *_problems(before, after, short),
    ]


def summary(snapshot: Snapshot) -> str:
    """Return one line about the present state."""
    used = sum(1 for line in snapshot["credentials"] if line["used"])
    pushed = sum(1 for rule in snapshot["rules"] if rule["state"] == "in_sync")
    cached = snapshot["env_cache"]["entries"]
    parts = [STATES[snapshot["state"]], f"{used} found", f"{cached} cached", f"{pushed} pushed"]
    if snapshot["problems"]:
        parts.append("1 problem" if len(snapshot["problems"]) == 1 else f"{len(snapshot['problems'])} problems")
    return " · ".join(parts)


def _accounts(before: Snapshot, after: Snapshot) -> list[str]:
    old, new = _who(before), _who(after)
    if new and new != old:
        return [f"signed in as {new}"]
    return ["signed out"] if old and not new else []


def _who(snapshot: Snapshot) -> str:
    for account in snapshot["accounts"]:
        if account["signed_in"]:
            who = account["email"] or account["user_id"] or "somebody"
            organization = account["organization"] or account["org_id"]
            return f"{who} ({organization})" if organization else who
    return ""


def _credentials(before: Snapshot, after: Snapshot, now: float, short: Callable[[str], str]) -> list[str]:
    old = {line["id"]: line for line in before["credentials"]}
    new = {line["id"]: line for line in after["credentials"]}
    lines = []
    for key, line in new.items():
        if key not in old:
            lines.append(f"found {_what(line, now)}: {short(line['path'])}")
        elif old[key]["expires_at"] != line["expires_at"]:
            lines.append(f"renewed by its owner: {_what(line, now)}")
        elif old[key]["path"] != line["path"] or old[key]["account"] != line["account"]:
            lines.append(f"changed: {_what(line, now)}: {short(line['path'])}")
    return lines + [
        f"gone: {line['provider']} from {short(line['path'])}" for key, line in old.items() if key not in new
    ]


def _what(line: CredentialLine, now: float) -> str:
    name = f"{line['provider']} {'API key' if line['kind'] == 'api_key' else 'OAuth token'}"
    ends = until(line["expires_at"], now)
    return f"{name} ({ends if ends.startswith('expired') else 'expires ' + ends})" if ends else name


def _env_cache(before: Snapshot, after: Snapshot, short: Callable[[str], str]) -> list[str]:
    old, new = before["env_cache"], after["env_cache"]
    if new["written_at"] is None or new["written_at"] == old["written_at"]:
        return []
    count = "1 entry" if new["entries"] == 1 else f"{new['entries']} entries"
    return [f"cached {count}: {short(new['path'])}"]


def _pushes(before: Snapshot, after: Snapshot, short: Callable[[str], str]) -> list[str]:
    old = {rule["id"]: rule for rule in before["rules"]}
    lines = []
    for rule in after["rules"]:
        earlier = old.get(rule["id"])
        pushed = rule["pushed_at"] is not None and (earlier is None or earlier["pushed_at"] != rule["pushed_at"])
        if pushed:
            lines.append(f"pushed “{rule['name']}” ({rule['provider']}, scope {rule['scope']})")
        elif earlier is not None and earlier["state"] != rule["state"] and rule["state"] != "in_sync":
            lines.append(f"“{rule['name']}”: {within(rule['detail'] or rule['state'], short)}")
    kept = {rule["id"] for rule in after["rules"]}
    return lines + [f"no longer kept in sync: “{rule['name']}”" for key, rule in old.items() if key not in kept]


def _problems(before: Snapshot, after: Snapshot, short: Callable[[str], str]) -> list[str]:
    old = {(p["code"], p["source"], p["message"]): p for p in before["problems"]}
    new = {(p["code"], p["source"], p["message"]): p for p in after["problems"]}
    lines = []
    for key, problem in new.items():
        if key not in old:
            told = shortened(problem["message"], problem["path"], short)
            lines.append(f"problem: {told}" + (f" → {problem['remedy']}" if problem["remedy"] else ""))
    solved = [problem for key, problem in old.items() if key not in new]
    return lines + [f"solved: {shortened(p['message'], p['path'], short)}" for p in solved]
