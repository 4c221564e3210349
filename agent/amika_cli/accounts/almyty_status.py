"""`amika whoami almyty`, and almyty's part of `amika auth status`: as light as that one."""

import os
import time

from amika_cli.accounts.other_words import nobody, shown, until_when
from amika_cli.accounts.services import almyty_folder, own_environment
from amika_cli.flags import Args
from amika_local.almyty_file import SIGN_IN, almyty_identity, config_path, credentials_path
from amika_local.errors import AmikaError, Failed, NotSignedIn, UsageError
from amika_local.modes import tighten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_agent.accounts.almyty_api import AlmytyProfile


def look(args: Args) -> "tuple[dict[str, object], AmikaError | None]":
    """Return who is signed in (`almyty_identity`, with `verified` where asked for) and what stands in the way."""
    env, folder = own_environment(args), almyty_folder(args)
    repaired = [path for path in (folder, credentials_path(folder), config_path(folder)) if tighten(path)]
    who = almyty_identity(env, folder, time.time())
    warnings = who["warnings"]
    if isinstance(warnings, list):
        warnings += [f"others could get at {path}; its permissions are repaired now" for path in repaired]
    if not who["authenticated"]:
        return who, nobody(who, "almyty", SIGN_IN)
    return who, _verified(args, who) if args.has("verify") else None


def summary(who: "dict[str, object]") -> "list[str]":
    """Return almyty's lines of `auth status`."""
    name = shown(who["email"]) or "the owner of a token"
    place = shown(who["organization"])
    lines = [f"Signed in to almyty as {name}" + (f", organization {place}" if place else "")]
    lines.append(f"  from   {_store(who)}")
    if who["expires_at"]:
        lines.append(f"  until  {until_when(who)}")
    if "verified" in who:
        lines.append("  server " + ("accepts it" if _is_verified(who) else "has not confirmed it"))
    return lines


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
    who["org_id"] = profile.organization_id or who["org_id"]


def _no(error: AmikaError) -> "dict[str, object]":
    return {"ok": False, "reason": error.message}


def report(who: "dict[str, object]") -> "dict[str, object]":
    """Return the JSON of `whoami almyty`."""
    found: dict[str, object] = {
        "service": "almyty",
        "authenticated": who["authenticated"],
        "method": who["method"],
        "email": who["email"],
        "org_id": who["org_id"],
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


def lines(who: "dict[str, object]") -> "list[str]":
    """Return `whoami almyty` for a person."""
    place = [f"Organization: {shown(who['organization'])}"] if who["organization"] else []
    return [
        f"Logged in as {shown(who['email']) or 'the owner of a token'}",
        *place,
        f"API: {shown(who['url'])}",
        f"Frontend: {shown(who['frontendUrl'])}",
        f"Token: {who['tokenPreview']}",
        f"Expiry: {until_when(who) or 'unknown'}",
        f"Store: {_store(who)}",
        *_answer(who),
    ]


def _answer(who: "dict[str, object]") -> "list[str]":
    told = who.get("verified")
    if not isinstance(told, dict):
        return []
    if not told["ok"]:
        return ["Verified: no"]
    listed = ", ".join(
        shown(one["name"]) + (f" ({shown(one['role'])})" if one["role"] else "") for one in told["organizations"]
    )
    return [f"Orgs: {listed or 'none'}", "Verified: yes"]


def _store(who: "dict[str, object]") -> str:
    from amika_cli.render import home_short

    if who["method"] == "env_token":
        return "the environment (ALMYTY_TOKEN)"
    return shown(home_short(str(who["path"]), os.path.expanduser("~")))


def _is_verified(who: "dict[str, object]") -> bool:
    told = who.get("verified")
    return isinstance(told, dict) and bool(told["ok"])
