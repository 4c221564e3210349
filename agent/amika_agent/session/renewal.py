"""Renewing the session under its lock, so that a kill, a lost answer or another program costs nobody a login.

The order is what counts: reserve the successor's room, note that the token is being sent, send it, store the
successor, look whether somebody signed out or in meanwhile, and only then make the successor the session.
"""

from __future__ import annotations

import contextlib
import os
import random
import time as _format
from typing import TYPE_CHECKING

from amika_agent.session.lock import uninterrupted
from amika_agent.session.parts import (
    Parts,
    RenewalPostponed,
    SessionEnded,
    grace_open,
    session_name,
    signed_out,
)
from amika_agent.session.request import Outcome, send
from amika_agent.session.rules import ADOPT_LEFT, asked_to_wait, digest, just_renewed, merged, skew_of
from amika_agent.session.store import KEPT_ASIDE
from amika_agent.stores.private_file import write_new
from amika_local.errors import Failed, NotSignedIn
from amika_local.session_file import SessionFileError, StoredSession, over

if TYPE_CHECKING:
    from amika_agent.session.meta import Meta
    from amika_local.secret import Secret

TORN_PATIENCE = 3.0
REREAD = (0.5, 1.0, 2.0)  # seconds after a refusal at which another program's new token may turn up
BACK_OFF = 5.0
ROUNDS = 4
NOT_LET_IN = ("400", "401", "403", "404", "422")  # what servers say to a switch into an organization that is not ours


def renew(
    parts: Parts,
    seen: StoredSession | None,
    *,
    rejected: Secret | None = None,
    organization: str = "",
) -> StoredSession:
    """Return a session whose token is good; the caller holds the session's lock.

    Args:
        parts: what it works with.
        seen: the session as it was before the lock was waited for.
        rejected: the access token that the API just refused with 401.
        organization: renew into this organization, whatever the token's expiry.

    Raises:
        as `SessionKeeper.fresh`.

    """
    parts.store.look_again()
    for _ in range(ROUNDS):
        current = _current(parts)
        meta = parts.meta.read()
        _claim(parts, current, meta)
        if not organization and _adoptable(parts, current, meta, seen, rejected):
            return current
        if parts.store.staged(current) is not None:
            _roll_forward(parts, current, meta)
            continue
        if not organization and rejected is None and parts.good(current, meta):
            return current
        _may_spend(parts, current, meta)
        renewed = _spend(parts, current, meta, organization)
        if renewed is not None:
            return renewed
        seen = current  # another program changed the file while the server refused: look again
    raise RenewalPostponed(
        "other programs keep changing the session", retry_at=parts.clock.now() + BACK_OFF, remedy="Try again."
    )


def _current(parts: Parts) -> StoredSession:
    try:
        current = parts.settled(TORN_PATIENCE)
    except SessionFileError as error:
        if error.kind == "corrupt":
            error.remedy = kept_aside(error.path)
        raise
    if current is None:
        parts.store.unstage()
        raise signed_out()
    return current


def _claim(parts: Parts, current: StoredSession, meta: Meta) -> None:
    """Make sure that the session is ours to use: not signed out before, and of the configured servers."""
    if parts.revoked(current, meta):
        parts.store.delete()
        raise NotSignedIn(
            "you signed out here; another program had written the old login back, and it was removed",
            remedy="Sign in: amika auth login",
        )
    if not parts.bound(current, meta):
        parts.check_first_use()
        parts.bind(current, meta)
        # on a file system that cannot be written nothing can be noted, and nothing renewed either
        with contextlib.suppress(Failed):
            parts.meta.write(meta)


def _adoptable(
    parts: Parts, current: StoredSession, meta: Meta, seen: StoredSession | None, rejected: Secret | None
) -> bool:
    now = parts.clock.now()
    if rejected is not None:
        # the refused token is gone already, or it is seconds old and another renewal would bring nothing
        return current.access_token != rejected or just_renewed(current, meta, now)
    other = seen is None or current.refresh_token != seen.refresh_token
    return other and parts.remaining(current, meta) >= ADOPT_LEFT and grace_open(meta, current, now) is None


def _roll_forward(parts: Parts, current: StoredSession, meta: Meta) -> None:
    """Finish what a killed process had already got from the server."""
    successor = parts.store.staged(current)
    if successor is None:
        return
    _bind_first(parts, current, successor, meta)
    parts.store.commit(successor)
    _note_success(parts, successor, meta, at=successor.issued_at)


def _bind_first(parts: Parts, before: StoredSession, renewed: StoredSession, meta: Meta) -> None:
    """Note the servers of a renewed session that got a new id, so that it is never on disk without them."""
    if session_name(renewed) != session_name(before):
        parts.bind(renewed, meta)
        _note(parts, meta)


def _may_spend(parts: Parts, current: StoredSession, meta: Meta) -> None:
    if not current.refresh_token:
        raise SessionEnded("your login has expired and cannot be renewed", reason="no_refresh_token")
    if meta.rejected == digest(current.refresh_token):
        raise ended(meta.rejected_code, lost=meta.rejected_lost)
    if asked_to_wait(meta, parts.clock.now()):
        raise _postponed("the sign-in server asked to wait", meta.not_before)


def _spend(parts: Parts, current: StoredSession, meta: Meta, organization: str) -> StoredSession | None:
    """Send the token and store what comes back; None = refused, but the session on disk is another one by now."""
    with uninterrupted():
        unanswered = _note_sending(parts, current, meta)
        outcome = send(
            current.refresh_token,
            parts.endpoints,
            parts.http,
            parts.clock,
            since_first=max(0.0, parts.clock.now() - meta.sent_at),
            may_be_spent=unanswered,
            organization=organization,
        )
        if outcome.kind == "renewed" and outcome.answer is not None and isinstance(outcome.answer.body, dict):
            return _store(parts, current, merged(current, outcome.answer.body, parts.clock.now()), meta)
    if outcome.kind == "ended" or (organization and outcome.code in NOT_LET_IN):
        return _refused(parts, current, meta, outcome, organization)
    _note_failure(parts, meta, outcome)
    raise _postponed(outcome.message, meta.not_before or parts.clock.now() + BACK_OFF * (1 + random.random()))  # noqa: S311 -- jitter


def _note_sending(parts: Parts, current: StoredSession, meta: Meta) -> bool:
    """Reserve the room and write down that the token is being sent; return whether it may be spent already."""
    parts.store.reserve(current)
    rt = digest(current.refresh_token)
    unanswered = meta.sent(rt)
    if grace_open(meta, current, parts.clock.now()) is None:
        meta.sent_at = parts.clock.now()
    meta.rt, meta.unanswered, meta.not_before = rt, unanswered, 0.0
    parts.meta.write(meta)
    return unanswered


def _store(parts: Parts, before: StoredSession, renewed: StoredSession, meta: Meta) -> StoredSession:
    """Store the successor, unless somebody signed out or in while the server was answering."""
    parts.store.stage(renewed, before)
    try:
        now = parts.settled(TORN_PATIENCE)
    except SessionFileError:
        now = before  # still torn: whoever writes there does not finish, and ours is whole
    if now is None:
        _drop(parts, renewed)
        raise NotSignedIn("you signed out while the session was being renewed", remedy="Sign in: amika auth login")
    if now.refresh_token != before.refresh_token and not _ours_is_later(before, renewed, now):
        if session_name(now) not in (session_name(before), session_name(renewed)):
            _drop(parts, renewed)
        parts.store.unstage()
        return now
    _bind_first(parts, before, renewed, meta)
    parts.store.commit(renewed)
    _note_success(parts, renewed, meta, at=None)
    return renewed


def _ours_is_later(before: StoredSession, renewed: StoredSession, found: StoredSession) -> bool:
    """Between two renewals of one session the later one counts; a tie, and any other session, is theirs."""
    if session_name(found) not in (session_name(before), session_name(renewed)):
        return False
    return (renewed.issued_at or 0.0) > (found.issued_at or 0.0)


def _drop(parts: Parts, renewed: StoredSession) -> None:
    parts.store.unstage()
    parts.revoke(renewed, timeout=5.0)


def _note_success(parts: Parts, renewed: StoredSession, meta: Meta, *, at: float | None) -> None:
    now = parts.clock.now()
    meta.skew = skew_of(renewed, now) if at is None else meta.skew
    meta.got, meta.got_at = digest(renewed.refresh_token), now if at is None else at + meta.skew
    meta.rt, meta.sent_at, meta.unanswered, meta.not_before = "", 0.0, False, 0.0
    meta.rejected, meta.rejected_code, meta.rejected_lost = "", "", False
    parts.bind(renewed, meta)
    _note(parts, meta)


def _note(parts: Parts, meta: Meta) -> None:
    """Write notes that only save work: a disk that is full by now must not hide what was reached.

    A sign-out that did not wait for us has noted meanwhile what must not come back.
    """
    with contextlib.suppress(Failed):
        meta.revoked_sids = parts.meta.read().revoked_sids
        parts.meta.write(meta)


def _note_failure(parts: Parts, meta: Meta, outcome: Outcome) -> None:
    parts.store.unstage()
    if not outcome.executable:
        meta.rt, meta.sent_at = "", 0.0
    if outcome.retry_after:
        meta.not_before = parts.clock.now() + outcome.retry_after
    _note(parts, meta)


def _refused(
    parts: Parts, current: StoredSession, meta: Meta, outcome: Outcome, organization: str
) -> StoredSession | None:
    parts.store.unstage()
    if organization and not outcome.executable:
        meta.rt, meta.sent_at = "", 0.0
        _note(parts, meta)
        raise Failed(
            "the server does not let you into that organization",
            remedy="Give the id of one of your own (org_…); amika auth login lets you choose from a list.",
        )
    waited = 0.0
    for moment in REREAD:
        parts.clock.sleep(moment - waited)
        waited = moment
        found = parts.settled(TORN_PATIENCE)
        if found is None:
            raise signed_out()
        if found.refresh_token != current.refresh_token:
            return None
    meta.rejected, meta.rejected_code = digest(current.refresh_token), outcome.code
    meta.rejected_lost = outcome.executable
    meta.rt, meta.sent_at = "", 0.0
    _note(parts, meta)
    raise ended(outcome.code, lost=meta.rejected_lost)


def ended(code: str, *, lost: bool) -> SessionEnded:
    """Return the error for a session that the server ended, in words for the person."""
    return SessionEnded(over(code, lost=lost), reason=code)


def _postponed(why: str, retry_at: float) -> RenewalPostponed:
    return RenewalPostponed(
        f"the session could not be renewed: {why}", retry_at=retry_at, remedy="You stay signed in; try again later."
    )


def kept_aside(path: str) -> str:
    """Copy a damaged file aside, once per version of it, and return what to tell the person."""
    try:
        with open(path, "rb") as file:
            data = file.read(1 << 20)
            stamp = _format.strftime("%Y%m%dT%H%M%SZ", _format.gmtime(os.fstat(file.fileno()).st_mtime))
        copy = f"{path}{KEPT_ASIDE}{stamp}"
        with contextlib.suppress(FileExistsError):
            write_new(copy, data)
    except OSError:
        return "Sign in: amika auth login"
    return f"A copy is kept as {copy}. Sign in: amika auth login"
