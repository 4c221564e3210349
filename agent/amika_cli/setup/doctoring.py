"""The report of `amika doctor`: everything that helps to understand a fault, nothing that must not be shown."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from amika_cli.present import present
from amika_cli.render import table
from amika_cli.setup import holders
from amika_shared import BUILD
from amika_shared.redaction import safe_line
from amika_shared.settings_schema import defaults

if TYPE_CHECKING:
    from amika_cli.context import Context
    from amika_shared.snapshot import Snapshot

# only whether they are set: their values may be secrets or lead to them
VARIABLES = (
    "AMIKA_API_KEY",
    "AMIKA_API_URL",
    "AMIKA_STATE_DIRECTORY",
    "AMIKA_WORKOS_CLIENT_ID",
    "AMIKA_WORKOS_URL",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CONFIG_DIR",
    "CODEX_API_KEY",
    "CODEX_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "HTTPS_PROXY",
    "OPENAI_API_KEY",
    "SSL_CERT_FILE",
    "WAYLAND_DISPLAY",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
)
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "9p")


def report(context: Context) -> dict[str, Any]:
    """Return the report as JSON-able facts, every text redacted."""
    snapshot, agent = present(context)
    accounts = _accounts(snapshot)
    hide = _Hide(context, [a["email"] for a in snapshot["accounts"]] + [c["account"] for c in snapshot["credentials"]])
    return {
        "build": BUILD,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "bundled": bool(getattr(sys, "frozen", False)),
        "profile": context.profile.name,
        "amika_on_path": hide(shutil.which("amika") or "none"),
        "agent": {key: hide(value) if isinstance(value, str) else value for key, value in agent.items()},
        "accounts": accounts,
        "state": snapshot["state"],
        "variables_set": [name for name in VARIABLES if context.env.get(name)],
        "settings_changed": _settings(context, hide),
        "paths": {name: hide(path) for name, path in _paths(context).items()},
        "sources": [{key: hide(value) for key, value in row.items()} for row in _sources(context)],
        "env_cache": {"state": snapshot["env_cache"]["state"], "entries": snapshot["env_cache"]["entries"]},
        "rules": [_rule(rule, hide) for rule in snapshot["rules"]],
        "pending": len(snapshot["pending"]),
        "problems": [_problem(problem, hide) for problem in snapshot["problems"]],
        "holds_values": [{**row, "path": hide(row["path"])} for row in holders.places(context)],
        "remarks": [hide(remark) for remark in _remarks(context)],
    }


class _Hide:
    """Makes a text fit to be pasted: no secret, no e-mail address, ~ for the home."""

    def __init__(self, context: Context, people: Iterable[str]) -> None:
        self._people = sorted({person for person in people if person}, key=len, reverse=True)
        self._homes = sorted({context.profile.home, os.path.expanduser("~")}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for person in self._people:
            text = text.replace(person, "(account)")
        for home in self._homes:
            text = text.replace(home, "~") if len(home) > 1 else text
        return safe_line(_without_addresses(text))


def _without_addresses(text: str) -> str:
    return " ".join("(account)" if "@" in word and "." in word.partition("@")[2] else word for word in text.split(" "))


def _accounts(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [
        {
            "service": account["service"],
            "signed_in": account["signed_in"],
            "method": account["method"],
            "has_organization": bool(account["org_id"]),
            "expires_at": account["expires_at"],
            "storage": account["storage"],
            "server": _server(account["api_url"]),
        }
        for account in snapshot["accounts"]
    ]


def _server(url: str) -> str:
    if not url:
        return "not known"
    if url == "https://app.amika.dev":
        return "Amika's own"
    return "on this machine" if "127.0.0.1" in url or "localhost" in url else "another one"


def _settings(context: Context, hide: _Hide) -> dict[str, Any]:
    usual = defaults(context.profile.name)
    changed = {key: value for key, value in context.settings.values.items() if value != usual[key]}
    # addresses of servers and proxies belong to the person's company: only that they are set
    return {
        key: "(set)" if key.startswith(("account.", "network.")) else hide(str(value)) for key, value in changed.items()
    }


def _paths(context: Context) -> dict[str, str]:
    profile = context.profile
    return {
        "settings": profile.settings_file,
        "data": profile.data_dir,
        "state": profile.state_dir,
        "runtime": profile.runtime_dir,
        "session": profile.amika_state_dir,
        "env_cache": profile.env_cache,
    }


def _sources(context: Context) -> list[dict[str, str]]:
    from amika_local.discovery import discover

    found = discover(
        context.profile.home,
        dict(context.env),
        now=context.clock.now(),
        confined=context.profile.confined,
        beyond=True,
    )
    return [
        {"source": r.source, "state": r.state, "provider": r.provider or "", "path": r.path, "detail": r.detail or ""}
        for r in found.readings
        if r.state not in ("absent", "off")
    ]


def _rule(rule: Mapping[str, Any], hide: _Hide) -> dict[str, Any]:
    told = {key: rule[key] for key in ("provider", "type", "scope", "state")}
    return {**told, "detail": hide(str(rule["detail"])), "pushed": rule["pushed_at"] is not None}


def _problem(problem: Mapping[str, Any], hide: _Hide) -> dict[str, str]:
    return {key: hide(str(problem[key])) for key in ("code", "source", "message", "remedy")}


def _remarks(context: Context) -> list[str]:
    remarks = []
    kind = holders.file_system(context.profile.amika_state_dir)
    if kind in _NETWORK:
        remarks.append(
            f"the session lies on a network file system ({kind}); two machines that use it at the same time are kept "
            "apart by its locks only as well as it keeps them"
        )
    if context.env.get("AMIKA_API_KEY"):
        remarks.append("AMIKA_API_KEY is set and is used before every other login")
    return remarks


def lines(told: Mapping[str, Any]) -> list[str]:
    """Return the report as text."""
    agent = told["agent"]
    running = "running" if agent["running"] else "not running"
    text = [
        f"amika {told['build']}, Python {told['python']}, {told['system']}" + (", bundled" if told["bundled"] else ""),
        f"profile {told['profile']}, state {told['state']}, amika on PATH: {told['amika_on_path']}",
        f"agent {running}" + (f" ({agent['reason']})" if agent["reason"] else ""),
    ]
    for account in told["accounts"]:
        state = "signed in" if account["signed_in"] else "signed out"
        text.append(f"{account['service']}: {state}, {account['method']}, server: {account['server']}")
    text.append(f"variables set: {', '.join(told['variables_set']) or 'none that matter'}")
    text += [f"setting {key} = {value}" for key, value in told["settings_changed"].items()]
    text += ["", *table(("PATH", ""), list(told["paths"].items()))]
    text += ["", *_rows(("SOURCE", "STATE", "PROVIDER", "PATH", "DETAIL"), told["sources"], "no sources were found")]
    text += ["", f"env cache: {told['env_cache']['state']}, {told['env_cache']['entries']} entries"]
    text += [
        f"rule: {r['provider']} {r['type']}, scope {r['scope']}: {r['state']} {r['detail']}".rstrip()
        for r in told["rules"]
    ]
    text += [f"open replacements: {told['pending']}"] if told["pending"] else []
    text += ["", *_rows(("HOLDS VALUES", "WHAT", "MODE", "REMARK"), told["holds_values"], "no place holds values")]
    text += ["", *(f"problem {p['code']} ({p['source']}): {p['message']}" for p in told["problems"])]
    return [*text, *(f"remark: {remark}" for remark in told["remarks"])]


def _rows(heads: tuple[str, ...], rows: list[dict[str, str]], empty: str) -> list[str]:
    return table(heads, [tuple(str(value) for value in row.values()) for row in rows]) if rows else [empty]
