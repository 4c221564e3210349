"""`amika auth logout almyty|akos`: at the server as far as it is ours to end, then the file; what happened is said."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from amika_cli.accounts.services import akos_folder, almyty_folder
from amika_local.errors import AmikaError

if TYPE_CHECKING:
    from amika_agent.accounts.signed_out import SignedOut
    from amika_cli.context import Context


def logout(context: Context, service: str) -> tuple[dict[str, Any], list[str], list[str]]:
    """Sign out of "almyty" or "akos"; return (report, lines, warnings).

    Raises:
        Failed: the login is still there.

    """
    return _almyty(context) if service == "almyty" else _akos(context)


def _almyty(context: Context) -> tuple[dict[str, Any], list[str], list[str]]:
    from amika_agent.accounts.almyty_sign_out import sign_out
    from amika_local.almyty_file import credentials_path

    folder = almyty_folder(context.args)
    result = sign_out(folder, context.http, local_url=_workspace(context, credentials_path(folder)))
    variable = "ALMYTY_TOKEN" if context.env.get("ALMYTY_TOKEN", "").strip() else ""
    told = _told("almyty", result, "; delete it in almyty's settings", variable)
    told[0]["credentialsFile"] = credentials_path(folder)
    return told


def _akos(context: Context) -> tuple[dict[str, Any], list[str], list[str]]:
    from amika_agent.accounts.akos_session import AkosKeeper
    from amika_local.akos_file import env_token

    keeper = AkosKeeper(akos_folder(context.args), context.http, context.clock)
    result = keeper.sign_out(local_url=_workspace(context, keeper.path))
    variable, _ = env_token(dict(context.env))
    return _told("akos", result, "; it may be valid there until it ends", variable)


def _told(service: str, result: SignedOut, step: str, variable: str) -> tuple[dict[str, Any], list[str], list[str]]:
    from amika_agent.stores.link import still_held

    warnings = [f"{result.problem}{step}"] if result.problem else []
    if result.left:
        warnings.append(still_held(result.left))
    if variable:
        warnings.append(f"{variable} is still set: commands of this shell go on using it")
    report = {
        "service": service,
        "was_signed_in": result.was_signed_in,
        "revoked": result.revoked,
        "detail": result.detail,
    }
    return report, [_sentence(result.done)], warnings


def _workspace(context: Context, login: str) -> str:
    """Return the local workspace's URL, started where a login is to be ended there; "" for the hosted services.

    One that does not start keeps nobody signed in: the sign-out then says that the server was not reached.
    """
    if context.args.local and os.path.lexists(login):
        with contextlib.suppress(AmikaError):
            return context.endpoints.api_url
    return ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
