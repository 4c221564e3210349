"""`amika whoami akos`, and AKOS's part of `amika auth status`: as light as that one."""

import os
import time

from amika_cli.accounts.other_words import nobody, shown, until_when
from amika_cli.accounts.services import akos_folder, own_environment
from amika_cli.flags import Args
from amika_local.akos_file import SIGN_IN, akos_identity
from amika_local.errors import AmikaError, Failed, NotSignedIn, UsageError


def look(args: Args) -> "tuple[dict[str, object], AmikaError | None]":
    """Return who is signed in (`akos_identity`, with `verified` where asked for) and what stands in the way."""
    who = akos_identity(own_environment(args), akos_folder(args), time.time())
    if not who["authenticated"]:
        return who, nobody(who, "AKOS", SIGN_IN)
    return who, _verified(args, who) if args.has("verify") else None


def summary(who: "dict[str, object]") -> "list[str]":
    """Return AKOS's lines of `auth status`."""
    lines = [f"Signed in to AKOS as {_name(who)}{_tenant(who)}", f"  from   {_store(who)}"]
    if who["expires_at"]:
        lines.append(f"  until  {until_when(who)}")
    if "verified" in who:
        lines.append("  server " + ("accepts it" if who["verified"] else "has not confirmed it"))
    return lines


def _verified(args: Args, who: "dict[str, object]") -> "AmikaError | None":
    from amika_agent.accounts.akos import whoami
    from amika_cli.accounts.akos_login import account as akos_account
    from amika_cli.context import Context

    who["verified"] = False
    try:
        with Context(args, env=own_environment(args)) as context:
            where, keeper = akos_account(context)
            who.update(whoami(where, context.env, keeper, context.http), url=where.api_url, verified=True)
        # asking may have renewed the session
        renewed = akos_identity(own_environment(args), akos_folder(args), time.time())
        who["expires_at"] = renewed["expires_at"]
    except NotSignedIn as error:
        who.update(authenticated=False, method="none", problem="rejected")
        return error
    except (Failed, UsageError) as error:
        return error
    return None


def report(who: "dict[str, object]") -> "dict[str, object]":
    """Return the JSON of `whoami akos`."""
    names = ("authenticated", "method", "email", "user_id", "tenant_id", "tenant_name", "url", "expires_at", "storage")
    found = {"service": "akos", **{name: who[name] for name in names}, "org_id": who["tenant_id"]}
    found |= {"problem": who["problem"], "warnings": who["warnings"]}
    return {**found, "verified": who["verified"]} if "verified" in who else found


def lines(who: "dict[str, object]") -> "list[str]":
    """Return `whoami akos` for a person."""
    told = [f"Logged in as {_name(who)}{_tenant(who)}"]
    if who["url"]:
        told.append(f"  workspace  {shown(who['url'])}{_reached(who)}")
    told.append(f"  from       {_store(who)}")
    if who["expires_at"]:
        told.append(f"  until      {until_when(who)}")
    return told


def _reached(who: "dict[str, object]") -> str:
    if "verified" not in who:
        return ""
    return " (it answers, and accepts the login)" if who["verified"] else " (it has not confirmed the login)"


def _name(who: "dict[str, object]") -> str:
    return shown(who["user_id"] or who["email"]) or "the owner of a token"


def _tenant(who: "dict[str, object]") -> str:
    return f" on tenant {shown(who['tenant_id'])}" if who["tenant_id"] else ""


def _store(who: "dict[str, object]") -> str:
    from amika_cli.render import home_short

    if who["method"] == "env_token":
        return f"the environment ({who['variable']})"
    return f"the device sign-in, kept in {shown(home_short(str(who['path']), os.path.expanduser('~')))}"
