"""`amika auth login almyty`: by the browser, by a code on any device, or with a token."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING

from amika_agent.accounts.almyty import (
    AlmytySignedIn,
    PageReady,
    Place,
    place,
    sign_in,
    sign_in_with_token,
)
from amika_agent.accounts.device import Waiting
from amika_agent.accounts.loopback import Typed
from amika_cli.accounts.services import almyty_folder
from amika_cli.render import clean, emit, note, span
from amika_cli.terminal.browser import has_screen, open_page, tunnel
from amika_cli.terminal.hidden import LINE_LIMIT, Hidden
from amika_local.almyty_file import credentials_path, read_login
from amika_local.errors import UsageError
from amika_local.login_file import LoginFileError
from amika_local.secret import Secret

if TYPE_CHECKING:
    from amika_cli.context import Context


def login(context: Context) -> int:
    """Sign in to almyty, or store a token after checking it with the server."""
    args = context.args
    for name in ("api", "frontend"):
        if args.has(name) and not args.get(name).strip():
            raise UsageError(f"--{name} needs an address", remedy="Leave the flag out for the usual one.")
    where = place(
        context.env,
        almyty_folder(args),
        local_url=context.endpoints.api_url if args.local else "",
        api=args.get("api"),
        frontend=args.get("frontend"),
        exchange=context.settings.text("almyty.exchange_path"),
    )
    if args.has("token") and args.has("token-file"):
        raise UsageError("--token and --token-file say the same thing twice", remedy="Pass one of them.")
    _say_present(where)
    token = _given_token(context)
    done = _by_browser(context, where) if token is None else sign_in_with_token(where, token, context.http)
    if token is not None:
        _tell(context, done)
    context.nudge()
    if context.env.get("ALMYTY_TOKEN", "").strip():
        note("warning: ALMYTY_TOKEN is set and is used before this login; unset it to use the login")
    return 0


def _by_browser(context: Context, where: Place) -> AlmytySignedIn:
    args = context.args
    browser = not args.has("no-browser") and has_screen(context.env)
    typed = None if browser or not context.prompts.interactive else Typed(sys.stdin.fileno(), _line)
    done: AlmytySignedIn | None = None
    with Hidden(sys.stdin.fileno()) if typed else contextlib.nullcontext():
        for event in sign_in(
            where,
            context.http,
            context.clock,
            cancel=threading.Event(),
            port=_port(context),
            headless=not browser and not args.has("port"),
            typed=typed,
        ):
            match event:
                case PageReady():
                    _show_page(context, event, browser=browser, typed=typed is not None)
                case Waiting(message=message) if message:
                    note(message)
                case AlmytySignedIn():
                    done = event
                    _tell(context, event)  # before the browser's last page is served: nobody waits for that
    if done is None:
        raise AssertionError("a sign-in ends with AlmytySignedIn or an error")
    return done


def _show_page(context: Context, ready: PageReady, *, browser: bool, typed: bool) -> None:
    lasts = span(max(0.0, ready.expires_at - context.clock.now()))
    if ready.code:
        note(f"To sign in, open on any device  {ready.url}")
        note(f"and check the code  {ready.code}")
    else:
        note(f"To sign in, open  {ready.url}")
        line = tunnel(context.env, ready.port)
        if line:
            note("If your browser is on another machine, run there first:")
            note(f"  {line}")
        if typed:
            note("Or paste a token here and press Enter (it is not shown).")
        elif line:
            note(f"Or store a token: {context.command('auth login almyty --token-file PATH')}")
    note(f"Waiting for your approval ({lasts}, Ctrl-C cancels) …")
    if browser:
        open_page(ready.url)


def _tell(context: Context, done: AlmytySignedIn) -> None:
    organizations = [{"id": one.id, "name": one.name} for one in done.profile.organizations]
    report = {
        "service": "almyty",
        "method": "file",
        "email": done.email,
        "organization": done.organization,
        "organizations": organizations,
        "url": done.api_url,
        "credentialsFile": done.path,
    }
    lines = [f"Logged in as {clean(done.email) or 'you'}"]
    if done.organization:
        lines.append(f"Organization: {clean(done.organization)}")
    emit(context.args, report, [*lines, f"API: {done.api_url}"])
    if done.replaced:
        note(f"warning: {clean(done.replaced)}")


def _say_present(where: Place) -> None:
    try:
        present = read_login(credentials_path(where.folder))
    except LoginFileError as error:
        note(f"warning: {error.message}; it is replaced by the new login")
        return
    if present is not None:
        note(f"You are signed in to almyty as {clean(present.email) or 'somebody'}; the new login replaces that one.")


def _given_token(context: Context) -> Secret | None:
    args = context.args
    if args.has("token-file"):
        from amika_agent.accounts.api_key import checked_key
        from amika_cli.files import read_given

        return checked_key(*read_given(args.get("token-file")))
    if not args.has("token"):
        return None
    if args.get("token"):
        note("warning: a token on the command line is visible to other users; use --token-file PATH or - (stdin)")
        token = Secret(args.get("token").strip())
    else:
        token = context.prompts.secret("almyty token", otherwise="Pass --token-file PATH, or - for stdin.")
    text = token.reveal().strip()
    if not _is_token(text):
        raise UsageError("that is not a token", remedy="It must be one word, for example almyty_…")
    return Secret(text)


def _is_token(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text and len(text) <= 4096


def _port(context: Context) -> int:
    text = context.args.get("port", "0")
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535):
        raise UsageError("--port must be a whole number from 0 to 65535")
    return int(text)


def _line() -> Secret | None:
    line = sys.stdin.readline()
    text = line.strip()
    if text and not (_is_token(text) and len(line) < LINE_LIMIT):
        note("That is not a token: it must be one word, for example almyty_… Paste it again.")
        text = ""
    return Secret(text) if line else None
