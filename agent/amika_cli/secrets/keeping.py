"""`secret extract --push`: found credentials as generic secrets that are kept in sync."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amika_agent.sync.rules import Rule, generic_rule_for
from amika_cli.render import emit
from amika_cli.rules.pausing import refuse_while_paused
from amika_cli.secrets import bulk, found
from amika_cli.secrets.counting import counted
from amika_cli.secrets.pushing import STORED
from amika_cli.secrets.storing import agreed
from amika_cli.status_text import within
from amika_local.errors import AmikaError, Failed

if TYPE_CHECKING:
    from amika_agent.sync.outcome import Outcome
    from amika_cli.context import Context
    from amika_local.discovery import Discovery


def keep(context: Context, variables: Sequence[found.Variable], scope: str, discovery: Discovery) -> int:
    """Show what will be stored, ask, make a rule for each, store them; say what was not stored.

    Raises:
        UsageError: nobody can be asked and there is no --yes.
        Failed: something was not stored; its rule goes on with it.

    """
    refuse_while_paused(context)
    listing = context.api.list_generic()
    planned = bulk.steps(found.items(variables), listing, scope)
    if not agreed(context, planned, listing, f" and keep {'it' if len(planned) == 1 else 'them'} in sync"):
        return 0
    rules, made = _rules(context, variables, scope)
    try:
        with counted(context.api, len(rules)):
            outcomes = context.remote.run(discovery, again=context.discover, only=[rule.id for rule in rules])
    except AmikaError:
        for rule in made:
            context.remote.forget(rule.id)
        raise
    context.diary.rules([], made, "asked for", context.email)
    context.diary.outcomes({}, outcomes, context.email)
    context.nudge()
    return _report(context, rules, {outcome.rule: outcome for outcome in outcomes})


def _rules(context: Context, variables: Sequence[found.Variable], scope: str) -> tuple[list[Rule], list[Rule]]:
    """Return the rules of these variables, and those of them that are new."""
    account = context.account.text
    rules: list[Rule] = []
    made: list[Rule] = []
    for variable in variables:
        known = context.db.rules(account)
        rule = next((r for r in known if (r.provider, r.name, r.scope) == ("generic", variable.name, scope)), None)
        if rule is None:
            rule = generic_rule_for(variable.credential, variable.name, scope=scope, taken=[r.id for r in known])
            made.append(rule)
        else:
            fresh = generic_rule_for(variable.credential, variable.name, scope=scope)
            rule = replace(fresh, id=rule.id, on_removal=rule.on_removal)
        context.db.put_rule(account, rule)
        context.db.drop_hold(account, rule.id)  # asked for once more: what was refused is tried again
        rules.append(rule)
    return rules, made


def _report(context: Context, rules: Sequence[Rule], outcomes: dict[str, Outcome]) -> int:
    done: list[dict[str, Any]] = []
    left: list[dict[str, Any]] = []
    for rule in rules:
        outcome = outcomes.get(rule.id)
        row = {"name": rule.name, "scope": rule.scope, "rule": rule.id}
        if outcome is not None and outcome.did in STORED:
            done.append({**row, "action": outcome.did})
        else:
            why = within(outcome.reason, context.short) if outcome is not None else "the credential went away"
            left.append({**row, "reason": why})
    lines = [f"{row['action']} {row['name']}" for row in done]
    lines += [f"not stored: {row['name']}: {row['reason']}" for row in left]
    if done:
        lines.append(f"{'It is' if len(done) == 1 else 'They are'} kept in sync from now on. To stop that:")
        lines += ["  " + context.command(f"sync forget {row['rule']}") for row in done]
    emit(context.args, {"done": done, "left": left}, lines)
    if left:
        first = outcomes.get(left[0]["rule"])
        advice = first.problem.remedy if first is not None and first.problem is not None else ""
        remedy = f"{advice} Run the same command again: it goes on with the rest.".strip()
        raise Failed(f"{len(done)} stored, {len(left)} not: {left[0]['reason']}", remedy=remedy)
    return 0
