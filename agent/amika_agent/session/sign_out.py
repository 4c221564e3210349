"""Ending the session: at the server, then here; it wins against a renewal that is under way."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from amika_agent.session.lock import session_lock
from amika_agent.session.meta import Meta
from amika_agent.session.parts import Parts, session_name
from amika_agent.stores.keyring_process import KeyringProblem
from amika_agent.stores.link import left_behind, still_held
from amika_local.errors import Failed, UsageError
from amika_local.session_file import SessionFileError, StoredSession, session_path

LOCK_DEADLINE = 25.0
ENDED = frozenset({200, 204, 301, 302, 303, 307, 308, 404, 410})


@dataclass(frozen=True)
class SignOutResult:
    """What a sign-out did.

    signed_in  whether there was a login at all
    revoked    True: the server ended the session; False: it could not be reached or refused; None: nothing to revoke
    message    one line for the person
    """

    signed_in: bool
    revoked: bool | None
    message: str


def sign_out(parts: Parts, deadline: float, *, patience: float = LOCK_DEADLINE) -> SignOutResult:
    """Sign out.

    Args:
        parts: what it works with.
        deadline: seconds for the server.
        patience: seconds to wait for a renewal that is under way.

    Raises:
        Failed: the files cannot be deleted; the message tells what became of the session at the server.

    """
    with contextlib.ExitStack() as stack:
        # a renewal that does not finish is not waited for: it looks for the file before it stores anything;
        # where no lock can be had nothing can be written either, and the server is told all the same
        with contextlib.suppress(Failed):
            stack.enter_context(session_lock(parts.state_dir, parts.clock, deadline=patience))
        left = left_behind(session_path(parts.state_dir))
        result = _locked(parts, deadline)
        parts.store.file.delete_kept_aside()
        return replace(result, message=f"{result.message}; {still_held(left)}") if left else result


def _locked(parts: Parts, deadline: float) -> SignOutResult:
    try:
        session, successor = _present(parts)
    except SessionFileError:
        parts.store.delete()
        return SignOutResult(
            signed_in=True,
            revoked=False,
            message="removed a damaged login; the session it held could not be ended at the server",
        )
    meta = parts.meta.read()
    kept = Meta(skew=meta.skew, revoked_sids=meta.revoked_sids)
    if session is None:
        parts.store.unstage()
        with contextlib.suppress(Failed):
            parts.store.tidy()
        return SignOutResult(signed_in=False, revoked=None, message="you were not signed in")
    kept.revoke(session_name(session))
    result = _revoked(parts, successor or session, meta, deadline)
    if successor is not None:
        kept.revoke(session_name(successor))
    # noted first: from here on the session cannot come back, even if we are killed before it is deleted;
    # on a full disk nothing can be noted, but deleted all the same
    with contextlib.suppress(Failed):
        parts.meta.write(kept)
    _delete(parts, result)
    if not parts.store.untidy:
        return result
    later = "the keyring cannot be reached; what it holds is deleted as soon as it can be"
    return replace(result, message=f"{result.message}; {later}")


def _delete(parts: Parts, result: SignOutResult) -> None:
    try:
        parts.store.delete()
    except Failed as error:
        what = "the session was ended at the server, but not" if result.revoked else "the session was not ended, nor"
        raise Failed(f"{what} deleted here: {error.message}", remedy=error.remedy) from None


def _present(parts: Parts) -> tuple[StoredSession | None, StoredSession | None]:
    """Return the session and a successor that a killed renewal left."""
    try:
        session = parts.store.load()
        return session, None if session is None else parts.store.staged(session)
    except KeyringProblem:
        # its id is enough to end it at the server
        return parts.store.keychain.named(), None


def _revoked(parts: Parts, session: StoredSession, meta: Meta, deadline: float) -> SignOutResult:
    try:
        parts.bound(session, meta)
    except UsageError:
        return SignOutResult(
            signed_in=True,
            revoked=False,
            message="signed out here; the session belongs to another server and was not ended there",
        )
    if not session.session_id:
        return SignOutResult(
            signed_in=True, revoked=None, message="signed out here; this session has no id to end it by at the server"
        )
    answer = parts.revoke(session, timeout=deadline)
    if answer is not None and answer.status in ENDED:
        return SignOutResult(signed_in=True, revoked=True, message="signed out")
    why = "the server could not be reached" if answer is None else f"the server refused (HTTP {answer.status})"
    return SignOutResult(
        signed_in=True,
        revoked=False,
        message=f"signed out here, but the session was not ended at the server: {why}",
    )
