"""`amika auth login`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amika_cli.accounts.services import chosen, own_environment
from amika_cli.flags import Args, Flag
from amika_local.errors import Failed, NotSignedIn, Unreachable, UsageError

if TYPE_CHECKING:
    from amika_cli.context import Context
    from amika_local.secret import Secret

USAGE = "[amika|almyty|akos] [FLAGS]"
TEXT = """Signs in through the browser; without a service, to Amika. You may be signed in to all three at once.

amika   shows a code and opens the page where you approve it; without a browser here, open it on any other device.
almyty  opens its page, which hands a key back to this machine. --no-browser: a code that any device approves, where
        the server has that; else the link is printed, with what SSH needs, and a token may be pasted instead.
akos    like amika. The workspace is AKOS_API_URL or the setting akos.api_url. With AGENTSKIT_TOKEN or AKOS_TOKEN set
        there is nothing to do.

--api-key-file (amika) and --token-file (almyty) store a key instead, after the server has accepted it.

  amika auth login
  amika auth login almyty --no-browser
  pass show almyty | amika auth login almyty --token-file -
  AKOS_API_URL=https://akos.example.com amika auth login akos"""
FLAGS = (
    Flag("no-browser", "", "do not open a browser: only print the page, and the code where there is one"),
    Flag("org", "NAME|ID", "amika: the organization to sign in to"),
    Flag("api-key-file", "PATH|-", "amika: store the API key in this file (- for stdin) instead of signing in"),
    Flag("token-file", "PATH|-", "almyty: store the token in this file (- for stdin) instead of signing in"),
    Flag(
        "token",
        "VALUE",
        "almyty: store this token; others can see it here, without a value it is asked for",
        optional=True,
    ),
    Flag("api", "URL", "almyty: its API, https; remembered after success"),
    Flag("frontend", "URL", "almyty: its web pages, https; remembered after success"),
    Flag("port", "N", "almyty: the port on this machine that its page comes back to (default: any free one)"),
    Flag("scope", "SCOPE", "akos: what the session may do (default: cli)"),
    Flag("client-id", "ID", "akos: the client id that your workspace has for us (default: akos-cli)"),
)
WORDS = (0, 1)

_OF_SERVICE = {
    "amika": ("org", "api-key-file"),
    "almyty": ("token-file", "token", "api", "frontend", "port"),
    "akos": ("scope", "client-id"),
}


def run(args: Args) -> int:
    """Sign in, or store an API key."""
    from amika_cli.context import Context

    service = chosen(args)
    _check_flags(args, service)
    if service != "amika":
        return _other(args, service)
    if args.has("api-key-file") and args.has("org"):
        raise UsageError("--org is for the browser sign-in", remedy="An API key belongs to one organization already.")
    with Context(args) as context:
        if context.endpoints.warning:
            _say(f"warning: {context.endpoints.warning}")
        return _store_key(context) if args.has("api-key-file") else _browser(context)


def _check_flags(args: Args, service: str) -> None:
    for other, names in _OF_SERVICE.items():
        for name in names:
            if other != service and args.has(name):
                raise UsageError(f"--{name} is for {other}", remedy=f"Name the service: amika auth login {other}")


def _other(args: Args, service: str) -> int:
    from amika_cli.context import Context

    with Context(args, env=own_environment(args)) as context:
        code = _login(context, service)
        context.engine.note_services()
        return code


def _login(context: Context, service: str) -> int:
    if service == "almyty":
        from amika_cli.accounts.almyty_login import login as login_to_almyty

        return login_to_almyty(context)
    from amika_cli.accounts.akos_login import login as login_to_akos

    return login_to_akos(context)


def _browser(context: Context) -> int:
    from amika_cli.accounts.parking import Before
    from amika_cli.accounts.signing_in import sign_in_here
    from amika_cli.render import clean, emit

    _say_present(context)
    before = Before(context)
    wanted = context.args.get("org").strip()
    if context.args.has("org") and not wanted:
        raise UsageError("--org needs the name or the id of an organization")
    done = sign_in_here(context, organization=wanted or None, browser=not context.args.has("no-browser"))
    context.nudge()
    place = f", organization {clean(context.organization)}" if done.organization_id else ""
    emit(
        context.args,
        {"service": "amika", "method": "session", "email": done.email, "org_id": done.organization_id},
        [f"Signed in to Amika as {clean(done.email) or 'you'}{place}."],
    )
    before.note_parked()
    method = context.authority.method
    if method == "env_api_key":
        _say("warning: AMIKA_API_KEY is set and is used before this login; unset it to use the login")
    elif method == "stored_api_key":
        _say("warning: a stored API key is used before this login; `amika auth logout` removes both")
    return 0


def _say_present(context: Context) -> None:
    from amika_cli.render import clean
    from amika_local.session_file import SessionFileError

    try:
        present = context.authority.keeper.named()
    except SessionFileError as error:
        kept = ", a copy is kept beside it" if error.kind == "corrupt" else ""
        _say(f"warning: {error.message}; it is replaced by the new login{kept}")
        return
    if present is not None and context.signed_in:
        _say(f"You are signed in as {clean(present.email) or 'you'}; the new login replaces that one.")


def _store_key(context: Context) -> int:
    from amika_agent.accounts.api_key import checked_key, store_api_key
    from amika_cli.files import read_given
    from amika_cli.render import emit

    data, name = read_given(context.args.get("api-key-file"))
    key = checked_key(data, name)
    reached = _accepted(context, key)
    path = store_api_key(context.profile.amika_state_dir, key, context.endpoints, context.clock)
    context.note_account()
    context.nudge()
    if not reached:
        _say("warning: the server could not be reached, so the key was stored unchecked (amika auth status --verify)")
    emit(
        context.args,
        {"service": "amika", "method": "stored_api_key", "path": path, "verified": reached},
        [f"The API key is stored in {context.short(path)} and used from now on."],
    )
    return 0


def _accepted(context: Context, key: Secret) -> bool:
    """Return True when the server accepts the key, False when it cannot be asked."""
    from amika_agent.accounts.authority import is_verdict

    url = f"{context.endpoints.api_url}/api/v0beta1/secrets"
    try:
        answer = context.http.request("GET", url, bearer=key, timeout=5.0)
    except Unreachable:
        return False
    if answer.status == 401:
        raise NotSignedIn("the server rejects this API key; nothing was stored", remedy="Check the key and its server.")
    if not is_verdict(answer):
        what = "what answers is not Amika" if answer.ok else f"HTTP {answer.status}"
        raise Failed(
            f"the server could not check the key ({what}); nothing was stored",
            remedy="Check AMIKA_API_URL, or try again later.",
        )
    return True


def _say(line: str) -> None:
    from amika_cli.render import note

    note(line)
