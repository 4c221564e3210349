"""`amika auth logout`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from amika_cli.accounts.services import SERVICES, chosen, own_environment
from amika_cli.flags import Args, Flag
from amika_local.errors import AmikaError, UsageError

if TYPE_CHECKING:
    from amika_agent.session.keeper import SignOutResult
    from amika_cli.context import Context

# what one service's sign-out tells: report, lines, warnings
Told = tuple[dict[str, Any], list[str], list[str]]

USAGE = "[amika|almyty|akos] [--all]"
TEXT = """Ends the login at the server, then deletes it here, also when the server cannot be reached: what could not be
ended there is said. Without a service: of Amika. Secrets you pushed stay stored; the command names them.
Running it again does no harm.

amika   a stored API key is deleted here too; it stays valid until you revoke it in Amika.
almyty  the key is deleted at the server when `amika auth login almyty` made it; any other stays valid there.
akos    the session ends at your workspace."""
FLAGS = (Flag("all", "", "sign out of every service"),)
WORDS = (0, 1)
DEADLINE = 60.0  # seconds of silence from an agent that ends its open work


def run(args: Args) -> int:
    """Sign out."""
    from amika_cli.render import emit, note

    if args.has("all") and args.words:
        raise UsageError("--all means every service", remedy="Name one service, or pass --all.")
    services = SERVICES if args.has("all") else (chosen(args),)
    told: list[Told] = []
    failures: list[AmikaError] = []
    for service in services:
        try:
            told.append(_amika(args) if service == "amika" else _other(args, service))
        except AmikaError as error:  # the other services are signed out all the same
            failures.append(error)
    first = told[0][0] if told else {}
    if told:
        report = {**first, "services": [one[0] for one in told]} if args.has("all") else first
        emit(args, report, [line for one in told for line in one[1]])
    for warning in [text for one in told for text in one[2]]:
        note(f"warning: {warning}")
    if failures:
        raise failures[0]
    return 0


def _other(args: Args, service: str) -> Told:
    from amika_cli.accounts.other_logout import logout
    from amika_cli.context import Context

    with Context(args, env=own_environment(args)) as context:
        told = logout(context, service)
        context.engine.note_services()
        context.nudge()
        return told


def _amika(args: Args) -> Told:
    from amika_cli.context import Context
    from amika_cli.render import clean

    with Context(args) as context:
        from amika_agent.accounts.api_key import delete_api_key
        from amika_agent.stores.link import left_behind
        from amika_local.session_file import api_key_path

        result = _signed_out(context)
        signed_in, revoked, detail = bool(result["was_signed_in"]), result["revoked"], str(result["detail"])
        left = [str(name) for name in result["left_remotely"]]
        linked = left_behind(api_key_path(context.profile.amika_state_dir))
        had_key = delete_api_key(context.profile.amika_state_dir)
        context.note_account()
        context.nudge()
        lines = [f"{clean(detail[:1].upper() + detail[1:])}."] if signed_in or not had_key else []
        if had_key:
            lines.append("The stored API key was deleted here; it stays valid until you revoke it in Amika.")
        if left:
            lines.append(f"Secrets you pushed stay stored: {', '.join(clean(name) for name in left)}")
        report = {
            "service": "amika",
            "was_signed_in": signed_in or had_key,
            "revoked": revoked,
            "detail": detail,
            "api_key_deleted": had_key,
            "left_remotely": left,
        }
        warnings = [detail] if revoked is False else []
        if linked:
            warnings.append(f"the stored API key was a link, and {linked} still holds it")
        if context.account_env.get("AMIKA_API_KEY", "").strip():
            warnings.append("AMIKA_API_KEY is still set: commands of this shell go on using it")
        return report, lines, warnings


def _signed_out(context: Context) -> dict[str, Any]:
    """Sign out: by the running agent, which ends its open work first; else here, ending what a crash left open."""
    from amika_shared.client import AgentError

    left = _stays_stored(context)
    if context.agent is not None:
        # an agent that fails is no reason to stay signed in: the same is done here, under the same locks
        with contextlib.suppress(AgentError):
            found = context.agent.call("sign_out", timeout=DEADLINE)
            return {**found, "left_remotely": sorted({*left, *found.get("left_remotely", [])})}
    left = sorted({*left, *_end_open_work(context)})
    result = _ended(context)
    return {
        "was_signed_in": result.signed_in,
        "revoked": result.revoked,
        "detail": result.message,
        "left_remotely": left,
    }


def _ended(context: Context) -> SignOutResult:
    """Sign out here; a local workspace that does not start keeps nobody signed in."""
    from amika_local.errors import Failed

    try:
        return context.authority.keeper.sign_out()
    except Failed as error:
        if not context.args.local or "endpoints" in vars(context):
            raise
        from dataclasses import replace

        result = context.unreached_keeper().sign_out(deadline=0.0)
        why = f"{result.message} (the local workspace cannot be started: {error.message})"
        return replace(result, message=why) if result.revoked is False else result


def _end_open_work(context: Context) -> list[str]:
    """Finish replacements that a crash left open, while we still may; return the names of those that stay open."""
    import os

    if not os.path.exists(context.profile.sync_db):
        return []
    try:
        account = context.authority.account()
        if account is None or not context.db.pending(account.text):
            return []
        with contextlib.suppress(AmikaError):
            context.remote.recover(context.discover())
        return [entry.name for entry in context.db.pending(account.text)]
    except AmikaError:
        return []


def _stays_stored(context: Context) -> list[str]:
    """Return the names of the secrets that rules of this account keep at the server; never a reason to fail."""
    import os

    if not os.path.exists(context.profile.sync_db):
        return []
    try:
        account = context.authority.account()
        if account is None:
            return []
        pushed = context.db.pushed(account.text)
        return sorted({rule.name for rule in context.db.rules(account.text) if rule.id in pushed})
    except AmikaError:
        return []
