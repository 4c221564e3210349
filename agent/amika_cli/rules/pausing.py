"""`amika pause`, `amika resume` and the same for one rule: through the agent when there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amika_cli.context import as_error
from amika_cli.render import emit, note, rfc3339, span
from amika_local.errors import AmikaError, Conflict
from amika_shared.client import AgentError

if TYPE_CHECKING:
    from amika_cli.context import Context


def pause(context: Context, seconds: float | None, rule: str = "") -> int:
    """Pause everything or one rule; `seconds` None: until resumed.

    Raises:
        NotSignedIn, NotFound: the rule.
        Failed: it cannot be recorded.

    """
    told = _asked(context, "pause", {"seconds": seconds, "rule": rule})
    if told is None:
        told = context.decisions.pause(seconds, rule)
        if not rule:
            _end_what_is_open(context)
    how_long = f"for {span(seconds)}, until {rfc3339(told['until'])}" if seconds is not None else "until resumed"
    if rule:
        lines = [f"The rule {rule} is paused {how_long}.", f"To end it: {context.command(f'sync resume {rule}')}"]
    else:
        lines = [
            f"Paused {how_long}: nothing is written or pushed.",
            "What its owner revokes is still taken out of the env cache, and your login is kept alive.",
            f"To end it: {context.command('resume')}",
        ]
    emit(context.args, {"paused": True, **told}, lines)
    return 0


def resume(context: Context, rule: str = "") -> int:
    """End a pause; idempotent. Raises as `pause`."""
    told = _asked(context, "resume", {"rule": rule})
    if told is None:
        told = context.decisions.resume(rule)
    if rule:
        lines = [f"The rule {rule} {'goes on' if told['was_paused'] else 'was not paused'}."]
    else:
        lines = ["Everything goes on." if told["was_paused"] else "Nothing was paused."]
    if told["was_paused"] and context.agent is None:
        lines.append(f"No agent is running; this brings it up to date: {context.command('sync')}")
    emit(context.args, {"paused": False, **told}, lines)
    return 0


def refuse_while_paused(context: Context) -> None:
    """Raise Conflict when everything is paused: nothing is pushed then, by no command."""
    if context.paused_until() is not None:
        raise Conflict("everything is paused; nothing is pushed", remedy=f"End it first: {context.command('resume')}")


def _asked(context: Context, op: str, args: dict[str, Any]) -> dict[str, Any] | None:
    """Return the agent's answer; None when there is no agent, or one that does not know the operation."""
    if context.agent is None or op not in context.agent.hello.get("features", []):
        return None
    try:
        return context.agent.call(op, args)
    except AgentError as error:
        raise as_error(error) from None


def _end_what_is_open(context: Context) -> None:
    """Finish open replacements: half of one would leave a temporary record for as long as the pause lasts."""
    try:
        account = context.authority.account()
        if account is not None and context.db.pending(account.text):
            note("A replacement is open; it ends first.")
            context.remote.recover(context.discover())
    except AmikaError as error:
        note(f"The open replacement could not be ended now: {error.message}")
