"""Gathers what a plan depends on: journal, discovery, and since when things are as they are."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from amika_agent.clock import Clock
from amika_agent.sync import rules
from amika_agent.sync.absence import is_telling
from amika_agent.sync.facts import Facts, Listed, PushSettings
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.records import Pending
from amika_agent.sync.rules import Rule

if TYPE_CHECKING:
    from amika_local.discovery import Discovery

Still = tuple[str, str | None, float]  # what the credential was, whose, and since when
_Of = TypeVar("_Of", Rule, Pending)


class FactsReader:
    """Reads the facts of one account; remembers since when each rule's credential is still.

    Args:
        db: rules, ledger and journal.
        account: key text.
        clock: time source.
        only: the provider whose facts are read; "" for all.
        still: what readers of the same account remember together, by rule id.

    """

    def __init__(
        self, db: SyncDb, account: str, clock: Clock, only: str = "", still: dict[str, Still] | None = None
    ) -> None:
        self._db = db
        self._account = account
        self._clock = clock
        self._only = only
        self._still = {} if still is None else still

    def read(
        self, discovery: Discovery, settings: PushSettings, listing: Mapping[str, Sequence[Listed]] | None = None
    ) -> Facts:
        """Return everything a plan depends on; rules that `auto_push` asks for are among the rules."""
        known = self._db.rules(self._account)
        parked = [(rule, account) for account, rule in self._parked(known) if self._is_mine(rule)]
        names = {account: self._called(account) for account in (self._account, *(there for _, there in parked))}
        facts = Facts(
            rules=self._mine(self._wanted(known, discovery, settings)),
            credentials=discovery.credentials,
            problems=discovery.problems,
            now=self._clock.now(),
            machine=self._db.machine_id,
            fingerprint=self._db.fingerprint,
            settings=settings,
            ledger=self._db.pushed(self._account),
            listing=listing or {},
            pending=self._mine(self._db.pending(self._account)),
            holds=self._db.holds(self._account),
            late=frozenset(self._db.sweeps(self._account)),
            parked=[(rule, names[account]) for rule, account in parked],
            account=names[self._account],
        )
        gone = {rule.id: since for rule in facts.rules if (since := self._gone_since(rule, discovery)) is not None}
        return replace(facts, still_since=self._stillness(facts), gone_since=gone)

    def wanted(self, discovery: Discovery, settings: PushSettings) -> list[Rule]:
        """Return the account's rules and those that `auto_push` would add."""
        return self._wanted(self._db.rules(self._account), discovery, settings)

    def _wanted(self, known: Sequence[Rule], discovery: Discovery, settings: PushSettings) -> list[Rule]:
        known = list(known)
        parked = [rule for _, rule in self._parked(known)]  # another destination: the first push is the person's
        for credential in discovery.credentials:
            provider = rules.pushable_as(credential)
            if (
                provider in settings.auto_push
                and not any(rule.takes(credential) for rule in parked)
                and not any(rule.takes(credential) for rule in known)
            ):
                made = rules.rule_for(credential, taken=[rule.id for rule in known])
                # whose it is gets pinned with the first push, when credential and identity have been still
                known.append(replace(made, source_account=None))
        return known

    def add_wanted(
        self, provider: str, discovery: Discovery, settings: PushSettings, records: Sequence[Listed]
    ) -> None:
        """Record the rules that `auto_push` asks for, each under a name no other machine has."""
        rules_here = self._db.rules(self._account)
        known = {rule.id for rule in rules_here}
        lost = self._db.was_rebuilt() and not any(rule.provider == provider for rule in rules_here)
        for rule in self.wanted(discovery, settings):
            if rule.id not in known and rule.provider == provider:
                taken = [record.name for record in records if record.scope == rule.scope]
                made = rules.beside(rule, taken)
                # of what is there one is most likely ours: the one with this machine's name, else the plain one
                self._db.put_rule(self._account, rule if lost and made.name not in taken else made)

    def _parked(self, known: Sequence[Rule]) -> list[tuple[str, Rule]]:
        """Return (account, rule) of other accounts' rules without a counterpart here; loopback is one class."""
        if self._account.startswith("loopback"):
            return []
        here = {_sort(rule) for rule in known}
        return [found for found in self._db.rules_elsewhere(self._account) if _sort(found[1]) not in here]

    def _called(self, account: str) -> str:
        """Return an account as a person knows it."""
        return self._db.meta(called(account)) or in_words(account)

    def _is_mine(self, one: Rule | Pending) -> bool:
        return self._only in ("", one.provider)

    def _mine(self, all_: Sequence[_Of]) -> list[_Of]:
        return [one for one in all_ if self._is_mine(one)]

    def _gone_since(self, rule: Rule, discovery: Discovery) -> float | None:
        """Absence is a logout only while the directory is there and its owner keeps the login in that file."""
        state = discovery.files.get((rule.source, rule.path))
        there = any(rule.takes(credential) for credential in discovery.credentials)
        complains = any(problem.source == rule.source for problem in discovery.problems)
        missing = state == "absent" and is_telling(rule.path)
        absent = not there and not complains and (missing or state == "ok")
        now = self._clock.now()
        since = self._db.absent_since(f"rule|{self._account}|{rule.id}", now, absent=absent)
        # noted before a sleep, or by an earlier process: it may have been there since, and be being rewritten now
        return None if since is None else max(since, _touched_at(rule.path, now))

    def _stillness(self, facts: Facts) -> dict[str, float]:
        """Return since when each rule's credential and its account have been what they are now."""
        since: dict[str, float] = {}
        for rule in facts.rules:
            found = next((c for c in facts.credentials if rule.takes(c)), None)
            if found is None:
                continue
            mark = self._db.fingerprint((found.record or found.value).reveal(), "still")
            known = self._still.get(rule.id)
            if known is None or known[0] != mark:
                at = _changed_at(found.path, facts.now)
            elif known[1] != found.account:
                at = facts.now
            else:
                at = min(known[2], facts.now)
            self._still[rule.id] = (mark, found.account, at)
            since[rule.id] = at
        return since


def called(account: str) -> str:
    """Return the word under which sync.db remembers what an account is called."""
    return f"called|{account}"


def in_words(account: str) -> str:
    """Return what the key of an account says about it."""
    api_url, user, organization = (*account.split("\n"), "", "")[:3]
    where = "this machine's own workspace" if api_url == "loopback" else api_url
    return f"{user}{f' of {organization}' if organization else ''} at {where}"


def _sort(rule: Rule) -> tuple[str, ...]:
    """Return what has to be equal for a rule of one account to be the counterpart of another account's."""
    return (rule.provider, rule.name) if rule.provider == rules.GENERIC else (rule.provider, rule.type)


def _touched_at(path: str, now: float) -> float:
    """Return when the file, or the folder that it is missing in, was last changed; 0 when that cannot be told."""
    real = os.path.realpath(path)
    for place in (real, os.path.dirname(real)):
        with contextlib.suppress(OSError):
            at = os.stat(place).st_mtime
            return at if at <= now else 0.0  # of a clock that was set back nothing can be told
    return 0.0


def _changed_at(path: str, now: float) -> float:
    """Return when the file was last written or put in place; a rename sets the inode's change time."""
    try:
        info = os.stat(path)
    except OSError:
        return now
    return min(now, max(info.st_mtime, info.st_ctime))
