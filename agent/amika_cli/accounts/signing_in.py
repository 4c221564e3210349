"""The browser sign-in as a terminal shows it: code and page, what it waits for, the choice of an organization."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from amika_agent.accounts.amika import ChooseOrganization, CodeReady, Organization, SignedIn, Waiting, sign_in
from amika_cli.render import clean, note, span
from amika_cli.terminal.browser import has_screen, open_page

if TYPE_CHECKING:
    from amika_cli.context import Context


def sign_in_here(context: Context, *, organization: str | None = None, browser: bool = True) -> SignedIn:
    """Sign in, showing on stderr what the person has to do; Ctrl-C cancels.

    Args:
        context: of the command.
        organization: name or id, when the person named one.
        browser: open the page by itself, where that is possible.

    Raises:
        as `amika_agent.accounts.amika.sign_in`.

    """
    events = sign_in(
        context.endpoints,
        context.http,
        context.clock,
        cancel=threading.Event(),
        keeper=context.authority.keeper,
        choose_organization=(lambda choices: _chosen(context, choices)) if context.prompts.interactive else None,
        organization=organization,
    )
    followed = False
    for event in events:
        match event:
            case CodeReady(joined=joined):
                if followed:
                    note("That sign-in was given up where it was started; this is a code of your own.")
                followed = joined
                _show_code(context, event, browser=browser)
            case Waiting(message=message) if message:
                note(message)
            case ChooseOrganization():
                pass  # the question itself comes from _chosen
            case SignedIn():
                context.note_account()
                return event
    raise AssertionError("a sign-in ends with SignedIn or an error")


def _show_code(context: Context, ready: CodeReady, *, browser: bool) -> None:
    page = ready.verification_uri_complete or ready.verification_uri
    if ready.joined:
        note("A sign-in is already under way on this machine; this is its code.")
    note(f"To sign in, open  {page}")
    note(f"and check the code  {ready.user_code}")
    left = math.ceil(max(0.0, ready.expires_at - context.clock.now()))
    note(f"Waiting for your approval ({span(left)}, Ctrl-C cancels) …")
    if browser and not ready.joined and has_screen(os.environ):
        open_page(page)


def _chosen(context: Context, choices: Sequence[Organization]) -> str:
    labels = [f"{clean(one.name)} ({clean(one.id)})" for one in choices]
    index = context.prompts.choose("Which organization?", labels, otherwise="Pass --org NAME or --org ID.")
    return choices[index].id
