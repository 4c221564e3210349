"""The menu as a value: `describe(snapshot, now)` says what is in it; no Qt, nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from amika_shared import snapshot as facts
from amika_shared.snapshot import Account, CredentialLine, ProblemLine, Snapshot
from amika_tray.wording import (
    changes_in,
    elided,
    expiry,
    isolated,
    named,
    provider_name,
    service_name,
    source_name,
    t,
    tn,
    until,
)

Kind = Literal["action", "separator"]
LinkState = Literal["connected", "starting", "stopped", "failed"]

CREDENTIALS_SHOWN = 12
PROBLEMS_SHOWN = 4
LINE = 76  # characters; wider menus run off small screens
HOUR = 3600
OTHER_SERVICES = ("almyty", "akos")


@dataclass(frozen=True)
class Entry:
    """One line of the menu.

    text    plain text as the person reads it: no markup, no mnemonic marks
    action  what a click asks for: "sign_in", "sign_out", "show", "open", "sync", "pause", "resume", "copy_env",
            "at_login", "start_agent", "restart_agent", "quit"
    target  what the action is about: a service; "account:…", "credential:…" for "show"; a page of the window for
            "open"; seconds for "pause" ("" until resumed); "on" or "off" for "at_login"
    enabled False: shown, but cannot be chosen now
    key     letter of `text` that chooses the entry from the keyboard, or ""
    checked whether the entry's mark is set; None: it has none
    """

    kind: Kind = "action"
    text: str = ""
    action: str = ""
    target: str = ""
    enabled: bool = True
    key: str = ""
    checked: bool | None = None


@dataclass(frozen=True)
class Link:
    """How the tray stands to the agent.

    reason    one sentence, when there is something to say; remedy: the next step
    restart   whether a restart of the agent may help
    features  the operations that the agent knows; None: not known, all are offered
    """

    state: LinkState = "connected"
    reason: str = ""
    remedy: str = ""
    restart: bool = False
    features: frozenset[str] | None = None

    def offers(self, op: str) -> bool:
        """Tell whether the agent knows an operation."""
        return self.features is None or op in self.features


_NO_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a"})  # single angle quotation marks

CONNECTED = Link()
SEPARATOR = Entry(kind="separator")


def describe(snapshot: Snapshot, now: float, link: Link = CONNECTED, *, at_login: bool | None = None) -> list[Entry]:
    """Return the whole menu for a snapshot, top to bottom.

    at_login: whether the tray starts at login; None when that cannot be told or changed here.
    """
    if link.state != "connected":
        return _joined([_agent(link), _program(at_login), [Entry(text=t("Quit"), action="quit", key="Q")]])
    return _joined(
        [
            _identity(snapshot, now),
            _credentials(snapshot, now),
            [*_note(link), *_problems(snapshot)],
            [_state(snapshot, now), *_work(snapshot, link)],
            _others(snapshot),
            _program(at_login),
            [Entry(text=t("Quit…"), action="quit", key="Q")],
        ]
    )


def _note(link: Link) -> list[Entry]:
    if not link.reason:
        return []
    lines = [Entry(text=elided(link.reason, LINE), enabled=False)]
    return [*lines, *_restart()] if link.restart else lines


def _restart() -> list[Entry]:
    return [Entry(text=t("Restart the agent"), action="restart_agent", key="R")]


def _state(snapshot: Snapshot, now: float) -> Entry:
    # it can be chosen, because what cannot is drawn too faint to be read
    target = "problems" if snapshot["problems"] else "credentials"
    return Entry(text=headline(snapshot, now), action="open", target=target)


def _work(snapshot: Snapshot, link: Link) -> list[Entry]:
    lines = [Entry(text=t("Sync now"), action="sync", key="S")]
    if snapshot["state"] == facts.PAUSED or snapshot["paused_until"] is not None:
        lines.append(Entry(text=t("Resume"), action="resume", key="R", enabled=link.offers("resume")))
    else:
        can = link.offers("pause")
        lines.append(Entry(text=t("Pause for 1 h"), action="pause", target=str(HOUR), key="P", enabled=can))
        lines.append(Entry(text=t("Pause until resumed"), action="pause", key="U", enabled=can))
    can = link.offers("copy_env") and bool(snapshot["credentials"])
    return [*lines, Entry(text=t("Copy environment"), action="copy_env", key="C", enabled=can)]


def _program(at_login: bool | None) -> list[Entry]:  # noqa: FBT001 -- a fact, no switch
    lines = [
        Entry(text=t("Open Amika…"), action="open", target="credentials", key="A"),
        Entry(text=t("Settings…"), action="open", target="settings", key="T"),
    ]
    if at_login is None:
        return lines
    target = "off" if at_login else "on"
    return [*lines, Entry(text=t("Start at login"), action="at_login", target=target, key="L", checked=at_login)]


def headline(snapshot: Snapshot, now: float, link: Link = CONNECTED) -> str:
    """Return the state in one line."""
    if link.state != "connected":
        unreached = {
            "starting": t("Starting the agent…"),
            "stopped": t("The agent is stopped: nothing is kept in sync"),
            "failed": elided(link.reason, LINE) or t("The agent cannot be reached"),
        }
        return unreached[link.state]
    if snapshot["state"] == facts.PAUSED:
        return _paused(snapshot["paused_until"], now)
    said = {
        facts.SIGNED_OUT: t("Not signed in: nothing is pushed"),
        facts.IN_SYNC: t("Everything is in sync"),
        facts.WORKING: t("Syncing…"),
        facts.ATTENTION: t("Something needs you"),
        facts.OFFLINE: t("Offline: changes wait and go out when the network is back"),
    }
    return said.get(snapshot["state"]) or t("There is a problem")


def stale_in(snapshot: Snapshot, now: float) -> float | None:
    """Return in how many seconds a time in the menu or the window is told otherwise, or None when there is no time."""
    times = [
        snapshot["paused_until"],
        *(account["expires_at"] for account in snapshot["accounts"]),
        *(credential["expires_at"] for credential in snapshot["credentials"]),
        *(rule["pushed_at"] for rule in snapshot["rules"]),
    ]
    return min((changes_in(when, now) for when in times if when is not None), default=None)


def icon_state(snapshot: Snapshot, link: Link = CONNECTED) -> str:
    """Return which of the seven icons tells the truth."""
    match link.state:
        case "starting":
            return facts.WORKING
        case "stopped":
            return facts.PAUSED
        case "failed":
            return facts.PROBLEM
    return snapshot["state"]


def tooltip(snapshot: Snapshot, now: float, link: Link = CONNECTED) -> str:
    """Return the text beside the icon. Hosts may take `<` for markup, so none is left in it."""
    lines = [f"Amika: {headline(snapshot, now, link)}"]
    if link.state == "connected":
        lines += [_who(account) for account in snapshot["accounts"] if account["signed_in"]]
        lines += [named(problem["message"], LINE) for problem in snapshot["problems"][:1]]
    return "\n".join(lines).translate(_NO_MARKUP)


def _agent(link: Link) -> list[Entry]:
    told = Entry(text=headline(facts.empty_snapshot(), 0.0, link), enabled=False)
    if link.state == "starting":
        return [told]
    lines = [told]
    if link.remedy:
        lines.append(Entry(text=elided(link.remedy, LINE), enabled=False))
    if link.restart:
        return [*lines, *_restart()]
    return [*lines, Entry(text=t("Start the agent"), action="start_agent", key="S")]


def _identity(snapshot: Snapshot, now: float) -> list[Entry]:
    accounts = {account["service"]: account for account in snapshot["accounts"]}
    services = ["amika", *(service for service in accounts if service != "amika")]
    alone = len(services) == 1
    lines: list[Entry] = []
    for service in services:
        account = accounts.get(service)
        if account is not None and account["signed_in"]:
            lines += _signed_in(account, now, alone=alone)
        else:
            lines += _signed_out(snapshot, service, alone=alone)
    return lines


def _others(snapshot: Snapshot) -> list[Entry]:
    """Offer the services that nobody has signed in to here; of the others `_identity` has a line."""
    there = {account["service"] for account in snapshot["accounts"]}
    return [
        Entry(text=t("Sign in to {service}…", service=service_name(service)), action="sign_in", target=service)
        for service in OTHER_SERVICES
        if service not in there
    ]


def _signed_in(account: Account, now: float, *, alone: bool) -> list[Entry]:
    service = account["service"]
    who = _who(account) if alone else t("{service}: {who}", service=service_name(service), who=_who(account))
    parts = [who, named(account["organization"], 32), _session(account, now)]
    line = Entry(text=", ".join(isolated(part) for part in parts if part), action="show", target=f"account:{service}")
    if account["method"] == "env_api_key":
        return [line]  # set by the environment: there is nothing here to sign out of
    text = t("Sign out") if alone else t("Sign out of {service}", service=service_name(service))
    return [line, Entry(text=text, action="sign_out", target=service, key="O" if alone else "")]


def _signed_out(snapshot: Snapshot, service: str, *, alone: bool) -> list[Entry]:
    told = t("Not signed in") if alone else t("Not signed in to {service}", service=service_name(service))
    under_way = snapshot["sign_in"]
    if under_way is not None and under_way["service"] == service:
        text = t("Continue signing in…")
    else:
        text = t("Sign in…") if alone else t("Sign in to {service}…", service=service_name(service))
    return [
        Entry(text=told, enabled=False),
        Entry(text=text, action="sign_in", target=service, key="I" if alone else ""),
    ]


def _who(account: Account) -> str:
    if account["email"]:
        return named(account["email"])
    match account["method"]:
        case "env_api_key" if account["service"] in OTHER_SERVICES:
            return t("Token of the environment")
        case "env_api_key":
            return t("API key from AMIKA_API_KEY")
        case "stored_api_key":
            return t("Stored API key")
    return named(account["user_id"]) or t("Signed in")


def _session(account: Account, now: float) -> str:
    when = account["expires_at"]
    if when is not None and when > now and account["method"] == "session":
        return t("renews in {span}", span=until(when, now))  # it does so by itself: "expires" would alarm
    return expiry(when, now)


def _credentials(snapshot: Snapshot, now: float) -> list[Entry]:
    found = sorted(snapshot["credentials"], key=lambda credential: not credential["used"])
    if not found:
        return [Entry(text=t("No credentials found yet"), action="open", target="credentials")]
    lines = [
        Entry(text=credential_line(credential, now), action="show", target=f"credential:{credential['id']}")
        for credential in found[:CREDENTIALS_SHOWN]
    ]
    left = len(found) - len(lines) + snapshot["left_out"].get("credentials", 0)
    if left > 0:
        lines.append(
            Entry(text=tn("{n} more credential…", "{n} more credentials…", left), action="open", target="credentials")
        )
    return lines


def credential_line(credential: CredentialLine, now: float) -> str:
    """Return one credential in one line: provider, source, expiry, sync state."""
    kind = t("login") if credential["kind"] == "oauth" else t("API key")
    name = t(
        "{provider} {kind} ({source})",
        provider=provider_name(credential["provider"]),
        kind=kind,
        source=source_name(credential["source"]),
    )
    return ", ".join(part for part in (name, expiry(credential["expires_at"], now), sync_words(credential)) if part)


def sync_words(credential: CredentialLine) -> str:
    """Return how a credential stands to its remote secret, in words."""
    if not credential["used"]:
        winner = credential["shadowed_by"].partition("/")[0]
        return t("not used, {source} comes first", source=source_name(winner)) if winner else t("not used")
    state = credential["sync"]["state"]
    said = {
        "in_sync": t("in sync"),
        "pending": t("waiting to be pushed"),
        "not_pushed": t("on this machine only"),
        "problem": t("could not be pushed"),
        "paused": t("paused"),
        "expired": "" if credential["expires_at"] is not None else t("expired"),
    }
    return said[state] if state in said else named(state.replace("_", " "), 24)


def _problems(snapshot: Snapshot) -> list[Entry]:
    problems = snapshot["problems"]
    lines = [Entry(text=_problem(problem), action="open", target="problems") for problem in problems[:PROBLEMS_SHOWN]]
    left = len(problems) - len(lines) + snapshot["left_out"].get("problems", 0)
    if left > 0:
        lines.append(Entry(text=tn("{n} more problem…", "{n} more problems…", left), action="open", target="problems"))
    return lines


def _problem(problem: ProblemLine) -> str:
    said = named(problem["message"], LINE - 10) or named(problem["code"]) or t("no details")
    return t("Problem: {message}", message=said)


def _paused(when: float | None, now: float) -> str:
    if when is None or when <= now:
        return t("Paused: nothing is written or pushed")
    return t("Paused for {span}: nothing is written or pushed", span=until(when, now))


def _joined(groups: list[list[Entry]]) -> list[Entry]:
    lines: list[Entry] = []
    for group in groups:
        if group:
            lines += [SEPARATOR, *group] if lines else group
    return lines
