"""`amika auth switch-org`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amika_cli.flags import Args, Flag
from amika_local.errors import NotSignedIn, UsageError

if TYPE_CHECKING:
    from amika_cli.context import Context

USAGE = "[NAME|ID]"
TEXT = """Moves the login to another of your organizations. By its id (org_…), or by a name that an earlier sign-in
offered, at once; by another name, or without one to choose from a list, through the browser.
Push rules stay with the organization they were made for: nothing of theirs is sent to the new one.

  amika auth switch-org Acme
  amika auth switch-org org_01ABC…"""
FLAGS = (Flag("no-browser", "", "do not open a browser: only print the page and the code"),)
WORDS = (0, 1)


def run(args: Args) -> int:
    """Switch the organization."""
    from amika_cli.accounts.parking import Before
    from amika_cli.context import Context
    from amika_cli.render import clean, emit

    wanted = args.words[0].strip() if args.words else ""
    if args.words and not wanted:
        raise UsageError("the organization's name is blank", remedy="Give its id (org_…) or its name.")
    with Context(args) as context:
        if context.authority.method in ("env_api_key", "stored_api_key"):
            raise UsageError("an API key belongs to one organization", remedy="Sign in instead: amika auth login --org")
        before = context.authority.account()
        if before is None:
            raise NotSignedIn("nobody is signed in to Amika", remedy=f"Sign in: {context.command('auth login')}")
        left = Before(context)
        email, org_id = _switched(context, wanted)
        context.note_account()
        context.nudge()
        left.note_parked()
        report = {"service": "amika", "email": email, "org_id": org_id, "previous_org_id": before.org_id}
        emit(args, report, [f"You now work in the organization {clean(context.organization)}."])
    return 0


def _switched(context: Context, wanted: str) -> tuple[str, str]:
    known = _known(context, wanted)
    if known:
        session = context.authority.keeper.switch_organization(known)
        return session.email, session.organization_id
    from amika_cli.accounts.signing_in import sign_in_here

    done = sign_in_here(context, organization=wanted or None, browser=not context.args.has("no-browser"))
    return done.email, done.organization_id


def _known(context: Context, wanted: str) -> str:
    """Return the id of the organization when it was given, or when exactly one has that name; else ""."""
    if wanted.startswith("org_"):
        return wanted
    names = context.authority.keeper.organizations()
    found = [one for one, name in names.items() if name.casefold() == wanted.casefold()]
    return found[0] if len(found) == 1 else ""
