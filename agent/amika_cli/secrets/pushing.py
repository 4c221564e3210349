"""Storing one Claude or Codex credential: once, or by a rule that keeps it in sync."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from amika_agent.snapshot.credential_id import credential_id
from amika_agent.sync.payload import checked_value, expiry, renews
from amika_agent.sync.rules import ORG, Rule, checked_name, default_name, rule_for
from amika_cli.render import emit, note, until
from amika_cli.rules.outcome_text import no_agent
from amika_cli.rules.pausing import refuse_while_paused
from amika_cli.secrets.candidates import Candidate, beside_in_file, chosen, describe, found, given
from amika_cli.secrets.consent import agreed_for_organization, of_organization, rotation_is_known, warn_of_rotation
from amika_cli.secrets.provider import TITLES
from amika_cli.status_text import within
from amika_local.credential import OAUTH
from amika_local.errors import AmikaError, Conflict, Failed, UsageError

if TYPE_CHECKING:
    from amika_agent.stores.amika_api import RemoteSecret
    from amika_agent.sync.outcome import Outcome
    from amika_cli.context import Context
    from amika_local.discovery import Discovery
    from amika_local.secret import Secret

STORED = ("created", "replaced", "updated", "finished", "adopted", "unchanged")


def push(context: Context, provider: str) -> int:
    """Do what `secret claude|codex push` is asked to do; return the exit code.

    Raises:
        UsageError: flags, a value that is no such credential, a question that nobody can answer.
        NotSignedIn, NotFound, Failed: before anything was changed, or with what is left to do.

    """
    _ = context.account
    refuse_while_paused(context)
    candidate, discovery = given(context, provider), None
    if candidate is None:
        discovery = context.discover(beyond=True)
        candidate = chosen(context, provider, found(context, provider, discovery), discovery)
    name = checked_name(context.args.get("name") or default_name(provider, candidate.type))
    scope = context.args.get("scope", "user")
    known = _known(context, candidate, name, scope)
    slim = context.args.has("without-refresh-token") or (known is not None and known.without_refresh_token)
    value = _checked(context, provider, candidate, slim=slim)
    shared = renews(provider, candidate.type, value)
    _tell(context, provider, candidate, shared=shared)
    take_over = ""
    if scope == ORG:
        there = of_organization(context, provider)
        if not _consents(context, provider, candidate, name, there):
            note("Nothing was stored.")
            return 0
        take_over = there.id if there is not None else ""
    if shared:
        rotation_is_known(context, provider)
    once = context.args.has("once") and not _kept_as_it_is(known, candidate)
    if discovery is None or once or not _keepable(context, candidate):
        _refuse_kept(context, provider, name, scope)
        force = context.args.has("force")
        outcome = context.remote.push_once(
            provider, candidate.type, name, scope, value, force=force, gap_accepted=scope == ORG, take_over=take_over
        )
        return _report(context, candidate, _went_through(context, outcome), None)
    rule, is_new = _rule(context, candidate, known, name, scope, take_over)
    try:
        outcome = _keep_in_sync(context, rule, discovery, is_new=is_new)
    finally:
        context.nudge()  # what could not be stored now is the agent's to go on with
    return _report(context, candidate, outcome, rule)


def _went_through(context: Context, outcome: Outcome) -> Outcome:
    context.diary.outcomes({}, [outcome], context.email)
    if outcome.did == "waiting":  # without a rule nobody has the value to go on by itself
        raise Failed("not stored yet: the server cannot do it now", remedy="Run the same command again in a minute.")
    if outcome.did not in STORED:
        remedy = outcome.problem.remedy if outcome.problem is not None else ""
        raise Failed(f"not stored: {outcome.reason}", remedy=remedy)
    return outcome


def _keepable(context: Context, candidate: Candidate) -> bool:
    """Tell whether a rule can keep it in sync: another home is not watched, and what has expired is never pushed."""
    credential = candidate.credential
    if credential is None or context.profile.confined:
        return False
    return credential.expires_at is None or credential.expires_at > context.clock.now()


def _known(context: Context, candidate: Candidate, name: str, scope: str) -> Rule | None:
    """Return the rule that keeps it under this name already: what that leaves out, it goes on leaving out."""
    credential = candidate.credential
    rules = context.db.rules(context.account.text) if credential is not None else []
    return next((r for r in rules if credential and r.takes(credential) and (r.name, r.scope) == (name, scope)), None)


def _checked(context: Context, provider: str, candidate: Candidate, *, slim: bool) -> Secret:
    if slim and candidate.type != OAUTH:
        raise UsageError("--without-refresh-token is for logins; an API key has none", remedy="Leave it out.")
    try:
        value = checked_value(provider, candidate.type, candidate.value, without_refresh_token=slim)
    except UsageError as error:
        raise UsageError(f"{context.short(candidate.origin)}: {error.message}", remedy=error.remedy) from None
    ends, now = expiry(provider, candidate.type, value), context.clock.now()
    if ends is not None and ends <= now and not context.args.has("force"):
        raise UsageError(
            f"{context.short(candidate.origin)}: the login {until(ends, now)}",
            remedy="Sign in with its own tool first, or pass --force.",
        )
    return value


def _tell(context: Context, provider: str, candidate: Candidate, *, shared: bool) -> None:
    left_out = candidate.left_out
    if candidate.found:
        where = f"Storing for {context.whose}:" if context.whose else "Storing"
        note(f"{where} the {describe(candidate, context)}.")
    if candidate.credential is not None:
        left_out = beside_in_file(provider, candidate.credential)
    if candidate.type != OAUTH:
        return
    if left_out:
        note(f"Not sent, because a sandbox does not need it: {', '.join(left_out)}.")
    if shared:
        warn_of_rotation(context, provider)


def _consents(context: Context, provider: str, candidate: Candidate, name: str, there: RemoteSecret | None) -> bool:
    title = TITLES[provider]
    instead = "secret push --scope org --from-env NAME"
    if candidate.type == OAUTH and candidate.credential is not None:
        instead = f"sync add {credential_id(candidate.credential)} --generic --scope org"
    if candidate.type != OAUTH or candidate.credential is not None:
        note(f"A generic secret can be replaced without a gap and fits sandboxes as well: {context.command(instead)}")
    note(f"An organization has one {title} credential; whenever it is replaced, there is none for a moment.")
    return agreed_for_organization(context, name, there)


def _kept_as_it_is(known: Rule | None, candidate: Candidate) -> bool:
    """Tell whether a rule keeps this very login already; storing it once more takes nothing from that rule."""
    credential = candidate.credential
    if known is None or credential is None:
        return False
    return (known.path, known.source_account) == (credential.path, credential.account)


def _refuse_kept(context: Context, provider: str, name: str, scope: str) -> None:
    for rule in context.db.rules(context.account.text):
        if (rule.provider, rule.name, rule.scope) == (provider, name, scope):
            raise Conflict(
                f"“{name}” is kept equal to {context.short(rule.path)} and would be changed back",
                remedy=f"Choose another --name, or stop that first: {context.command(f'sync forget {rule.id}')}",
            )


def _rule(
    context: Context, candidate: Candidate, known: Rule | None, name: str, scope: str, take_over: str
) -> tuple[Rule, bool]:
    """Record the rule; an explicit push says that path and account are right. Return it and whether it is new."""
    credential = candidate.credential
    assert credential is not None  # noqa: S101 -- the caller has looked
    account = context.account.text
    taken = [rule.id for rule in context.db.rules(account)]
    base = known or rule_for(credential, scope=scope, name=name, taken=taken)
    rule = replace(
        base,
        path=credential.path,
        source_account=credential.account,
        without_refresh_token=context.args.has("without-refresh-token") or base.without_refresh_token,
        gap_accepted=scope == ORG,
        take_over=take_over,
    )
    context.db.put_rule(account, rule)
    context.diary.rules([known] if known else [], [rule], "asked for", context.email)
    return rule, known is None


def _keep_in_sync(context: Context, rule: Rule, discovery: Discovery, *, is_new: bool) -> Outcome:
    try:
        if context.args.has("force") and not is_new:
            context.remote.resolve(rule.id, "accept", discovery)
        mine = _pushed(context, rule, discovery)
        if mine.code == "vanished":  # deleted elsewhere; pushing it is the answer
            context.remote.resolve(rule.id, "restore", discovery)
            mine = _pushed(context, rule, discovery)
    except AmikaError:
        if is_new:
            _undo(context, rule)
        raise
    if mine.did in STORED:
        return mine
    remedy = mine.problem.remedy if mine.problem is not None else ""
    why = within(mine.reason, context.short)
    if mine.did == "waiting":
        later = "goes on by itself" if context.agent is not None else "goes on when an agent runs"
        later = f"It is recorded and {later}; `{context.command('sync')}` tries at once."
        raise Failed(f"not stored yet: {why}", remedy=later if "amika sync" in remedy else f"{remedy} {later}")
    if is_new:
        _undo(context, rule)
    elif mine.code == "older":
        remedy = f"--force stores it all the same. {remedy}".strip()
    raise Failed(f"not stored: {why}", remedy=remedy)


def _undo(context: Context, rule: Rule) -> None:
    context.remote.forget(rule.id)
    context.diary.rules([rule], [], "it could not be stored", context.email)


def _pushed(context: Context, rule: Rule, discovery: Discovery) -> Outcome:
    again = partial(context.discover, beyond=True)
    outcomes = context.remote.run(discovery, again=again, only=[rule.id])
    context.diary.outcomes({}, outcomes, context.email)
    for outcome in outcomes:
        if outcome.rule == rule.id:
            return outcome
    raise Failed("the credential went away while it was being stored", remedy="Look again: amika secret extract")


def _report(context: Context, candidate: Candidate, outcome: Outcome, rule: Rule | None) -> int:
    verb = {"unchanged": "is stored already", "replaced": "was replaced"}.get(outcome.did, "is stored")
    lines = [f"“{outcome.name}” {verb} (scope {outcome.scope})."]
    if rule is not None:
        lines.append(f"It is kept in sync with {context.short(rule.path)} from now on.")
        lines.append(f"To stop that: {context.command(f'sync forget {rule.id}')}")
        lines += no_agent(context)
    elif candidate.found:
        lines.append("It was stored once and is not kept in sync.")
    value = {
        "provider": outcome.provider,
        "name": outcome.name,
        "type": outcome.type,
        "scope": outcome.scope,
        "id": outcome.remote_id,
        "action": outcome.did,
        "rule": rule.id if rule is not None else None,
        "kept_in_sync": rule is not None,
    }
    emit(context.args, value, lines)
    return 0
