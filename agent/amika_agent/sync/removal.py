"""Taking away what was pushed: left-over bridges, the secret of a source that is gone, everything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from amika_agent.stores.amika_api import NoSuchSecret, SecretsApi
from amika_agent.sync import plan
from amika_agent.sync.account import Account
from amika_agent.sync.outcome import Outcome, failed, told
from amika_agent.sync.plan import Action
from amika_agent.sync.rules import GENERIC, Rule, bridge_of
from amika_local.errors import Failed, Unreachable
from amika_local.secret import Secret


def remove(its: Account, action: Action) -> Outcome:
    """Delete the record of a SWEEP or DELETE action; a generic secret, which cannot be deleted, is emptied.

    Raises:
        Unreachable: it may be gone or not; the next run looks again.

    """
    bridge = bridge_of(action.name)
    open_ones = [(entry.name, entry.scope) for entry in its.db.pending(its.key)]
    if action.kind == plan.SWEEP and bridge is not None and (bridge.name, bridge.scope) in open_ones:
        return replace(told(action), did="waiting", problem=None)  # its replacement is open again and decides
    try:
        _take_away(its.api, action.provider, action.remote_id or "")
    except NoSuchSecret:
        pass  # as good as done
    except Unreachable:
        raise
    except Failed as error:
        return failed(action, error)
    if action.rule:
        its.db.drop_pushed(its.key, action.rule)
    return replace(told(action), did="swept" if action.kind == plan.SWEEP else "deleted", problem=None)


def retract(its: Account, provider: str, scope: str, only: Collection[str] | None = None) -> list[Outcome]:
    """Take away everything this machine has pushed to a provider and scope, and forget the rules it is gone for.

    Args:
        its: the account.
        provider: of the rules.
        scope: of the rules.
        only: ids of the rules that are meant, with their left-overs; None: all, with every left-over.

    Raises:
        Unreachable: the rest is still there; calling again goes on.

    """
    listed = its.list(provider)
    pushed = its.db.pushed(its.key)
    there = {record.id for record in listed}
    outcomes = []
    here = [rule for rule in its.db.rules(its.key) if (rule.provider, rule.scope) == (provider, scope)]
    mine = [rule for rule in here if only is None or rule.id in only]
    for rule in mine:
        last = pushed.get(rule.id)
        outcome = None
        if last is not None and last.remote_id in there:
            outcome = remove(its, _deletion(rule, last.remote_id))
            outcomes.append(outcome)
        if outcome is None or outcome.did != "failed":
            its.db.forget_rule(its.key, rule.id)
    for record in listed:
        bridge = bridge_of(record.name)
        meant = bridge is not None and (only is None or bridge.name in [rule.name for rule in mine])
        if bridge is not None and meant and (bridge.machine, bridge.scope) == (its.db.machine_id, scope):
            stray = Action(plan.SWEEP, "", provider, record.type, scope, record.name, "left_over", "", "", record.id)
            outcomes.append(remove(its, stray))
    return outcomes


def _deletion(rule: Rule, remote_id: str) -> Action:
    why = "a generic secret cannot be deleted, so its value is empty now" if rule.provider == GENERIC else "deleted"
    return Action(
        plan.DELETE, rule.id, rule.provider, rule.type, rule.scope, rule.name, "retracted", why, "", remote_id
    )


def _take_away(api: SecretsApi, provider: str, record_id: str) -> None:
    if provider == GENERIC:
        api.update_generic(record_id, Secret(""))
    else:
        api.delete_provider(provider, record_id)
