"""What a line of the menu opens, as a value: a title and rows of label and text; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amika_shared.redaction import safe_line
from amika_shared.snapshot import Account, CredentialLine, Snapshot
from amika_tray.menu.describe import sync_words
from amika_tray.wording import (
    ago,
    expiry,
    moment,
    named,
    provider_name,
    sentences,
    service_name,
    source_name,
    t,
    tn,
)

LONG = 400


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
        case _:
            found = None
    return found or Details(t("No longer there"), (("", t("This has changed since the menu was opened.")),))


def signed_out(end: Mapping[str, Any]) -> Details | None:
    """Return what a person must know after signing out, or None when there is nothing: it worked and left nothing."""
    left = [named(name, 80) for name in end.get("left_remotely") or [] if isinstance(name, str)]
    rows: list[str] = []
    if end.get("was_signed_in") is True and end.get("revoked") is not True:
        if end.get("revoked") is False:
            rows.append(t("This machine has forgotten the session, but the server could not be told that it is over."))
        detail = named(str(end.get("detail") or ""), 200)  # None: it was not ours to end there, and stays valid
        rows.append(detail[:1].upper() + detail[1:])
    if left:
        rows.append(tn("This secret stays stored remotely:", "These {n} secrets stay stored remotely:", len(left)))
        rows += left
    rows = [row for row in rows if row]
    return Details(t("Signed out"), tuple(("", row) for row in rows)) if rows else None


def copied(end: Mapping[str, Any]) -> Details:
    """Return why nothing was copied: what was withheld, each with its reason."""
    withheld = [item for item in end.get("withheld") or [] if isinstance(item, dict)]
    rows = [
        (named(str(item.get("name") or item.get("source") or ""), 60), named(str(item.get("reason") or ""), LONG))
        for item in withheld
    ]
    if not rows:
        rows = [("", t("No API key was found on this machine; logins are never copied."))]
    return Details(t("Nothing was copied"), tuple(rows))


def failed(action: str, message: str, remedy: str) -> Details:
    """Return why what was asked for was not done. action: of the entry that asked; both texts as they came."""
    titles = {
        "sync": t("Sync failed"),
        "sign_out": t("Sign out failed"),
        "pause": t("Pause failed"),
        "resume": t("Resume failed"),
        "resolve": t("That is not settled yet"),
        "copy_env": t("Nothing was copied"),
        "at_login": t("Start at login was not changed"),
    }
    return Details(titles[action], tuple(("", sentences(safe_line(part))) for part in (message, remedy) if part))


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
