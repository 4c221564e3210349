"""What the parts of the engine know, one class a part: a snapshot is made of these. Times in epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amika_agent.settings import Settings
    from amika_agent.sync.env_cache import EnvCacheResult
    from amika_agent.sync.outcome import Outcome
    from amika_agent.sync.records import Hold, Pending, Pushed
    from amika_agent.sync.rules import Rule
    from amika_local.credential import Problem
    from amika_local.discovery import Discovery


@dataclass(frozen=True)
class AccountFacts:
    """Who is signed in to Amika.

    who       what `auth status` shows, with `expires_at`
    api_url   the server, "" when it is not known yet
    offline   the last request got no answer
    problems  what stands in the way of the account
    sign_in   the sign-in under way, as the snapshot shows it, or None
    due_at    when the session wants to be renewed
    """

    who: Mapping[str, Any]
    api_url: str = ""
    offline: bool = False
    problems: tuple[Problem, ...] = ()
    sign_in: Mapping[str, Any] | None = None
    due_at: float | None = None


@dataclass(frozen=True)
class OtherFacts:
    """Who is signed in to the services beside Amika.

    accounts  one for each service that has a login here
    sign_in   the sign-in under way, or None
    problems  what is wrong with a login
    """

    accounts: tuple[Mapping[str, Any], ...] = ()
    sign_in: Mapping[str, Any] | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class LocalFacts:
    """What one look at the files of this machine found.

    problems      what was wrong with a file
    due_at        when to look again although nothing changes, or None
    paused_until  `inf` until resumed; None when nothing is paused
    quiet         sources whose owners run, so that nothing is said of their logins
    """

    discovery: Discovery
    settings: Settings
    env_cache: EnvCacheResult
    problems: tuple[Problem, ...]
    due_at: float | None
    paused_until: float | None = None
    quiet: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RemoteFacts:
    """What is known of the account's pushed secrets.

    pushed, holds  the ledger and what stands in the way, by rule id
    pending   the journal: open replacements
    outcomes  what became of each rule when it was last looked at, by rule id; "provider/scope" where there is no rule
    marks     what each rule would have pushed then
    problems  why the last reconciliation ended early
    offline   none of the providers that were asked has answered
    busy      a reconciliation is under way
    """

    rules: Sequence[Rule] = ()
    pushed: Mapping[str, Pushed] = field(default_factory=dict)
    pending: Sequence[Pending] = ()
    holds: Mapping[str, Hold] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    marks: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    offline: bool = False
    busy: bool = False
