"""`amika up --once`: one whole cycle in this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from amika_cli.accounts.approval import Approval
from amika_cli.render import emit
from amika_cli.rules.outcome_text import pushed
from amika_cli.status_text import account_line, credential_lines, ours, problem_lines
from amika_local.credential import API_KEY
from amika_local.errors import AmikaError, Failed
from amika_shared.snapshot import read_snapshot

if TYPE_CHECKING:
    from amika_cli.context import Context
    from amika_shared.snapshot import CredentialLine, Snapshot

PUSHABLE = {
    "claude-oauth": "secret claude push --type oauth",
    "claude-keychain": "secret claude push --type oauth",
    "claude-api": "secret claude push --type api_key",
}


def once(context: Context) -> int:
    """Sign in if nobody is, then look, cache and push once; print what came of it.

    Raises:
        NotSignedIn: the sign-in was denied, expired or cancelled.
        Failed: something could not be pushed; the result was printed.

    """
    engine = context.engine
    engine.look()
    engine.renew()
    if not _signed_in(read_snapshot(engine.snapshot())):
        _sign_in(context)
    pushes = engine.cycle()
    snapshot = read_snapshot(engine.snapshot())
    emit(context.args, _result(snapshot, pushes), _text(context, snapshot, pushes))
    trouble = _trouble(snapshot, pushes)
    if trouble:
        raise Failed(trouble, remedy="Run it again, or see `amika status`.")
    return 0


def _trouble(snapshot: Snapshot, pushes: Sequence[Mapping[str, Any]]) -> str:
    """Return what failed, or ""; a bad source and what waits for a decision are problems of the result, no failure."""
    for push in pushes:
        if not push["ok"] and push["action"] != "blocked":
            return f"not pushed: {push['name']}: {push['detail']}"
    return next(iter(ours(snapshot)), "")


def _signed_in(snapshot: Snapshot) -> bool:
    return any(account["signed_in"] for account in snapshot["accounts"])


def _sign_in(context: Context) -> None:
    approval, cancel = Approval(context), threading.Event()
    choose = approval.choose if context.prompts.interactive else None
    try:
        for event in context.engine.sign_in(cancel, choose_organization=choose):
            approval.show(event)
    finally:
        cancel.set()


def _result(snapshot: Snapshot, pushes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    accounts = snapshot["accounts"]
    return {
        "account": accounts[0] if accounts else None,
        "credentials": snapshot["credentials"],
        "env_cache": snapshot["env_cache"],
        "pushes": list(pushes),
        "problems": snapshot["problems"],
    }


def _text(context: Context, snapshot: Snapshot, pushes: Sequence[Mapping[str, Any]]) -> list[str]:
    now, short = context.clock.now(), context.short
    cache = snapshot["env_cache"]
    count = "1 entry" if cache["entries"] == 1 else f"{cache['entries']} entries"
    lines = [f"account: {account_line(account, now)}" for account in snapshot["accounts"]]
    lines += ["", *credential_lines(snapshot["credentials"], now, short), ""]
    lines.append(f"env cache {cache['state']}: {count}: {short(cache['path'])}")
    lines += [pushed(push) for push in pushes]
    lines += suggestions(context, snapshot)
    if snapshot["problems"]:
        lines += ["", "problems", *map(context.typed, problem_lines(snapshot["problems"], short))]
    return lines


def suggestions(context: Context, snapshot: Snapshot) -> list[str]:
    """Return the commands that would begin to push what is found and not pushed; nothing is pushed unasked."""
    if not _signed_in(snapshot):
        return []
    by_itself = context.settings.words("sync.auto_push")
    kept = _kept_sources(context)
    here = [
        line
        for line in snapshot["credentials"]
        if line["used"] and line["sync"]["state"] == "not_pushed" and line["source"] not in kept
    ]
    words = [_command(line) for line in here]
    wanted = [command for command in dict.fromkeys(words) if command and command.split()[1] not in by_itself]
    lines = [f"not pushed; to keep it in your sandboxes: {context.command(command)}" for command in wanted]
    others = [line for line in here if line["kind"] == API_KEY and not _command(line)]
    if others:  # one line, though there may be hundreds
        which = "it" if len(others) == 1 else f"one of {len(others)} other keys"
        add = context.command(f"sync add {others[0]['id']}")
        lines.append(f"not pushed; to keep {which} as a variable in your sandboxes: {add}")
    return lines


def _kept_sources(context: Context) -> set[str]:
    # an agent that has just started has not read its rules yet
    if context.args.local or not os.path.exists(context.profile.sync_db):
        return set()
    try:
        return {rule.source for rule in context.db.rules(context.account.text)}
    except AmikaError:
        return set()


def _command(line: CredentialLine) -> str:
    if line["source"].startswith("codex"):
        return f"secret codex push --type {line['kind']}"
    return PUSHABLE.get(line["source"], "")
