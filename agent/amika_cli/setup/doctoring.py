"""The report of `amika doctor`: everything that helps to understand a fault, nothing that must not be shown."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amika_cli.folding import hung
from amika_cli.present import present
from amika_cli.render import table
from amika_cli.setup import holders
from amika_cli.setup.known_names import mask
from amika_cli.setup.masking import host
from amika_shared import BUILD
from amika_shared.settings_schema import defaults

if TYPE_CHECKING:
    from amika_cli.context import Context
    from amika_cli.setup.masking import Mask
    from amika_local.discovery import Discovery
    from amika_local.findings import Reading
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
    found = _discovery(context)
    held = holders.places(context)
    hide = mask(context, snapshot, found, [*_paths(context).values(), *(row["path"] for row in held)])
    return {
        "build": BUILD,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "bundled": bool(getattr(sys, "frozen", False)),
        "profile": context.profile.name,
        "amika_on_path": hide.path(shutil.which("amika") or "none"),
        "agent": {key: hide(value) if isinstance(value, str) else value for key, value in agent.items()},
        "accounts": _accounts(snapshot),
        "state": snapshot["state"],
        "variables_set": [name for name in VARIABLES if context.env.get(name)],
        "settings_changed": _settings(context, hide),
        "paths": {name: hide.path(path) for name, path in _paths(context).items()},
        "sources": [_source(reading, hide) for reading in found.readings if reading.state not in ("absent", "off")],
        "env_cache": {"state": snapshot["env_cache"]["state"], "entries": snapshot["env_cache"]["entries"]},
        "rules": [_rule(rule, hide) for rule in snapshot["rules"]],
        "pending": len(snapshot["pending"]),
        "problems": [_problem(problem, hide) for problem in snapshot["problems"]],
        "holds_values": [{**row, "path": hide.path(row["path"])} for row in held],
        "remarks": [hide(remark) for remark in _remarks(context)],
    }


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
    return "another one" if host(url) else "on this machine"


def _settings(context: Context, hide: Mask) -> dict[str, Any]:
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


def _discovery(context: Context) -> Discovery:
    from amika_local.discovery import discover

    return discover(
        context.profile.home,
        dict(context.env),
        now=context.clock.now(),
        confined=context.profile.confined,
        beyond=True,
    )


def _source(reading: Reading, hide: Mask) -> dict[str, str]:
    return {
        "source": reading.source,
        "state": reading.state,
        "provider": hide(reading.provider or ""),
        "path": hide.path(reading.path),
        "detail": hide(reading.detail or ""),
    }


def _rule(rule: Mapping[str, Any], hide: Mask) -> dict[str, Any]:
    told = {key: rule[key] for key in ("provider", "type", "scope", "state")}
    return {**told, "detail": hide(str(rule["detail"])), "pushed": rule["pushed_at"] is not None}


def _problem(problem: Mapping[str, Any], hide: Mask) -> dict[str, str]:
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


def lines(told: Mapping[str, Any], width: int | None = None) -> list[str]:
    """Return the report as text, nothing of it shortened; `width`: columns of the terminal, None without one."""
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
    text += ["", *table(("PATH", ""), list(told["paths"].items()), width=width, keep=(0,), below=(1,))]
    heads = ("SOURCE", "STATE", "PROVIDER", "PATH", "DETAIL")
    text += ["", *_rows(heads, told["sources"], "no sources were found", width, below=(3, 4))]
    text += ["", f"env cache: {told['env_cache']['state']}, {told['env_cache']['entries']} entries"]
    text += [
        f"rule: {r['provider']} {r['type']}, scope {r['scope']}: {r['state']} {r['detail']}".rstrip()
        for r in told["rules"]
    ]
    text += [f"open replacements: {told['pending']}"] if told["pending"] else []
    holding = ("HOLDS VALUES", "WHAT", "MODE", "REMARK")
    text += ["", *_rows(holding, told["holds_values"], "no place holds values", width, below=(1, 3))]
    text += ["", *(f"problem {p['code']} ({p['source']}): {p['message']}" for p in told["problems"])]
    return hung([*text, *(f"remark: {remark}" for remark in told["remarks"])], width)


def _rows(
    heads: tuple[str, ...], rows: list[dict[str, str]], empty: str, width: int | None, below: tuple[int, ...]
) -> list[str]:
    if not rows:
        return [empty]
    cells = [tuple(str(value) for value in row.values()) for row in rows]
    whole = tuple(i for i in range(len(heads)) if i not in below)
    return table(heads, cells, width=width, keep=whole, below=below)
