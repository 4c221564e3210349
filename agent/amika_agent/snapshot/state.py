"""The snapshot as a pure function of the facts: what is known -> what everyone is shown. Never a value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from amika_agent.snapshot.credential_id import credential_id
from amika_agent.snapshot.rule_state import credential_sync, rule_line, under_way
from amika_local.credential import OAUTH, Problem
from amika_shared import BUILD
from amika_shared.redaction import plain, safe_line

if TYPE_CHECKING:
    from amika_agent.snapshot.facts import AccountFacts, LocalFacts, OtherFacts, RemoteFacts
    from amika_agent.sync.outcome import Outcome
    from amika_local.credential import Credential
    from amika_shared.profile import Profile

SOON = 600.0
# what a problem means for the whole: it waits for the person, or it passes by itself; every other one is a failure
NEEDS_YOU = frozenset({"blank", "expired", "api_key_expired", "other_account", "parked", "expires_soon"})
BY_ITSELF = frozenset({"offline", "unreachable", "busy", "watch"})
_WEIGHT = {"blocked": "attention", "waiting": ""}
_OF_ONE_SECRET = frozenset({"refused", "abandoned", "contested"})


@dataclass(frozen=True)
class Facts:
    """Everything the snapshot is made of; `paused_until` may be infinite: until resumed."""

    profile: Profile
    now: float
    account: AccountFacts
    local: LocalFacts | None
    remote: RemoteFacts
    paused_until: float | None = None
    others: OtherFacts | None = None


def build(facts: Facts) -> dict[str, Any]:
    """Return the snapshot, in the shape of `amika_shared.snapshot.Snapshot`."""
    problems = list(_problems(facts))
    weights = {weight for _, weight in problems}
    return {
        "generation": 0,
        "build": BUILD,
        "profile": facts.profile.name,
        "at": facts.now,
        "state": overall(facts, weights),
        "accounts": [_account(facts.account), *_other_accounts(facts)],
        "sign_in": _sign_in(facts),
        "credentials": _credentials(facts),
        "env_cache": _env_cache(facts),
        "rules": [rule_line(rule, facts.remote, _found(facts), facts.now) for rule in facts.remote.rules],
        "pending": [
            {"rule": entry.rule, "step": str(entry.txn.state.value), "since": entry.since}
            for entry in facts.remote.pending
        ],
        "problems": [_problem_line(problem) for problem, _ in problems],
        # JSON has no infinity: the state "paused" without an end is a pause until resumed
        "paused_until": facts.paused_until if _is_paused(facts) and facts.paused_until != inf else None,
    }


def overall(facts: Facts, weights: Collection[str]) -> str:
    """Return the one word that the tray's icon shows; `weights`: "problem" and "attention" of what is wrong."""
    remote = facts.remote
    table = (
        ("paused", _is_paused(facts)),
        ("problem", "problem" in weights),
        ("signed_out", not facts.account.who.get("authenticated")),
        ("attention", "attention" in weights or any(_ends_soon(used, facts.now) for used in _used(facts))),
        ("offline", facts.account.offline or remote.offline),
        ("working", remote.busy or facts.local is None or _under_way(facts)),
    )
    return next((state for state, holds in table if holds), "in_sync")


def _is_paused(facts: Facts) -> bool:
    return facts.paused_until is not None and facts.paused_until > facts.now


def _found(facts: Facts) -> list[Credential]:
    return [] if facts.local is None else facts.local.discovery.credentials


def _under_way(facts: Facts) -> bool:
    found = _found(facts)
    return bool(facts.remote.pending) or any(under_way(rule, facts.remote, found) for rule in facts.remote.rules)


def _used(facts: Facts) -> list[Credential]:
    """Return what counts per provider and no running owner looks after; where all that is left has expired, that."""
    if facts.local is None:
        return []
    found = facts.local.discovery
    used = [*found.winners.values(), *(lost for lost in found.expired if lost.provider not in found.winners)]
    return [one for one in used if one.source not in facts.local.quiet]


def _ends_soon(credential: Credential, now: float) -> bool:
    return credential.kind == OAUTH and credential.expires_at is not None and credential.expires_at - now <= SOON


def _account(account: AccountFacts) -> dict[str, Any]:
    who: Mapping[str, Any] = account.who
    return {
        "service": "amika",
        "signed_in": who.get("authenticated") is True,
        "method": who.get("method", "none"),
        "email": plain(str(who.get("email") or "")),
        "user_id": plain(str(who.get("user_id") or "")),
        "org_id": plain(str(who.get("org_id") or "")),
        "organization": plain(str(who.get("organization") or "")),
        "api_url": account.api_url,
        "expires_at": who.get("expires_at"),
        "storage": who.get("storage", ""),
    }


def _other_accounts(facts: Facts) -> list[dict[str, Any]]:
    accounts = () if facts.others is None else facts.others.accounts
    return [{k: plain(v) if isinstance(v, str) else v for k, v in account.items()} for account in accounts]


def _sign_in(facts: Facts) -> dict[str, Any] | None:
    found = facts.account.sign_in or (None if facts.others is None else facts.others.sign_in)
    return None if found is None else dict(found)


def _credentials(facts: Facts) -> list[dict[str, Any]]:
    if facts.local is None:
        return []
    discovery = facts.local.discovery
    best = discovery.winners
    return [
        {
            "id": credential_id(credential),
            "provider": plain(credential.provider),
            "kind": credential.kind,
            "source": credential.source,
            "path": plain(credential.path),
            "account": plain(credential.account or ""),
            "expires_at": credential.expires_at,
            "used": best.get(credential.provider) is credential,
            "shadowed_by": _shadow(credential, best.get(credential.provider)),
            "env_name": credential.native_name,
            "sync": credential_sync(credential, facts.remote, discovery.credentials, facts.now),
        }
        for credential in (*discovery.credentials, *discovery.expired)
    ]


def _shadow(credential: Credential, winner: Credential | None) -> str | None:
    return None if winner is None or winner is credential else credential_id(winner)


def _env_cache(facts: Facts) -> dict[str, Any]:
    if facts.local is None:
        return {"path": facts.profile.env_cache, "state": "behind", "entries": 0, "written_at": None}
    cache = facts.local.env_cache
    return {
        "path": facts.profile.env_cache,
        "state": cache.state,
        "entries": cache.entries,
        "written_at": cache.written_at,
    }


def _problems(facts: Facts) -> Iterable[tuple[Problem, str]]:
    """Yield each problem once, with what it means for the whole: "problem", "attention" or ""."""
    seen = set()
    local = () if facts.local is None else facts.local.problems
    others = () if facts.others is None else facts.others.problems
    known = (*facts.account.problems, *others, *local, *facts.remote.problems)
    weighed = [(problem, _weight(problem)) for problem in known]
    told = {(problem.message, problem.remedy) for problem in known}  # of its file: its secret need not say it again
    weighed += [
        (_about(outcome, outcome.problem), _WEIGHT.get(outcome.did, "problem"))
        for outcome in facts.remote.outcomes.values()
        if outcome.problem is not None and (outcome.problem.message, outcome.problem.remedy) not in told
    ]
    for problem, weight in weighed:
        key = (problem.code, problem.source, problem.path, problem.message, problem.remedy)
        if key not in seen:
            seen.add(key)
            yield problem, weight


def _about(outcome: Outcome, problem: Problem) -> Problem:
    """Return the problem with the secret's name before it where its words are about that secret alone."""
    if not outcome.name or not (outcome.did == "blocked" or problem.code in _OF_ONE_SECRET):
        return problem  # a server that cannot be reached is one problem, however many secrets wait for it
    message = f"“{outcome.name}”: {problem.message}"
    return Problem(problem.code, message, source=problem.source, path=problem.path, remedy=problem.remedy)


def _weight(problem: Problem) -> str:
    if problem.code in NEEDS_YOU:
        return "attention"
    return "" if problem.code in BY_ITSELF else "problem"


def _problem_line(problem: Problem) -> dict[str, str]:
    return {
        "code": problem.code,
        "source": problem.source,
        "path": plain(problem.path),
        "message": safe_line(problem.message),
        "remedy": safe_line(problem.remedy),
    }
