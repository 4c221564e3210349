"""A snapshot as text for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from amika_cli.render import ago, span, table, until

if TYPE_CHECKING:
    from amika_shared.snapshot import Account, CredentialLine, ProblemLine, RuleLine, Snapshot

STATES = {
    "signed_out": "signed out",
    "in_sync": "in sync",
    "working": "working",
    "attention": "needs attention",
    "offline": "offline; work waits until the network is back",
    "paused": "paused",
    "problem": "has a problem",
}
SYNC = {
    "in_sync": "in sync",
    "pending": "waiting",
    "not_pushed": "",
    "problem": "problem",
    "paused": "paused",
    "parked": "parked",
    "expired": "expired",
}
METHODS = {"session": "signed in", "env_api_key": "AMIKA_API_KEY", "stored_api_key": "stored API key"}
OTHERS = {"almyty": "almyty", "akos": "AKOS"}
Short = Callable[[str], str]


def status_lines(snapshot: Snapshot, agent: str, now: float, short: Short, width: int | None = None) -> list[str]:
    """Return the page of `amika status`.

    Args:
        snapshot: the facts.
        agent: one line about the agent.
        now: epoch seconds.
        short: shortens a path.
        width: columns of the terminal, or None.

    """
    lines = [*_accounts(snapshot["accounts"], now), f"Agent      {agent}"]
    if snapshot["state"] == "paused":
        end = snapshot["paused_until"]
        lines.append("Paused     " + ("until resumed" if end is None else f"for another {span(max(0.0, end - now))}"))
    lines += ["", *credential_lines(snapshot["credentials"], now, short, width), *_more(snapshot, "credentials")]
    lines += ["", _env_cache(snapshot, now, short)]
    if snapshot["rules"]:
        lines += ["", *rule_lines(snapshot["rules"], now, short, width), *_more(snapshot, "rules")]
    for pending in snapshot["pending"]:
        since = f", since {ago(pending['since'], now)}" if pending["since"] else ""
        lines.append(f"Waiting    {pending['rule']}: {pending['step']}{since}")
    if snapshot["problems"]:
        lines += ["", "Problems", *problem_lines(snapshot["problems"], short), *_more(snapshot, "problems")]
    return lines


def _more(snapshot: Snapshot, name: str) -> list[str]:
    count = snapshot["left_out"].get(name, 0)
    return [f"… and {count} more, which the agent leaves out of one answer"] if count else []


def account_line(account: Account, now: float) -> str:
    """Return who is signed in, how, and until when."""
    if not account["signed_in"]:
        return "nobody is signed in"
    who = account["email"] or account["user_id"] or "somebody"
    organization = account["organization"] or account["org_id"]
    method = METHODS.get(account["method"], account["method"])
    if account["method"] == "env_api_key" and account["service"] in OTHERS:
        method = "a token of the environment"
    parts = [who, organization, method]
    if account["expires_at"] is not None and account["method"] != "session":
        ends = until(account["expires_at"], now)
        parts.append(f"ends {ends}" if ends.startswith("in ") else ends)
    elif account["expires_at"] is not None:
        # the agent and every command renew it: what ends is this token, not the login
        ended = account["expires_at"] <= now
        distance = span(abs(account["expires_at"] - now))
        parts.append("to be renewed" if ended else f"renewed within {distance}")
    return " · ".join(part for part in parts if part)


def _accounts(accounts: Sequence[Account], now: float) -> list[str]:
    if not accounts:
        return ["Amika      nobody is signed in (amika auth login)"]
    lines = []
    for account in accounts:
        name = OTHERS.get(account["service"], "Amika")
        hint = "" if account["signed_in"] else f" (amika auth login {account['service']})".replace(" amika)", ")")
        lines.append(f"{name:<10} {account_line(account, now)}{hint}")
        if account["signed_in"] and account["api_url"]:
            lines.append(f"{'':<10} at {account['api_url']}")
    return lines


def credential_lines(
    credentials: Sequence[CredentialLine], now: float, short: Short, width: int | None = None
) -> list[str]:
    """Return the table of credentials; those that another one outranks say so."""
    if not credentials:
        return ["No credentials were found. Sign in to a coding agent (Claude Code, Codex …) and look again."]
    rows = []
    for line in credentials:
        state = SYNC.get(line["sync"]["state"], line["sync"]["state"])
        if line["sync"]["remote_name"] and state:
            state += f": {line['sync']['remote_name']}"
        if not line["used"] and line["shadowed_by"]:
            state = state or f"outranked by {line['shadowed_by'].partition('/')[0]}"
        rows.append((line["provider"], line["kind"], until(line["expires_at"], now), state, short(line["path"])))
    return table(("CREDENTIAL", "KIND", "EXPIRES", "REMOTE", "FILE"), rows, width=width, keep=(0, 1, 2))


def _env_cache(snapshot: Snapshot, now: float, short: Short) -> str:
    cache = snapshot["env_cache"]
    if cache["state"] == "off":
        return "Env cache  off"
    count = "1 entry" if cache["entries"] == 1 else f"{cache['entries']} entries"
    written = f", written {ago(cache['written_at'], now)}" if cache["written_at"] is not None else ""
    return f"Env cache  {cache['state']}: {count}{written}: {short(cache['path'])}"


def rule_lines(rules: Sequence[RuleLine], now: float, short: Short, width: int | None = None) -> list[str]:
    """Return the table of push rules."""
    rows = []
    for rule in rules:
        state = SYNC.get(rule["state"], rule["state"])
        pushed = f", pushed {ago(rule['pushed_at'], now)}" if rule["pushed_at"] is not None else ""
        detail = f": {within(rule['detail'], short)}" if rule["detail"] and rule["state"] != "in_sync" else ""
        rows.append((rule["id"], rule["provider"], rule["name"], rule["scope"], state + pushed + detail))
    return table(("RULE", "KIND", "SECRET", "SCOPE", "STATE"), rows, width=width, keep=(0, 3))


def problem_lines(problems: Sequence[ProblemLine], short: Short) -> list[str]:
    """Return each problem with what to do about it below."""
    lines = []
    for problem in {(p["message"], p["remedy"]): p for p in problems}.values():
        lines.append(f"  {shortened(problem['message'], problem['path'], short)}")
        if problem["remedy"]:
            lines.append(f"    → {shortened(problem['remedy'], problem['path'], short)}")
    return lines


def ours(snapshot: Snapshot) -> list[str]:
    """Return what went wrong with our own work; a bad source is its owner's, and costs that source only."""
    found = [p["message"] for p in snapshot["problems"] if p["source"] == "amika" or p["code"] == "sync_db"]
    if snapshot["env_cache"]["state"] in ("problem", "behind"):  # behind without a problem: paused, or being written
        found += [p["message"] for p in snapshot["problems"] if p["source"] == "env-cache"]
    return found


def shortened(text: str, path: str, short: Short) -> str:
    """Return a text in which the path it is about is shortened."""
    return within(text.replace(path, short(path)) if path else text, short)


def within(text: str, short: Short) -> str:
    """Return a sentence in which every path is shortened; what is quoted for a shell stays, ~ means nothing there."""
    return " ".join(short(word) for word in text.split(" "))
