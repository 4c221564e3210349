"""The tables of the window as values: a row is texts to show and keys to sort by. No Qt."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amika_shared.redaction import safe_line
from amika_shared.snapshot import CredentialLine, RuleLine, Snapshot
from amika_tray.event_words import subject_words, why_words
from amika_tray.menu.describe import sync_words
from amika_tray.wording import ago, moment, named, provider_name, sentences, source_name, t, until

WIDE = 500  # characters of a cell; the table itself leaves out what does not fit
Sort = float | str


@dataclass(frozen=True)
class Row:
    """One line of a table. key: names it among the others; cells: what is shown; sorts: what it is sorted by."""

    key: str
    cells: tuple[str, ...]
    sorts: tuple[Sort, ...]


def credential_heads() -> tuple[str, ...]:
    """Return the columns of the credentials."""
    return (t("Provider"), t("Kind"), t("Found by"), t("Expires"), t("State"), t("Variable"))


def credential_rows(snapshot: Snapshot, now: float) -> list[Row]:
    """Return the credentials, what is used before what is not."""
    found = sorted(snapshot["credentials"], key=lambda credential: not credential["used"])
    return [_credential(credential, now) for credential in found]


def rule_heads() -> tuple[str, ...]:
    """Return the columns of the push rules."""
    return (t("Secret"), t("For"), t("From"), t("State"), t("Last pushed"), t("Remark"))


def rule_rows(snapshot: Snapshot, now: float) -> list[Row]:
    """Return the push rules."""
    return [_rule(rule, now) for rule in snapshot["rules"]]


def plan_heads() -> tuple[str, ...]:
    """Return the columns of the preview."""
    return (t("What would be done"), t("Secret"), t("Why"))


def plan_rows(end: Mapping[str, Any]) -> list[Row]:
    """Return the preview of a sync from the answer to `sync {dry_run: true}`: what sends something comes first."""
    actions = [action for action in end.get("actions") or [] if isinstance(action, dict)]
    sending = [action for action in actions if action.get("kind") in _SENDING]
    return [_action(number, action) for number, action in enumerate([*sending, *_without(actions, sending)])]


def activity_heads() -> tuple[str, ...]:
    """Return the columns of the activity."""
    return (t("When"), t("What"), t("Which"), t("Why"), t("Asked by"))


def activity_rows(end: Mapping[str, Any], rules: Mapping[str, str]) -> list[Row]:
    """Return the events of the answer to `activity`, the newest first. rules: id of a push rule -> its name."""
    events = [event for event in end.get("events") or [] if isinstance(event, dict)]
    seen: Counter[float] = Counter()
    rows = []
    for event in events:
        when = time_of(event, "at")
        rows.append(_event(f"{when}/{seen[when]}", event, rules))  # the same key when later events have come
        seen[when] += 1
    return rows[::-1]


def _credential(credential: CredentialLine, now: float) -> Row:
    kind = t("login") if credential["kind"] == "oauth" else t("API key")
    when = credential["expires_at"]
    texts = (
        provider_name(credential["provider"]),
        kind,
        source_name(credential["source"]),
        _expiry(when, now),
        sync_words(credential) or t("expired"),
        named(credential["env_name"], WIDE),
    )
    return Row(credential["id"], texts, (*texts[:3], math.inf if when is None else when, *texts[4:]))


def _expiry(when: float | None, now: float) -> str:
    if when is None:
        return ""
    return t("{ago} (expired)", ago=ago(when, now)) if when <= now else t("in {span}", span=until(when, now))


def _rule(rule: RuleLine, now: float) -> Row:
    when = rule["pushed_at"]
    texts = (
        named(rule["name"], WIDE) or t("(no name)"),
        t("the organization") if rule["scope"] == "org" else t("you"),
        source_name(rule["source"]),
        _rule_state(rule["state"]),
        t("not yet") if when is None else ago(when, now),
        named(rule["detail"], WIDE),
    )
    return Row(rule["id"], texts, (*texts[:4], 0.0 if when is None else when, texts[5]))


def _rule_state(state: str) -> str:
    said = {
        "in_sync": t("in sync"),
        "pending": t("waiting"),
        "problem": t("failed"),
        "paused": t("paused"),
        "parked": t("parked: confirm it"),
        "expired": t("expired"),
    }
    return said.get(state) or named(state.replace("_", " "), 24)


_SENDING = frozenset({"create", "replace", "delete", "finish", "sweep"})


def _without(actions: Sequence[dict[str, Any]], taken: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    gone = {id(action) for action in taken}
    return [action for action in actions if id(action) not in gone]


def _action(number: int, action: Mapping[str, Any]) -> Row:
    kind = text_of(action, "kind")
    said = {
        "create": t("store"),
        "replace": t("replace"),
        "delete": t("delete"),
        "finish": t("finish an open replacement"),
        "sweep": t("remove a left-over"),
        "keep": t("nothing: it is in sync"),
        "wait": t("nothing yet"),
        "blocked": t("nothing: it asks you"),
    }
    why = sentences(text_of(action, "reason"), text_of(action, "remedy"))
    name = text_of(action, "name") or provider_name(text_of(action, "provider"))
    texts = (said.get(kind) or named(kind, 24) or t("unknown"), name, why)
    return Row(f"{number}", texts, texts)


def _event(key: str, event: Mapping[str, Any], rules: Mapping[str, str]) -> Row:
    when = time_of(event, "at")
    what = named(text_of(event, "what").replace("_", " "), 40)
    which, why = subject_words(text_of(event, "subject"), rules), why_words(text_of(event, "why"))
    texts = (moment(when), what, which, why, text_of(event, "caller"))
    return Row(key, texts, (when, *texts[1:]))


def time_of(fields: Mapping[str, Any], name: str) -> float:
    """Return a field of an answer in epoch seconds; 0.0 when it is no time."""
    at = fields.get(name)
    return float(at) if isinstance(at, int | float) and not isinstance(at, bool) and abs(at) < 1e15 else 0.0


def left_out(end: Mapping[str, Any], listed: str) -> int:
    """Return how many entries of a list the agent left out of its answer, because it was too long."""
    counts = end.get("left_out")
    count = counts.get(listed) if isinstance(counts, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 0


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """Return a field of an answer as one line that is safe to show; "" when it is no text."""
    value = fields.get(name)
    return named(safe_line(value), WIDE) if isinstance(value, str) else ""
