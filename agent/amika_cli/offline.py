"""The present facts without an agent: read here and now, no network, nothing written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amika_agent.accounts.authority import Authority
from amika_agent.endpoints import resolve_endpoints
from amika_agent.engine import other_accounts
from amika_agent.engine.account import AccountPart
from amika_agent.snapshot import state
from amika_agent.snapshot.facts import LocalFacts, OtherFacts, RemoteFacts
from amika_agent.snapshot.rule_state import marks
from amika_agent.sync import env_cache
from amika_agent.sync.env_cache import EnvCacheResult
from amika_agent.sync.facts import Facts, PushSettings
from amika_agent.sync.outcome import told
from amika_agent.sync.payload import payload
from amika_agent.sync.plan import BLOCKED, plan
from amika_local.credential import Credential, Problem
from amika_local.errors import AmikaError, UsageError
from amika_local.identity import what_is_wrong
from amika_shared.snapshot import read_snapshot

if TYPE_CHECKING:
    from amika_agent.accounts.amika import AccountKey
    from amika_agent.sync.journal import SyncDb
    from amika_agent.sync.records import Pushed
    from amika_agent.sync.rules import Rule
    from amika_cli.context import Context
    from amika_local.discovery import Discovery
    from amika_shared.snapshot import Snapshot

NO_WORKSPACE = "http://127.0.0.1:9"


def snapshot(context: Context) -> Snapshot:
    """Return what can be known without asking a server. What fails becomes a problem, never an error."""
    local = _local(context)
    accounts = AccountPart(context.profile, context.env, context.clock, "cli", lambda: context.settings)
    problems = _of_login(accounts.facts.who)
    url, remote = _remote(context, local.discovery, problems)
    known = replace(accounts.facts, api_url=url, problems=tuple(problems))
    now, until = context.clock.now(), context.paused_until()
    facts = state.Facts(context.profile, now, known, local, remote, until, _others(context))
    return read_snapshot(state.build(facts))


def _others(context: Context) -> OtherFacts:
    accounts, problems = other_accounts.read(
        context.profile, other_accounts.own_environment(context.profile, context.env), context.clock.now()
    )
    return OtherFacts(accounts, None, tuple(problems))


def _of_login(who: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the login; being signed out is no problem."""
    what, remedy = what_is_wrong(who)
    return [Problem("session", what, source="amika", path=str(who.get("path") or ""), remedy=remedy)] if what else []


def _local(context: Context) -> LocalFacts:
    discovery = context.discover()
    cache = env_cache_now(context, discovery)
    found = (*context.settings.problems, *discovery.problems, *cache.problems)
    return LocalFacts(discovery, context.settings, cache, found, None)


def env_cache_now(context: Context, discovery: Discovery) -> EnvCacheResult:
    """Return how the env cache stands to what was found; `changed` is what bringing it up to date would change."""
    if not context.settings.on("env_cache.enabled"):
        return EnvCacheResult("off", 0)
    if not os.path.exists(context.profile.sync_db):
        names = tuple(sorted(c.native_name for c in discovery.winners.values() if c.native_name))
        return EnvCacheResult("behind" if names else "current", 0, names)
    try:
        paused = context.paused_until() is not None
        result = env_cache.reconcile(
            context.profile.env_cache, discovery, context.db, context.clock, paused=paused, dry_run=True
        )
    except AmikaError as error:
        return EnvCacheResult("problem", 0, problems=(_problem("sync_db", error),))
    return replace(result, state="behind") if result.changed and result.state == "current" else result


def _remote(context: Context, discovery: Discovery, problems: list[Problem]) -> tuple[str, RemoteFacts]:
    """Return the server's address, what the ledger knows of the account's pushed secrets, and what asks for an answer.

    Drift is not among it: that takes the server's listing (`amika sync --dry-run`).
    """
    found = discovery.credentials
    try:
        url, account = _account(context)
        if account is None or not os.path.exists(context.profile.sync_db):
            return url, RemoteFacts()
        db, key = context.db, account.text
        rules, pushed = db.rules(key), db.pushed(key)
        unchanged = [rule for rule in rules if _is_pushed(rule, pushed.get(rule.id), found, db)]
        seen = marks(unchanged, found)
        holds, pending = db.holds(key), db.pending(key)
        facts = Facts(
            rules, found, discovery.problems, context.clock.now(), db.machine_id, db.fingerprint,
            PushSettings(paused_until=context.paused_until()), pushed, pending=pending, holds=holds,
        )  # fmt: skip
        asked = {action.rule: told(action) for action in plan(facts).actions if action.kind == BLOCKED}
        return url, RemoteFacts(rules, pushed, pending, holds, asked, seen)
    except AmikaError as error:
        problems.append(_problem("session", error))
        return "", RemoteFacts()


def _is_pushed(rule: Rule, last: Pushed | None, found: Sequence[Credential], db: SyncDb) -> bool:
    """Tell whether what the rule would send is what the ledger says was sent."""
    credential = next((credential for credential in found if rule.takes(credential)), None)
    if last is None or credential is None:
        return last is not None
    try:
        return db.fingerprint(payload(rule, credential).reveal()) == last.fingerprint
    except UsageError:
        return False


def _account(context: Context) -> tuple[str, AccountKey | None]:
    # the workspace is looked for, not started: looking must not leave anything running
    local_url = None
    if context.args.local:
        from amika_agent.workspace.launch import find

        running = find(context.profile.workspace_dir, context.clock)
        local_url = running.url if running is not None else NO_WORKSPACE
    endpoints = resolve_endpoints(context.account_env, local_url=local_url, settings=context.settings.values)
    state_dir = context.profile.amika_state_dir
    authority = Authority(state_dir, context.account_env, endpoints, context.http, context.clock, "cli")
    return "" if local_url == NO_WORKSPACE else endpoints.api_url, authority.account()


def _problem(code: str, error: AmikaError) -> Problem:
    return Problem(code, error.message, source="amika", remedy=error.remedy)
