"""`amika auth status` and `amika whoami`: on the path of shell prompts, so it loads as little as it can."""

import os
import time

from amika_cli.accounts.services import chosen, own_environment
from amika_cli.flags import Args, Flag
from amika_local import rfc3339
from amika_local.errors import AmikaError, Failed, NotSignedIn
from amika_local.identity import identity, what_is_wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_cli.context import Context

USAGE = "[amika|almyty|akos] [FLAGS]"
TEXT = """Shows who is signed in (e-mail and organization), from which store, and until when. Exit 3 when nobody is.
Without a service: Amika, and every other one that you are signed in to. Nothing is asked of a server without --verify.

amika   AMIKA_API_KEY counts before a stored API key, and that before the browser login.
almyty  ALMYTY_TOKEN counts; with it set the stored login is not read.
akos    AGENTSKIT_TOKEN or AKOS_TOKEN counts before the session."""
FLAGS = (Flag("verify", "", "ask the server whether it accepts the login"),)
WORDS = (0, 1)

# a Go `amika` may be in the middle of writing its file
TORN = ("corrupt", "blank")
LOOKS = 4
PAUSE = 0.1


def run(args: Args) -> int:
    """Print who is signed in."""
    service = chosen(args)
    if service != "amika":
        from amika_cli.accounts.other_status import run as run_other

        return run_other(args, service)
    env = own_environment(args)
    who = _identity(env, _state_dir(args, env))
    refusal: AmikaError | None = None if who["authenticated"] else _nobody(who, " --local" if args.local else "")
    if args.has("verify") and refusal is None:
        refusal = _verified(args, who)
    others, other_refusal = _others(args)
    _show(args, who, service, others)
    # somebody is signed in: that nobody is at Amika is told, and no failure
    if refusal is not None and (who["problem"] or "verified" in who or not any(other[1] for other in others)):
        raise refusal
    if other_refusal is not None:
        raise other_refusal
    return 0


def _others(args: Args) -> "tuple[list[tuple[list[str], bool, dict[str, object], list[str]]], AmikaError | None]":
    """Return (lines, signed in, account, warnings) of every other service, and what the server said against one."""
    from amika_cli.accounts.services import present_others

    names = [] if args.words else present_others(args)
    if not names:
        return [], None
    from amika_cli.accounts.other_status import described

    return described(args, names)


def _identity(env: "dict[str, str]", state_dir: str) -> "dict[str, object]":
    for last in range(LOOKS):
        who = identity(env, state_dir, time.time())
        if who["problem"] not in TORN or last == LOOKS - 1:
            break
        time.sleep(PAUSE)
    return who


def _state_dir(args: Args, env: "dict[str, str]") -> str:
    if args.local:
        from amika_shared.profile import resolve

        return resolve(os.environ, local=True).amika_state_dir
    from amika_local.paths import amika_state_dir

    return amika_state_dir(env, os.path.expanduser("~"))


def _verified(args: Args, who: "dict[str, object]") -> "AmikaError | None":
    """Ask the server; note the answer in `who` and return what stands in the way."""
    from amika_cli.context import Context

    who["verified"] = None
    try:
        with Context(args) as context:
            _note(who, context)
    except NotSignedIn as error:
        who["verified"] = who["authenticated"] = False
        who["method"], who["problem"] = "none", "rejected"
        return error
    except Failed as error:
        return error
    return None


def _note(who: "dict[str, object]", context: "Context") -> None:
    if not _told_by_the_agent(context):
        context.authority.verify()
    who["verified"] = True
    who["api_url"] = context.endpoints.api_url
    if who["method"] == "session":
        # asking may have renewed the session
        renewed = identity(dict(context.account_env), context.profile.amika_state_dir, time.time())
        who.update({name: renewed[name] for name in ("expires_at", "warnings", "email", "org_id", "organization")})


def _told_by_the_agent(context: "Context") -> bool:
    """Ask by way of the running agent whether the server takes the login; False when that was not to be learned."""
    if context.through_agent is None:
        return False
    try:
        context.through_agent.list_generic()
    except NotSignedIn:
        raise
    except AmikaError:
        return False  # asked directly, it is told in full: a server may know who we are and refuse the list
    return True


def _nobody(who: "dict[str, object]", profile: str) -> NotSignedIn:
    what, remedy = what_is_wrong(who)
    if what:
        return NotSignedIn(what, remedy=remedy)
    return NotSignedIn("nobody is signed in to Amika", remedy=f"Sign in: amika auth login{profile}")


def _show(
    args: Args,
    who: "dict[str, object]",
    service: str,
    others: "list[tuple[list[str], bool, dict[str, object], list[str]]]",
) -> None:
    if args.output == "text":
        from amika_cli.render import note, show

        if who["authenticated"]:
            show(_lines(who))
        elif any(other[1] for other in others):
            show(["Not signed in to Amika (amika auth login)"])
        for other in others:
            show(other[0])
        mine = _texts(who["warnings"]) if who["authenticated"] else []
        for warning in [*mine, *(text for other in others for text in other[3])]:
            note(f"warning: {warning}")
        return
    account = {"service": service, "signed_in": who["authenticated"]}
    names = ("method", "email", "user_id", "org_id", "organization", "expires_at", "storage")
    account.update({name: who[name] for name in names})
    who["accounts"] = [account, *(other[2] for other in others)]
    if args.output == "json":
        from amika_local.document import dumps

        print(dumps(who))
    else:
        from amika_cli.render import encoded

        print(encoded(who, args.output))


def _lines(who: "dict[str, object]") -> "list[str]":
    from amika_cli.render import clean, until

    name = clean(str(who["email"] or who["user_id"]))
    place = clean(str(who["organization"] or who["org_id"]))
    unnamed = "by a login without a name" if who["method"] == "session" else "with an API key"
    lines = [f"Signed in to Amika {f'as {name}' if name else unnamed}" + (f", organization {place}" if place else "")]
    lines.append(f"  from   {_source(who)}")
    end = rfc3339.parse(str(who["expires_at"]))
    if end is not None:
        now = time.time()
        then = "" if not who["renewable"] else "; renewed before" if end > now else "; renewed when it is needed next"
        lines.append(f"  until  {who['expires_at']} ({until(end, now)}{then})")
    if "verified" in who:
        lines.append("  server " + ("accepts it" if who["verified"] else "not known now"))
    return lines


def _source(who: "dict[str, object]") -> str:
    from amika_cli.render import clean, home_short

    if who["method"] == "env_api_key":
        return "the environment (AMIKA_API_KEY)"
    path = clean(home_short(str(who["path"]), os.path.expanduser("~")))
    kind = "the stored API key" if who["method"] == "stored_api_key" else "the browser login"
    return f"{kind}, kept in {'the keyring' if who['storage'] == 'keychain' else path}"


def _texts(value: object) -> "list[str]":
    return [str(item) for item in value] if isinstance(value, list) else []
