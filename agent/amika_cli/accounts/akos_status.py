"""`amika whoami akos`, and AKOS's part of `amika auth status`: as light as that one."""

import os
import time

from amika_cli.accounts.services import akos_folder, own_environment
from amika_cli.flags import Args
from amika_local import rfc3339
from amika_local.akos_file import SIGN_IN, akos_identity
from amika_local.errors import AmikaError, Failed, NotSignedIn, UsageError


def run(args: Args) -> int:
    """Print who is signed in to AKOS."""
    who, refusal = look(args)
    if args.output == "text":
        from amika_cli.render import note, show

        if who["authenticated"]:
            show(_lines(who))
        for warning in _texts(who["warnings"]) if who["authenticated"] else []:
            note(f"warning: {warning}")
    else:
        from amika_cli.render import emit

        emit(args, _report(who), [])
    if refusal is not None:
        raise refusal
    return 0


def look(args: Args) -> "tuple[dict[str, object], AmikaError | None]":
    """Return who is signed in (`akos_identity`, with `verified` where asked for) and what stands in the way."""
    who = akos_identity(own_environment(args), akos_folder(args), time.time())
    if not who["authenticated"]:
        return who, _nobody(who)
    return who, _verified(args, who) if args.has("verify") else None


def summary(who: "dict[str, object]") -> "list[str]":
    """Return AKOS's lines of `auth status`."""
    lines = [f"Signed in to AKOS as {_name(who)}{_tenant(who)}", f"  from   {_store(who)}"]
    if who["expires_at"]:
        lines.append(f"  until  {_until(who)}")
    if "verified" in who:
        lines.append("  server " + ("accepts it" if who["verified"] else "not asked"))
    return lines


def account(who: "dict[str, object]") -> "dict[str, object]":
    """Return AKOS's entry among the accounts."""
    return {
        "service": "akos",
        "signed_in": who["authenticated"],
        "method": who["method"],
        "email": who["email"],
        "user_id": who["user_id"],
        "org_id": who["tenant_id"],
        "organization": who["tenant_name"],
        "api_url": who["url"],
        "expires_at": who["expires_at"],
        "storage": who["storage"],
    }


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


def _nobody(who: "dict[str, object]") -> NotSignedIn:
    reasons = _texts(who["warnings"])
    if who["problem"] and reasons:
        what, _, step = reasons[0].rpartition("; ")
        return NotSignedIn(what, remedy=step[:1].upper() + step[1:])
    return NotSignedIn("nobody is signed in to AKOS", remedy=f"Sign in: {SIGN_IN}")


def _report(who: "dict[str, object]") -> "dict[str, object]":
    names = ("authenticated", "method", "email", "user_id", "tenant_id", "tenant_name", "url", "expires_at", "storage")
    found = {"service": "akos", **{name: who[name] for name in names}, "org_id": who["tenant_id"]}
    found |= {"problem": who["problem"], "warnings": who["warnings"]}
    return {**found, "verified": who["verified"]} if "verified" in who else found


def _lines(who: "dict[str, object]") -> "list[str]":
    from amika_cli.render import clean

    lines = [f"Logged in as {_name(who)}{_tenant(who)}"]
    if who["url"]:
        lines.append(f"  workspace  {clean(str(who['url']))}{_reached(who)}")
    lines.append(f"  from       {_store(who)}")
    if who["expires_at"]:
        lines.append(f"  until      {_until(who)}")
    return lines


def _reached(who: "dict[str, object]") -> str:
    if "verified" not in who:
        return ""
    return " (it answers, and accepts the login)" if who["verified"] else " (not reached)"


def _name(who: "dict[str, object]") -> str:
    from amika_cli.render import clean

    return clean(str(who["user_id"] or who["email"] or "")) or "the owner of a token"


def _tenant(who: "dict[str, object]") -> str:
    from amika_cli.render import clean

    return f" on tenant {clean(str(who['tenant_id']))}" if who["tenant_id"] else ""


def _store(who: "dict[str, object]") -> str:
    from amika_cli.render import clean, home_short

    if who["method"] == "env_token":
        return f"the environment ({who['variable']})"
    return f"the device sign-in, kept in {clean(home_short(str(who['path']), os.path.expanduser('~')))}"


def _until(who: "dict[str, object]") -> str:
    from amika_cli.render import until

    end = rfc3339.parse(str(who["expires_at"]))
    return "" if end is None else f"{who['expires_at']} ({until(end, time.time())})"


def _texts(value: object) -> "list[str]":
    return [str(item) for item in value] if isinstance(value, list) else []
