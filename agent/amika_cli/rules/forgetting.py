"""`amika sync forget`: one rule, or everything that this machine has pushed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from amika_agent.sync.rules import PROVIDERS
from amika_cli.render import emit, note, show
from amika_cli.rules.outcome_text import became, kind_of
from amika_local.errors import Failed

if TYPE_CHECKING:
    from amika_agent.sync.rules import Rule
    from amika_cli.context import Context


# what became of what was stored, as the JSON output names it
_STORED = {
    "kept": "What is stored stays.",
    "deleted": "What was stored is deleted.",
    "emptied": "What was stored is emptied; it cannot be deleted.",
    "gone": "Nothing that this machine had pushed was still stored.",
}


def forget_rule(context: Context, rule_id: str) -> int:
    """Remove one rule; what is stored stays, or goes too with --delete.

    Raises:
        NotFound: there is no such rule.
        Failed: what is stored could not be deleted; the rule stays.

    """
    rule = context.db.rule(context.account.text, rule_id)
    stopped = _stop_auto_push(context, [rule.provider])  # first: a running agent would make the rule again
    if context.args.has("delete"):
        stored = _take_back(context, rule, stopped)
    else:
        context.remote.forget(rule.id)
        stored = "kept"
    context.diary.rules([rule], [], "asked for", context.email)
    context.nudge()
    text = [f"“{rule.name}” is no longer kept in sync. {_STORED[stored]}", *stopped]
    if rule.provider != "generic" and not context.args.has("delete"):
        text.append(f"To remove it, find its id and delete it: {context.command(f'secret {rule.provider} list')}")
    value = {"forgotten": rule.id, "name": rule.name, "provider": rule.provider, "stored": stored}
    emit(context.args, value, text)
    return 0


def _take_back(context: Context, rule: Rule, stopped: Sequence[str]) -> str:
    outcome = context.remote.take_back(rule.id)
    if outcome is None:
        return "gone"
    context.diary.outcomes({}, [outcome], context.email)
    if outcome.problem is not None:
        then = [outcome.problem.remedy, "The rule stays; run it again.", *stopped]
        raise Failed(f"not deleted: {outcome.problem.message}", remedy=" ".join(line for line in then if line))
    return "emptied" if rule.provider == "generic" else "deleted"


def forget_everything(context: Context) -> int:
    """Take back all that was pushed, after a question.

    Raises:
        Failed: something is left; running it again goes on.

    """
    rules = context.db.rules(context.account.text)
    cache = context.settings.on("env_cache.enabled") and not context.args.has("keep-env-cache")
    if context.args.output == "text":
        show([_line(rule) for rule in rules] or ["This machine keeps nothing in sync."])
        show([f"will be taken out: our entries of {context.short(context.profile.env_cache)}"] if cache else [])
    if (rules or cache) and not context.prompts.confirm("Take all of this back?"):
        note("Nothing was changed.")
        return 0
    stopped = _stop_auto_push(context, PROVIDERS)  # first: a running agent would push it all again
    outcomes = context.remote.forget_everything()
    context.diary.outcomes({}, outcomes, context.email)
    context.diary.rules(rules, context.db.rules(context.account.text), "everything is taken back", context.email)
    withdrawn = _withdraw(context) if cache else []
    context.nudge()
    left = [outcome for outcome in outcomes if outcome.problem is not None]
    value = [{"provider": o.provider, "name": o.name, "scope": o.scope, "action": o.did} for o in outcomes]
    done = [became(o.did, o.name, o.provider, o.type, o.scope, o.reason) for o in outcomes]
    emit(context.args, value, [*done, *withdrawn, *stopped])
    if left:
        raise Failed(f"not everything could be taken back: {left[0].reason}", remedy="Run it again; it goes on.")
    return 0


def _stop_auto_push(context: Context, providers: Sequence[str]) -> list[str]:
    """Take the providers out of `sync.auto_push`, which would make their rules again; say so."""
    from amika_agent.settings import store

    named = context.settings.words("sync.auto_push")
    kept = [name for name in named if name not in providers]
    if len(kept) == len(named):
        return []
    store(context.profile.settings_file, "sync.auto_push", kept, context.clock)
    gone = ", ".join(name for name in named if name not in kept)
    return [f"The setting sync.auto_push no longer names {gone}: it would have begun anew."]


def _withdraw(context: Context) -> list[str]:
    """Take our entries out of the env cache, and leave it alone from now on.

    Raises:
        Failed: they are still there.

    """
    from amika_agent.settings import store
    from amika_agent.sync import env_cache

    store(context.profile.settings_file, "env_cache.enabled", False, context.clock)  # noqa: FBT003 -- a setting's value
    result = env_cache.withdraw(context.profile.env_cache, context.db, context.clock)
    context.diary.cached(result)
    for problem in result.problems:
        raise Failed(problem.message, remedy=problem.remedy)
    return [
        f"The env cache is off, and holds nothing of ours ({len(result.removed)} taken out).",
        f"To have it again: {context.command('config set env_cache.enabled true')}",
    ]


def _line(rule: Rule) -> str:
    what = "emptied" if rule.provider == "generic" else "deleted"
    return f"will be {what}: “{rule.name}” ({kind_of(rule.provider, rule.type)}, scope {rule.scope})"
