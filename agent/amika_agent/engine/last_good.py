"""What was last read well stays while a file is half-written or damaged, and only then becomes a problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amika_local.credential import Credential, Problem
from amika_local.discovery import BAD

if TYPE_CHECKING:
    from collections.abc import Sequence

BEAR = 5.0
AGAIN = 0.25

Place = tuple[str, str]


@dataclass(frozen=True)
class Settled:
    """What counts now.

    credentials  found, and last good ones of sources that cannot be read at present
    problems     what has been wrong for more than 5 s, or since the first look: nothing says that it was ever well
    due_at       epoch seconds at which to read again because a file is damaged, or None
    """

    credentials: list[Credential]
    problems: list[Problem]
    due_at: float | None


class LastGood:
    """Remembers what each source last gave."""

    def __init__(self) -> None:
        self._good: dict[Place, list[Credential]] = {}
        self._broken_since: dict[Place, float] = {}
        self._from_the_start: set[Place] | None = None

    def settle(self, credentials: Sequence[Credential], problems: Sequence[Problem], now: float) -> Settled:
        """Return what counts, given what was just found at `now`."""
        broken = {_place(problem): problem for problem in problems if _is_broken(problem)}
        self._broken_since = {place: min(now, self._broken_since.get(place, now)) for place in broken}
        kept = [
            credential
            for place in broken
            for credential in self._good.get(place, [])
            if credential.expires_at is None or credential.expires_at > now
        ]
        self._good = {place: good for place, good in self._good.items() if place in broken}
        for credential in credentials:
            place = (credential.source, credential.path)
            if place not in broken:
                self._good.setdefault(place, []).append(credential)
        # a command looks once: what it finds damaged it says at once, for there will be no later
        self._from_the_start = set(broken) if self._from_the_start is None else self._from_the_start & broken.keys()
        young = {place for place, since in self._broken_since.items() if now - since < BEAR}
        hidden = young - self._from_the_start
        return Settled(
            sorted([*credentials, *_not_in(kept, credentials)], key=lambda credential: -credential.priority),
            [problem for problem in problems if _place(problem) not in hidden],
            now + AGAIN if young else None,
        )


def _not_in(kept: Sequence[Credential], found: Sequence[Credential]) -> list[Credential]:
    there = {(credential.source, credential.path, credential.provider) for credential in found}
    return [credential for credential in kept if (credential.source, credential.path, credential.provider) not in there]


def _is_broken(problem: Problem) -> bool:
    return problem.code in BAD


def _place(problem: Problem) -> Place:
    return problem.source, problem.path


def winners(credentials: Sequence[Credential]) -> dict[str, Credential]:
    """Return the credential that counts per provider: the highest priority, the earlier of equals."""
    best: dict[str, Credential] = {}
    for credential in credentials:
        present = best.get(credential.provider)
        if present is None or credential.priority > present.priority:
            best[credential.provider] = credential
    return best
