"""`amika sync`: the plan, or the work and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from amika_cli.context import as_error
from amika_cli.render import emit, note, table, terminal_width
from amika_cli.rules.outcome_text import pushed
from amika_cli.status_text import ours, problem_lines, within
from amika_local.errors import Failed, NotSignedIn
from amika_shared.client import AgentError
from amika_shared.snapshot import read_snapshot

if TYPE_CHECKING:
    from amika_agent.sync.env_cache import EnvCacheResult
    from amika_cli.context import Context
    from amika_shared.snapshot import Snapshot

# what an action does, as a person says it
DOES = {
    "create": "store",
    "replace": "replace",
    "update": "replace",
    "delete": "delete",
    "finish": "finish",
    "sweep": "delete left-over",
    "keep": "leave",
    "wait": "wait",
    "blocked": "needs you",
}


def dry_run(context: Context) -> int:
    """Print what would happen; nothing is written or sent but listings.

    Raises:
        AmikaError: nobody is signed in, or the server cannot be used.

    """
    from amika_cli import offline

    cache = offline.env_cache_now(context, context.discover())
    try:
        plan = _remote_plan(context)
        lines = [_cache_line(context, cache), "", *_plan_lines(context, plan["actions"])]
    except NotSignedIn as error:
        plan = {"actions": [], "offline": False}
        lines = [
            _cache_line(context, cache),
            f"Nothing would be pushed: {error.message}. {context.typed(error.remedy)}",
        ]
    if plan.get("offline"):
        lines.append("The server cannot be reached: what is stored there is not known now.")
    emit(context.args, {"env_cache": _cache_json(context, cache), **plan}, lines)
    return 0


def _remote_plan(context: Context) -> dict[str, Any]:
    if context.agent is not None:
        try:
            return {"actions": [], "offline": False, **context.agent.call("sync", {"dry_run": True})}
        except AgentError as error:
            raise as_error(error) from None
    return context.remote_as_configured.plan(context.discover()).to_json()


def _cache_line(context: Context, cache: EnvCacheResult) -> str:
    place = context.short(context.profile.env_cache)
    if cache.state == "off":
        return "Env cache: off"
    if cache.problems:
        return f"Env cache: {cache.problems[0].message}"
    what = f"would change: {', '.join(cache.changed)}" if cache.changed else "nothing would change"
    return f"Env cache {place}: {what}"


def _cache_json(context: Context, cache: EnvCacheResult) -> dict[str, Any]:
    return {"path": context.profile.env_cache, "state": cache.state, "would_change": list(cache.changed)}


def _plan_lines(context: Context, actions: Sequence[Mapping[str, Any]]) -> list[str]:
    if not actions:
        return [context.typed("Nothing is kept in sync. `amika sync add` and `amika secret claude push` begin it.")]
    rows = []
    for a in actions:
        why = _why(within(a["reason"], context.short), context.typed(a.get("remedy", "")))
        rows.append((DOES.get(a["kind"], a["kind"]), a["provider"], a["name"], a["scope"], why))
    return table(
        ("WOULD", "KIND", "SECRET", "SCOPE", "BECAUSE"), rows, width=terminal_width(), keep=(0, 1, 3), below=(4,)
    )


def _why(reason: str, remedy: str) -> str:
    return f"{reason} → {remedy}" if remedy else reason


def reconcile(context: Context) -> int:
    """Do it and print what became of it.

    Raises:
        Failed: something of it failed or needs the person.

    """
    actions, snapshot = _through_agent(context) if context.agent is not None else _here(context)
    cache = snapshot["env_cache"]
    count = "1 entry" if cache["entries"] == 1 else f"{cache['entries']} entries"
    lines = [f"env cache {cache['state']}: {count}: {context.short(cache['path'])}"]
    lines += [within(pushed(action), context.short) for action in actions]
    if snapshot["state"] == "paused":
        lines.append(f"Paused: nothing is written or pushed ({context.command('resume')} ends it).")
    if not any(account["signed_in"] for account in snapshot["accounts"] if account["service"] == "amika"):
        lines.append(f"Nothing was pushed: nobody is signed in ({context.command('auth login')}).")
    value = {"env_cache": cache, "pushes": actions, "problems": snapshot["problems"]}
    emit(context.args, value, lines)
    _complain(context, snapshot)
    if any(not action["ok"] for action in actions) or ours(snapshot):
        raise Failed("not everything is in sync", remedy="See the lines above; `amika status` shows them again.")
    return 0


def _through_agent(context: Context) -> tuple[list[dict[str, Any]], Snapshot]:
    agent = context.agent
    assert agent is not None  # noqa: S101 -- the caller has looked
    try:
        actions = agent.call("sync").get("actions", [])
        return actions, read_snapshot(agent.call("status"))
    except AgentError as error:
        raise as_error(error) from None


def _here(context: Context) -> tuple[list[dict[str, Any]], Snapshot]:
    from amika_cli.waiting import when_slow

    with when_slow(lambda: note("Still at work; this takes as long as the servers take. Ctrl-C stops.")):
        actions = context.engine.cycle()
    return actions, read_snapshot(context.engine.snapshot())


def _complain(context: Context, snapshot: Snapshot) -> None:
    if context.args.output == "text":
        for line in problem_lines(snapshot["problems"], context.short):
            note(context.typed(line))
