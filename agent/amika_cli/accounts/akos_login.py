"""`amika auth login akos`: a device code; with a token in the environment there is nothing to do."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

from amika_agent.accounts.akos import SCOPE, AkosSignedIn, sign_in
from amika_agent.accounts.akos_endpoints import AkosPlace, akos_place
from amika_agent.accounts.akos_session import AkosKeeper
from amika_agent.accounts.device import DeviceCode, Waiting
from amika_cli.accounts.services import akos_folder
from amika_cli.render import clean, emit, note, span
from amika_cli.terminal.browser import has_screen, open_page
from amika_local.akos_file import env_token
from amika_local.errors import UsageError
from amika_local.login_file import LoginFileError

if TYPE_CHECKING:
    from amika_cli.context import Context


def login(context: Context) -> int:
    """Sign in to AKOS; return the exit code.

    Raises:
        UsageError: --scope holds what no scope does.
        AmikaError: what `sign_in` raises.

    """
    variable, _ = env_token(dict(context.env))
    if variable:
        lines = [f"{variable} is set: it is your login (not checked; amika whoami akos --verify asks the workspace)."]
        emit(context.args, {"service": "akos", "method": "env_token", "variable": variable}, lines)
        return 0
    where, keeper = account(context, new=True)
    _say_present(keeper)
    scope = context.args.get("scope", SCOPE).strip()
    if not all(word.isascii() and word.isprintable() and '"' not in word for word in scope.split()):
        raise UsageError("--scope holds characters that no scope has")
    for event in sign_in(where, keeper, context.http, context.clock, cancel=threading.Event(), scope=scope):
        match event:
            case DeviceCode():
                _show_code(context, event)
            case Waiting(message=message) if message:
                note(message)
            case AkosSignedIn():
                who = clean(event.user_id or event.email) or "you"
                report = {"service": "akos", "method": "session", "email": event.email}
                report |= {"user_id": event.user_id, "tenant_id": event.tenant_id, "url": where.api_url}
                emit(context.args, report, [f"Logged in as {who}{on_tenant(event.tenant_id)}"])
    context.nudge()
    return 0


def account(context: Context, *, new: bool = False) -> tuple[AkosPlace, AkosKeeper]:
    """Return where the AKOS account lives and the keeper of its session.

    Args:
        context: the command.
        new: about to sign in, so that the session that is there says nothing about the place.

    Raises:
        UsageError: no address is known, or one must not be used.

    """
    local_url = context.endpoints.api_url if context.args.local else ""
    client_id = context.args.get("client-id")
    keeper = AkosKeeper(akos_folder(context.args), context.http, context.clock)
    session = None
    if not new and not env_token(dict(context.env))[0]:
        with contextlib.suppress(LoginFileError):
            session = keeper.stored()
    values = context.settings.values
    return akos_place(context.env, values, local_url=local_url, client_id=client_id, session=session), keeper


def on_tenant(tenant_id: str) -> str:
    """Return what follows "Logged in as …"."""
    return f" on tenant {clean(tenant_id)}" if tenant_id else ""


def _show_code(context: Context, code: DeviceCode) -> None:
    page = code.verification_uri_complete or code.verification_uri
    note(f"To sign in, open  {page}")
    note(f"and check the code  {code.user_code}")
    note(f"Waiting for your approval ({span(max(0.0, code.expires_at - context.clock.now()))}, Ctrl-C cancels) …")
    if not context.args.has("no-browser") and has_screen(os.environ):
        open_page(page)


def _say_present(keeper: AkosKeeper) -> None:
    try:
        present = keeper.stored()
    except LoginFileError as error:
        note(f"warning: {error.message}; it is replaced by the new login")
        return
    if present is not None:
        who = clean(present.texts["user_id"]) or "somebody"
        note(f"You are signed in to AKOS as {who}; the new login replaces that one.")
