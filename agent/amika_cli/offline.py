"""The present facts without an agent: read here and now, no network, nothing written."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from amika_agent import state
from amika_agent.accounts.amika import Authority
from amika_agent.accounts.endpoints import resolve_endpoints
from amika_agent.engine_account import AccountPart
from amika_agent.engine_local import LocalFacts
from amika_agent.engine_remote import RemoteFacts
from amika_agent.sync import env_cache
from amika_agent.sync.env_cache import EnvCacheResult
from amika_local.credential import Problem
from amika_local.errors import AmikaError

if TYPE_CHECKING:
    from amika_agent.accounts.amika import AccountKey
    from amika_cli.context import Context
    from amika_local.discovery import Discovery
    from amika_shared.snapshot import Snapshot

NO_WORKSPACE = "http://127.0.0.1:9"


def snapshot(context: Context) -> Snapshot:
    """Return what can be known without asking a server. What fails becomes a problem, never an error."""
    from amika_shared.snapshot import read_snapshot

    problems: list[Problem] = []
    local = _local(context)
    accounts = AccountPart(context.profile, context.env, context.clock, "cli", lambda: context.settings)
    url, remote = _remote(context, problems)
    known = replace(accounts.facts, api_url=url, problems=tuple(problems))
    return read_snapshot(state.build(state.Facts(context.profile, context.clock.now(), known, local, remote)))


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
        result = env_cache.reconcile(context.profile.env_cache, discovery, context.db, context.clock, dry_run=True)
    except AmikaError as error:
        return EnvCacheResult("problem", 0, problems=(_problem("sync_db", error),))
    return replace(result, state="behind") if result.changed and result.state == "current" else result


def _remote(context: Context, problems: list[Problem]) -> tuple[str, RemoteFacts]:
    """Return the server's address and what the ledger knows of the account's pushed secrets."""
    try:
        url, account = _account(context)
        if account is None or not os.path.exists(context.profile.sync_db):
            return url, RemoteFacts()
        db, key = context.db, account.text
        return url, RemoteFacts(db.rules(key), db.pushed(key), db.pending(key), db.holds(key))
    except AmikaError as error:
        problems.append(_problem("session", error))
        return "", RemoteFacts()


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
