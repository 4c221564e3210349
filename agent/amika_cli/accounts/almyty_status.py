"""`amika whoami almyty`, and almyty's part of `amika auth status`: as light as that one."""

import os
import time

from amika_cli.accounts.services import almyty_folder, own_environment
from amika_cli.flags import Args
from amika_local import rfc3339
from amika_local.almyty_file import SIGN_IN, almyty_identity, credentials_path
from amika_local.errors import AmikaError, Failed, NotSignedIn, UsageError
from amika_local.modes import tighten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_agent.accounts.almyty_api import AlmytyProfile


def run(args: Args) -> int:
    """Print who is signed in to almyty."""
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
    """Return who is signed in (`almyty_identity`, with `verified` where asked for) and what stands in the way."""
    env, folder = own_environment(args), almyty_folder(args)
    repaired = [path for path in (folder, credentials_path(folder)) if tighten(path)]
    who = almyty_identity(env, folder, time.time())
    warnings = who["warnings"]
    if isinstance(warnings, list):
        warnings += [f"others could have read {path}; its permissions are repaired now" for path in repaired]
    if not who["authenticated"]:
        return who, _nobody(who)
    return who, _verified(args, who) if args.has("verify") else None


def summary(who: "dict[str, object]") -> "list[str]":
    """Return almyty's lines of `auth status`."""
    from amika_cli.render import clean

    name = clean(str(who["email"] or "")) or "the owner of a token"
    place = clean(str(who["organization"] or ""))
    lines = [f"Signed in to almyty as {name}" + (f", organization {place}" if place else "")]
    lines.append(f"  from   {_store(who)}")
    if who["expires_at"]:
        lines.append(f"  until  {_expiry(who)}")
    if "verified" in who:
        lines.append("  server " + ("accepts it" if _is_verified(who) else "not asked"))
    return lines


def account(who: "dict[str, object]") -> "dict[str, object]":
    """Return almyty's entry among the accounts."""
    return {
        "service": "almyty",
        "signed_in": who["authenticated"],
        "method": who["method"],
        "email": who["email"],
        "user_id": "",
        "org_id": "",
        "organization": who["organization"],
        "api_url": who["url"],
        "expires_at": who["expires_at"],
        "storage": who["storage"],
    }


def _verified(args: Args, who: "dict[str, object]") -> "AmikaError | None":
    from amika_agent.accounts.almyty import place, verify
    from amika_cli.context import Context

    who["verified"] = {"ok": False, "reason": "not asked"}
    try:
        with Context(args, env=own_environment(args)) as context:
            local_url = context.endpoints.api_url if args.local else ""
            where = place(context.env, almyty_folder(args), local_url=local_url)
            who["url"], who["frontendUrl"] = where.api_url, where.frontend_url
            _note(who, verify(where, context.env, context.http))
    except NotSignedIn as error:
        who.update(authenticated=False, method="none", problem="rejected", verified=_no(error))
        return error
    except (Failed, UsageError) as error:
        who["verified"] = _no(error)
        return error
    return None


def _note(who: "dict[str, object]", profile: "AlmytyProfile") -> None:
    organizations = [{"id": one.id, "name": one.name, "role": one.role} for one in profile.organizations]
    who["verified"] = {"ok": True, "email": profile.email, "organizations": organizations}
    who["email"] = profile.email or who["email"]
    who["organization"] = profile.organization or who["organization"]


def _no(error: AmikaError) -> "dict[str, object]":
    return {"ok": False, "reason": error.message}


def _nobody(who: "dict[str, object]") -> NotSignedIn:
    reasons = _texts(who["warnings"])
    if who["problem"] and reasons:
        what, _, step = reasons[0].rpartition("; ")
        return NotSignedIn(what, remedy=step[:1].upper() + step[1:])
    return NotSignedIn("nobody is signed in to almyty", remedy=f"Sign in: {SIGN_IN}")


def _report(who: "dict[str, object]") -> "dict[str, object]":
    found: dict[str, object] = {
        "service": "almyty",
        "authenticated": who["authenticated"],
        "method": who["method"],
        "email": who["email"],
        "org_id": "",
        "organization": who["organization"],
        "url": who["url"],
        "frontendUrl": who["frontendUrl"],
        "tokenPreview": who["tokenPreview"],
        "expiry": who["expiry"],
        "expiresAt": who["expires_at"] or None,
        "storage": who["storage"],
        "credentialsFile": who["path"],
        "problem": who["problem"],
        "warnings": who["warnings"],
    }
    return {**found, "verified": who["verified"]} if "verified" in who else found


def _lines(who: "dict[str, object]") -> "list[str]":
    from amika_cli.render import clean

    lines = [f"Logged in as {clean(str(who['email'])) or 'the owner of a token'}"]
    if who["organization"]:
        lines.append(f"Organization: {clean(str(who['organization']))}")
    lines += [
        f"API: {clean(str(who['url']))}",
        f"Frontend: {clean(str(who['frontendUrl']))}",
        f"Token: {who['tokenPreview']}",
        f"Expiry: {_expiry(who)}",
        f"Store: {_store(who)}",
    ]
    return [*lines, *_answer(who)]


def _answer(who: "dict[str, object]") -> "list[str]":
    from amika_cli.render import clean

    told = who.get("verified")
    if not isinstance(told, dict):
        return []
    if not told["ok"]:
        return ["Verified: no"]
    listed = ", ".join(
        clean(one["name"]) + (f" ({clean(one['role'])})" if one["role"] else "") for one in told["organizations"]
    )
    return [f"Orgs: {listed or 'none'}", "Verified: yes"]


def _expiry(who: "dict[str, object]") -> str:
    from amika_cli.render import until

    end = rfc3339.parse(str(who["expires_at"]))
    return "unknown" if end is None else f"{who['expires_at']} ({until(end, time.time())})"


def _store(who: "dict[str, object]") -> str:
    from amika_cli.render import clean, home_short

    if who["method"] == "env_token":
        return "the environment (ALMYTY_TOKEN)"
    return clean(home_short(str(who["path"]), os.path.expanduser("~")))


def _is_verified(who: "dict[str, object]") -> bool:
    told = who.get("verified")
    return isinstance(told, dict) and bool(told["ok"])


def _texts(value: object) -> "list[str]":
    return [str(item) for item in value] if isinstance(value, list) else []
