"""What a line of the menu opens, as a value: a title and rows of label and text; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from amika_shared.snapshot import Account, CredentialLine, ProblemLine, Snapshot
from amika_tray.describe import credential_line, sync_words
from amika_tray.wording import ago, expiry, moment, named, provider_name, service_name, source_name, t

LONG = 400
ROWS_SHOWN = 500


@dataclass(frozen=True)
class Details:
    """One thing told in full. rows: (label, plain text); a label may be ""."""

    title: str
    rows: tuple[tuple[str, str], ...]


def details(snapshot: Snapshot, target: str, now: float) -> Details:
    """Return what `Entry.target` names; when it is gone meanwhile, that is what is said."""
    kind, _, name = target.partition(":")
    match kind:
        case "account":
            found = next((_account(snapshot, name, now) for a in snapshot["accounts"] if a["service"] == name), None)
        case "credential":
            found = next((_credential(c, now) for c in snapshot["credentials"] if c["id"] == name), None)
        case "credentials":
            found = _credentials(snapshot, now)
        case "problem":
            problems = snapshot["problems"]
            found = _problem(problems[int(name)]) if name.isdecimal() and int(name) < len(problems) else None
        case "problems":
            rows = [row for problem in snapshot["problems"][:ROWS_SHOWN] for row in _problem(problem).rows]
            found = Details(t("Problems"), tuple(rows))
        case _:
            found = None
    return found or Details(t("No longer there"), (("", t("This has changed since the menu was opened.")),))


def _account(snapshot: Snapshot, service: str, now: float) -> Details:
    account = next(account for account in snapshot["accounts"] if account["service"] == service)
    stored = {"file": t("in a file only you can read"), "keychain": t("in the keychain"), "env": t("environment")}
    return Details(
        t("{service} account", service=service_name(service)),
        _rows(
            (t("Signed in as"), named(account["email"] or account["user_id"], LONG)),
            (t("Organization"), named(account["organization"] or account["org_id"], LONG)),
            (t("Server"), named(account["api_url"], LONG)),
            (t("Session"), _session(account, now)),
            (t("Stored"), stored.get(account["storage"], named(account["storage"], LONG))),
        ),
    )


def _credential(credential: CredentialLine, now: float) -> Details:
    sync = credential["sync"]
    pushed = t("as “{name}”", name=named(sync["remote_name"], LONG)) if sync["remote_name"] else ""
    if sync["pushed_at"] is not None:
        pushed = ", ".join(part for part in (pushed, ago(sync["pushed_at"], now)) if part)
    return Details(
        provider_name(credential["provider"]),
        _rows(
            (t("Kind"), t("login (OAuth)") if credential["kind"] == "oauth" else t("API key")),
            (t("Found by"), source_name(credential["source"])),
            (t("File"), named(credential["path"], LONG)),
            (t("Account"), named(credential["account"], LONG)),
            (t("Variable"), named(credential["env_name"], LONG)),
            (t("Expiry"), _when(credential["expires_at"], now)),
            (t("State"), sync_words(credential)),
            (t("Pushed"), pushed),
        ),
    )


def _credentials(snapshot: Snapshot, now: float) -> Details:
    found = snapshot["credentials"]
    if not found:
        text = t(
            "Sign in to a coding agent (Claude Code, Codex, OpenCode, Amp …) on this machine; "
            "what it stores appears here within a second."
        )
        return Details(t("No credentials found yet"), (("", text),))
    return Details(t("Credentials"), tuple(("", credential_line(c, now)) for c in found[:ROWS_SHOWN]))


def _problem(problem: ProblemLine) -> Details:
    return Details(
        t("Problem"),
        _rows(
            (t("What"), named(problem["message"], LONG) or named(problem["code"], LONG)),
            (t("What to do"), named(problem["remedy"], LONG)),
            (t("Where"), source_name(problem["source"]) if problem["source"] else ""),
            (t("File"), named(problem["path"], LONG)),
        ),
    )


def _session(account: Account, now: float) -> str:
    when = account["expires_at"]
    if account["method"] == "session" and when is not None and when > now:
        return t("valid until {time}, renewed by itself before", time=moment(when))
    return _when(when, now)


def _when(when: float | None, now: float) -> str:
    if when is None:
        return t("does not expire, or does not say")
    clock = moment(when)
    return f"{expiry(when, now)} ({clock})" if clock else expiry(when, now)


def _rows(*rows: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(row for row in rows if row[1])
