"""`amika sync forget`: one rule, or everything that this machine has pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amika_cli.render import emit, note, show
from amika_local.errors import Failed

if TYPE_CHECKING:
    from amika_agent.sync.rules import Rule
    from amika_cli.context import Context


def forget_rule(context: Context, rule_id: str) -> int:
    """Remove one rule; what is stored stays.

    Raises:
        NotFound: there is no such rule.

    """
    rule = context.db.rule(context.account.text, rule_id)
    context.remote.forget(rule.id)
    context.nudge()
    text = [f"“{rule.name}” is no longer kept in sync. What is stored stays."]
    if rule.provider != "generic":
        text.append(f"To remove it, find its id and delete it: {context.command(f'secret {rule.provider} list')}")
    emit(context.args, {"forgotten": rule.id, "name": rule.name, "provider": rule.provider}, text)
    return 0


def forget_everything(context: Context) -> int:
    """Take back all that was pushed, after a question.

    Raises:
        Failed: something is left; running it again goes on.

    """
    rules = context.db.rules(context.account.text)
    if context.args.output == "text":
        show([_line(rule) for rule in rules] or ["This machine keeps nothing in sync."])
    if rules and not context.prompts.confirm("Take all of this back?"):
        note("Nothing was changed.")
        return 0
    outcomes = context.remote.forget_everything()
    context.nudge()
    left = [outcome for outcome in outcomes if outcome.problem is not None]
    value = [{"provider": o.provider, "name": o.name, "scope": o.scope, "action": o.did} for o in outcomes]
    emit(context.args, value, [f"{o.did} “{o.name}” ({o.provider}): {o.reason}" for o in outcomes])
    if left:
        raise Failed(f"not everything could be taken back: {left[0].reason}", remedy="Run it again; it goes on.")
    return 0


def _line(rule: Rule) -> str:
    what = "emptied" if rule.provider == "generic" else "deleted"
    return f"{what}: “{rule.name}” ({rule.provider}, scope {rule.scope})"
