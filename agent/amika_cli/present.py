"""The present snapshot: the running agent's, or one made here."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from amika_cli.render import ago
from amika_shared.client import AgentError
from amika_shared.snapshot import read_snapshot

if TYPE_CHECKING:
    from amika_cli.context import Context
    from amika_shared.snapshot import Snapshot


def present(context: Context) -> tuple[Snapshot, dict[str, Any]]:
    """Return the snapshot and {"running", "used", "reason", "pid", "started", "build"} of the agent."""
    told: dict[str, Any] = {"running": False, "used": False, "reason": ""}
    reached = context.reached
    if reached.hello:
        told |= {"running": True, **{name: reached.hello.get(name) for name in ("pid", "started", "build")}}
    told["reason"] = "it looks at another home" if context.profile.confined and reached.client else reached.reason
    if context.agent is not None:
        with contextlib.suppress(AgentError):
            snapshot = read_snapshot(context.agent.call("status", timeout=5.0))
            return snapshot, {**told, "used": True}
        told["reason"] = "the agent does not answer"
    from amika_cli import offline

    return offline.snapshot(context), told


def agent_line(context: Context, told: dict[str, Any]) -> str:
    """Return one line about the agent."""
    if told["used"]:
        started = told.get("started")
        since = f", started {ago(started, context.clock.now())}" if isinstance(started, int | float) else ""
        return f"running{since}; it keeps all this current"
    if told["running"]:
        return f"running, but not asked: {told['reason']}"
    if context.reached.code == "silent":
        return f"does not answer; if that stays so: {context.command('agent restart')}"
    return f"not running ({context.command('agent start')}): nothing is kept current by itself"
