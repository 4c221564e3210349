"""`amika auth logout`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amika_cli.flags import Args, Flag
from amika_cli.services import chosen, own_environment
from amika_local.errors import UsageError

if TYPE_CHECKING:
    from amika_cli.context import Context

USAGE = "[amika] [--all]"
TEXT = """Ends the session at the server, then deletes the login here; a stored API key is deleted too.
Secrets you pushed stay stored at the server: the command names them. Running it again does no harm."""
FLAGS = (Flag("all", "", "sign out of every service"),)
WORDS = (0, 1)


def run(args: Args) -> int:
    """Sign out."""
    from amika_cli.context import Context
    from amika_cli.render import clean, emit, note

    if args.has("all") and args.words:
        raise UsageError("--all means every service", remedy="Name one service, or pass --all.")
    chosen(args)
    with Context(args, env=own_environment(args)) as context:
        from amika_agent.accounts.api_key import delete_api_key

        left = _stays_stored(context)
        result = context.authority.keeper.sign_out()
        had_key = delete_api_key(context.profile.amika_state_dir)
        context.nudge()
        lines = [f"{result.message[:1].upper()}{result.message[1:]}."] if result.signed_in or not had_key else []
        if had_key:
            lines.append("The stored API key was deleted here; it stays valid until you revoke it in Amika.")
        if left:
            lines.append(f"Secrets you pushed stay stored: {', '.join(clean(name) for name in left)}")
        report = {
            "service": "amika",
            "was_signed_in": result.signed_in or had_key,
            "revoked": result.revoked,
            "detail": result.message,
            "api_key_deleted": had_key,
            "left_remotely": left,
        }
        emit(args, report, lines)
        if result.revoked is False:
            note(f"warning: {result.message}")
        if context.env.get("AMIKA_API_KEY", "").strip():
            note("warning: AMIKA_API_KEY is still set: commands of this shell go on using it")
    return 0


def _stays_stored(context: Context) -> list[str]:
    """Return the names of the secrets that rules of this account keep at the server; never a reason to fail."""
    import os

    from amika_local.errors import AmikaError

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
