"""What goes into the activity log: changes, in words for a person, each once, with who asked for them.

Agent and command line write the same log. What is merely seen (a credential, a sign-in) is compared with what the log
knows already, so that the first of them tells it and a restart tells nothing twice.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from amika_agent.activity.log import Line
from amika_agent.snapshot.credential_id import credential_id
from amika_local import rfc3339
from amika_local.findings import BAD

if TYPE_CHECKING:
    from amika_agent.activity.log import ActivityLog
    from amika_agent.sync.env_cache import EnvCacheResult
    from amika_agent.sync.outcome import Outcome
    from amika_agent.sync.rules import Rule
    from amika_local.credential import Credential
    from amika_local.discovery import Discovery

log = logging.getLogger(__name__)

_WHAT = {
    "created": "created",
    "replaced": "replaced",
    "updated": "updated",
    "finished": "replaced",
    "adopted": "adopted",
    "deleted": "deleted",
    "swept": "deleted",
    "blocked": "blocked",
    "failed": "failed",
}
_IDENTITY = ("user_id", "org_id", "method")


class Diary:
    """Writes the activity log of one process.

    caller  who works

    Args:
        log: the activity log; a failure of it stops nothing.
        caller: who works: "agent", "amika sync".

    """

    def __init__(self, log: ActivityLog, caller: str) -> None:
        self._log = log
        self.caller = caller
        self._asked: list[str] = []

    @contextlib.contextmanager
    def asked_by(self, caller: str) -> Iterator[None]:
        """Name `caller` as the one who asked for what happens meanwhile."""
        self._asked.append(caller)
        try:
            yield
        finally:
            self._asked.remove(caller)

    def note(self, what: str, subject: str, why: str, *, account: str = "", caller: str = "") -> None:
        """Write one event; see `amika_agent.activity.log.Event`."""
        line = self._line(what, subject, why, account)
        self._write([line._replace(caller=caller or line.caller)])

    def cached(self, result: EnvCacheResult) -> None:
        """Note what a look changed in the env cache."""
        out = set(result.removed)
        gone = "taken out of the env cache: its source has gone, has expired or is off"
        there = "the env cache follows what is on disk"
        self._write(
            self._line("uncached", name, gone) if name in out else self._line("cached", name, there)
            for name in result.changed
        )

    def credentials(self, home: str, found: Discovery, fingerprint: Callable[[str], str]) -> None:
        """Note which credentials were found, have changed or have gone since anybody last looked.

        Args:
            home: the home that was looked at.
            found: what its sources give.
            fingerprint: keyed HMAC of a value.

        """
        there = {_place(credential): credential for credential in (*found.credentials, *found.expired)}
        now = {place: fingerprint((one.record or one.value).reveal()) for place, one in there.items()}
        damaged = {problem.source for problem in found.problems if problem.code in BAD}

        def change(before: Mapping[str, str]) -> tuple[dict[str, str], list[Line]]:
            # a file that cannot be read now says nothing about what was in it
            kept = {place: text for place, text in before.items() if place not in now and _source(place) in damaged}
            lines = [
                self._seen("found", credential, f"in {credential.path}")
                if place not in before
                else self._seen("changed", credential, f"another value in {credential.path}")
                for place, credential in there.items()
                if before.get(place) != now[place]
            ]
            lines += [self._gone(place) for place in before if place not in now and place not in kept]
            return {**now, **kept}, lines

        _log_all(self._log.exchange(f"credentials|{_as_text(home)}", change))

    def account(self, who: Mapping[str, Any], service: str = "amika") -> None:
        """Note that somebody signed in or out of a service, or that the session was renewed.

        An API key of the environment counts for one process only and is not noted.
        """
        if who.get("method") == "env_api_key":
            return
        signed_in = who.get("authenticated") is True
        state = {name: _text(who.get(name)) for name in (*_IDENTITY, "email", "expires_at")} if signed_in else {}

        def change(before: Mapping[str, str]) -> tuple[dict[str, str], list[Line]]:
            email = (state or before).get("email", "")
            if not state:
                return {}, [self._line("signed_out", service, str(who.get("problem") or "signed out"), email)]
            if any(before.get(name) != state[name] for name in _IDENTITY):
                return state, [self._line("signed_in", service, f"by {state['method']}", email)]
            if before.get("expires_at") != state["expires_at"]:
                return state, [self._line("renewed", service, "the session was renewed", email)]
            return state, []

        _log_all(self._log.exchange(f"account|{service}", change))

    def rules(self, before: Iterable[Rule], after: Iterable[Rule], why: str, account: str = "") -> None:
        """Note which push rules were added, changed or removed."""
        old, new = {rule.id: rule for rule in before}, {rule.id: rule for rule in after}
        lines = [line for rule in new.values() for line in self._of_rule(old.get(rule.id), rule, why, account)]
        forgotten = [rule for rule in old.values() if rule.id not in new]
        told = [(rule.id, f"“{rule.name}” ({rule.scope}): {why}") for rule in forgotten]
        self._write([*lines, *(self._line("rule_forgotten", rule, text, account) for rule, text in told)])

    def _of_rule(self, known: Rule | None, rule: Rule, why: str, account: str) -> Iterator[Line]:
        if known is None:
            told = f"{rule.path} is kept as “{rule.name}” ({rule.scope}): {why}"
            yield self._line("rule_added", rule.id, told, account)
        elif known.on_removal != rule.on_removal:
            yield self._line("rule_changed", rule.id, f"when its source goes: {rule.on_removal}", account)
        elif known.paused_until != rule.paused_until:
            paused = rule.paused_until is not None
            told = until_text(rule.paused_until) if paused else why
            yield self._line("paused" if paused else "resumed", rule.id, told, account)

    def outcomes(self, before: Mapping[str, Outcome], after: Iterable[Outcome], account: str) -> None:
        """Note what was sent, and what could not be unless that was so before."""
        lines = []
        for outcome in after:
            what = _WHAT.get(outcome.did)
            known = before.get(outcome.rule)
            told = known is not None and (known.did, known.reason) == (outcome.did, outcome.reason)
            if what is None or (told and outcome.did in ("blocked", "failed")):
                continue
            subject = f"{outcome.name or outcome.provider} ({outcome.scope})"
            lines.append(self._line(what, subject, outcome.reason, account))
        self._write(lines)

    def close(self) -> None:
        """Give back the log."""
        self._log.close()

    def _line(self, what: str, subject: str, why: str, account: str = "") -> Line:
        return Line(what, subject, why, (self._asked[-1:] or [self.caller])[0], account)

    def _write(self, lines: Iterable[Line]) -> None:
        lines = list(lines)
        _log_all(lines)
        self._log.record_all(lines)

    def _seen(self, what: str, credential: Credential, why: str) -> Line:
        ends = credential.expires_at
        when = rfc3339.text(ends) if ends is not None else ""
        told = f"{why}; expires {when}" if when else why
        return self._line(what, credential_id(credential), told, credential.account or "")

    def _gone(self, place: str) -> Line:
        name, _, path = place.partition("|")
        return self._line("gone", name, f"no longer in {path}")


def _log_all(lines: Iterable[Line]) -> None:
    for line in lines:
        log.info("%s %s: %s", line.what, line.subject, line.why)


def until_text(end: float | None) -> str:
    """Return "until 2026-11-21T09:24:00Z" or "until resumed"."""
    when = "" if end is None or end == float("inf") else rfc3339.text(end)
    return f"until {when}" if when else "until resumed"


def _place(credential: Credential) -> str:
    return f"{credential_id(credential)}|{_as_text(credential.path)}"


def _as_text(path: str) -> str:
    """Return a path as a database takes it: one may be any bytes, and Python hides those that are no text in it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _source(place: str) -> str:
    return place.partition("/")[0]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
