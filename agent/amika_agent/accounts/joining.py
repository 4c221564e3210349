"""Following the sign-in that another process of this machine leads."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping

from amika_agent.accounts.device import SignInCancelled, Waiting
from amika_agent.accounts.flow_record import FlowRecord
from amika_agent.accounts.sign_in_events import CodeReady, SignedIn, SignInEvent
from amika_agent.clock import Clock
from amika_agent.session.keeper import SessionKeeper
from amika_local.errors import Conflict

LOOK = 0.25  # seconds between two looks at how far it is


def join(
    record: FlowRecord, keeper: SessionKeeper, clock: Clock, cancel: threading.Event, organization: str | None
) -> Generator[SignInEvent, None, bool]:
    """Follow it; return True when somebody is signed in, False when nobody leads any more: killed, or cancelled there.

    Args:
        record: of the one sign-in.
        keeper: finds the session when it is there.
        clock: time.
        cancel: set to leave; the sign-in goes on without us.
        organization: name or id that was asked for here; the session moves there when it went elsewhere.

    Raises:
        SignInCancelled: we left.
        SignInDenied, SignInExpired, Failed: how it ended.
        Conflict: it went to another organization, and the one asked for is not known.
        UsageError: it signs in to another server.

    """
    shown = ""
    while True:
        progress = record.read()
        if progress.user_code and progress.user_code != shown:
            shown = progress.user_code
            yield CodeReady(
                progress.user_code,
                progress.verification_uri,
                progress.verification_uri_complete,
                progress.expires_at,
                progress.interval,
                joined=True,
            )
        elif progress.state == "choose_organization" and shown != progress.state:
            shown = progress.state
            yield Waiting("choose the organization where the sign-in was started")
        if clock.sleep(LOOK, cancel):
            raise SignInCancelled("sign-in cancelled")
        if record.led():
            continue
        final = record.read()
        if final.state == "failed" and shown and final.code != SignInCancelled.code:
            raise final.error()
        session = keeper.stored() if final.state == "done" else None
        if session is None:
            return False
        if organization is not None:
            other = _elsewhere(organization, session.organization_id, keeper.organizations())
            session = keeper.switch_organization(other) if other else session
        yield SignedIn(session.email, session.organization_id)
        return True


def _elsewhere(wanted: str, present: str, names: Mapping[str, str]) -> str:
    """Return the id of the organization to move to, "" when the session is there already."""
    if wanted == present or _same(wanted, names.get(present, "")):
        return ""
    found = [wanted] if wanted.startswith("org_") else [one for one, name in names.items() if _same(wanted, name)]
    if len(found) != 1:
        raise Conflict(
            "you are signed in, but the sign-in that was under way went to another organization",
            remedy=f"Move to the one you want: amika auth switch-org {'ID' if found else 'NAME'}",
        )
    return found[0]


def _same(name: str, other: str) -> bool:
    return name.strip().casefold() == other.strip().casefold()
