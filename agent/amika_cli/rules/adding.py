"""`amika sync add`: a push rule for a credential of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from amika_agent.snapshot.credential_id import credential_id
from amika_agent.sync.rules import ORG, Rule, generic_rule_for, pushable_as, rule_for
from amika_cli.render import emit, note
from amika_cli.rules.outcome_text import GOES, became, kind_of, no_agent
from amika_cli.secrets.consent import agreed_for_organization, of_organization, rotation_is_known, warn_of_rotation
from amika_cli.secrets.provider import TITLES
from amika_cli.status_text import within
from amika_local.credential import OAUTH
from amika_local.errors import AmikaError, Failed, NotFound, UsageError

if TYPE_CHECKING:
    from amika_agent.sync.outcome import Outcome
    from amika_cli.context import Context
    from amika_local.credential import Credential


def add(context: Context, wanted: str) -> int:
    """Make the rule, after a question, and push what it keeps. Return the exit code.

    Raises:
        NotFound, UsageError: the credential; or nobody can be asked.
        Conflict: another rule keeps that secret.
        Failed: it is not stored yet; the rule stays and goes on.

    """
    account = context.account.text
    discovery = context.discover()
    credential = picked(discovery.credentials, wanted)
    rule = _rule(context, credential, [known.id for known in context.db.rules(account)])
    rotates = rule.type == OAUTH and rule.provider in TITLES and not rule.without_refresh_token
    if rotates:
        warn_of_rotation(context, rule.provider)
    rule, agreed = _agreed(context, rule)
    if not agreed:
        note("Nothing was changed.")
        return 0
    if rotates:
        rotation_is_known(context, rule.provider)
    context.db.put_rule(account, rule)
    context.diary.rules([], [rule], "asked for", context.email)
    try:
        outcomes = context.remote.run(discovery, again=context.discover, only=[rule.id])
    except AmikaError as error:
        raise _later(context, rule, error.message, error.remedy) from None
    finally:
        context.nudge()
    context.diary.outcomes({}, outcomes, context.email)
    return _report(context, rule, next((outcome for outcome in outcomes if outcome.rule == rule.id), None))


def picked(credentials: Sequence[Credential], wanted: str) -> Credential:
    """Return the credential that `wanted` names: its id, the start of it, its source or its provider.

    Raises:
        NotFound: none of that name; or there are none.
        UsageError: several.

    """
    by_id = {credential_id(credential): credential for credential in credentials}
    wanted = wanted.strip()
    if wanted in by_id:
        return by_id[wanted]
    close = [one for name, one in by_id.items() if wanted in (one.source, one.provider) or name.startswith(wanted)]
    if len(close) == 1 and wanted:
        return close[0]
    listed = ", ".join(credential_id(one) for one in close) or ", ".join(by_id) or "none; `amika status` looks again"
    if close and wanted:
        raise UsageError("several credentials have that name", remedy=f"Name one of: {listed}")
    raise NotFound("there is no such credential on this machine", remedy=f"There are: {listed}")


def _rule(context: Context, credential: Credential, taken: Sequence[str]) -> Rule:
    args = context.args
    scope, name = args.get("scope", "user"), args.get("name")
    generic = args.has("generic") or pushable_as(credential) is None
    slim = args.has("without-refresh-token")
    if slim and (generic or credential.kind != OAUTH):
        raise UsageError("--without-refresh-token is for the logins of Claude and Codex", remedy="Leave it out.")
    if generic:
        if not (name or credential.native_name):
            raise UsageError("that credential has no variable of its own", remedy="Give it one with --name.")
        rule = generic_rule_for(credential, name or credential.native_name, scope=scope, taken=taken)
    else:
        rule = rule_for(credential, scope=scope, name=name, taken=taken)
    return replace(rule, on_removal=args.get("on-removal", rule.on_removal), without_refresh_token=slim)


def _agreed(context: Context, rule: Rule) -> tuple[Rule, bool]:
    """Ask; in an organization a second time, naming what is replaced. Return the rule as it was agreed to."""
    kind = kind_of(rule.provider, rule.type)
    question = f"Keep {context.short(rule.path)} stored as “{rule.name}” ({kind}, scope {rule.scope})?"
    if not context.prompts.confirm(question):
        return rule, False
    if rule.scope != ORG:
        return rule, True
    note("Scope org: every member of the organization can use it.")
    there = None
    if rule.provider in TITLES:
        note("Whenever it is replaced the organization has none for a moment; a generic secret (--generic) has no gap.")
        there = of_organization(context, rule.provider)
    agreed = agreed_for_organization(context, rule.name, there)
    return replace(rule, gap_accepted=True, take_over=there.id if there is not None else ""), agreed


def _report(context: Context, rule: Rule, outcome: Outcome | None) -> int:
    did, reason = (outcome.did, outcome.reason) if outcome is not None else ("waiting", "the credential has gone")
    lines = [
        became(did, rule.name, rule.provider, rule.type, rule.scope, within(reason, context.short)),
        f"It is kept in sync with {context.short(rule.path)} from now on; {GOES[rule.on_removal]}.",
        f"To stop that: {context.command(f'sync forget {rule.id}')}",
        *no_agent(context),
    ]
    value = {"rule": rule.id, "name": rule.name, "scope": rule.scope, "on_removal": rule.on_removal, "action": did}
    emit(context.args, value, lines)
    if outcome is not None and outcome.problem is not None:
        raise _later(context, rule, within(outcome.problem.message, context.short), outcome.problem.remedy)
    return 0


def _later(context: Context, rule: Rule, why: str, remedy: str) -> Failed:
    then = f"The rule {rule.id} is recorded; `{context.command('sync')}` tries again."
    return Failed(f"not stored yet: {why}", remedy=f"{remedy} {then}".strip())
