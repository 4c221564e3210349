"""What should happen: a pure function of what is on disk, what is wanted, what was pushed and what is listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# kinds of actions; the first group sends something, the second says why nothing is sent
CREATE = "create"
REPLACE = "replace"
UPDATE = "update"
DELETE = "delete"
FINISH = "finish"
SWEEP = "sweep"
KEEP = "keep"
WAIT = "wait"
BLOCKED = "blocked"
SENDING = frozenset({CREATE, REPLACE, UPDATE, DELETE, FINISH, SWEEP})


@dataclass(frozen=True)
class Settings:
    """What the person decided about pushing.

    auto_push     providers ("claude", "codex") for which a rule is made for every discovered credential
    paused_until  epoch seconds; `float("inf")` until resumed; None when running
    settle        seconds a credential and its account must have been still before they are pushed
    """

    auto_push: tuple[str, ...] = ()
    paused_until: float | None = None
    settle: float = 1.0


@dataclass(frozen=True)
class Action:
    """One line of the plan. `code` is a stable word for `reason`; `due_at` is when to look again, if time matters."""

    kind: str
    rule: str
    provider: str
    type: str
    scope: str
    name: str
    code: str
    reason: str
    remedy: str = ""
    remote_id: str | None = None
    due_at: float | None = None


@dataclass(frozen=True)
class Plan:
    """Actions in the order in which they are performed."""

    actions: tuple[Action, ...]
    offline: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return {"offline", "actions": [{"kind", "rule", "name", "reason", …}]}; there is no value in a plan."""
        return {"offline": self.offline, "actions": [dict(vars(action)) for action in self.actions]}
