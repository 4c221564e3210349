"""Device authorization (RFC 8628): a program asks, a person decides, the program collects its session."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from amika_agent.clock import Clock
from amika_agent.workspace.plain_text import shown
from amika_agent.workspace.sessions import Pair, Sessions
from amika_agent.workspace.storage import (
    APPROVED,
    DENIED,
    PENDING,
    USED,
    AlreadyExistsError,
    DeviceCode,
    Storage,
)

LIFETIME = 600
MOST_PENDING = 200

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 6.1: no vowels, so no words; no look-alikes of digits
_SLOWER = 5.0
_TOLERANCE = 0.25  # a poll that a timer fired a little early is not "too fast"


log = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request that OAuth answers with an error: `error` is its code, `description` is for the person."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True)
class Started:
    """What the asking program gets; the device code is its secret."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int


@dataclass(frozen=True)
class Pending:
    """What the person sees. `state`: "pending", "approved", "denied", "used" or "expired"."""

    user_code: str
    program: str
    machine: str
    state: str
    seconds_left: int


class SignIn:
    """The sign-ins of one workspace."""

    def __init__(self, storage: Storage, sessions: Sessions, clock: Clock, *, interval: int) -> None:
        self._storage = storage
        self._sessions = sessions
        self._clock = clock
        self._interval = interval

    def start(self, client_id: str, *, program: str = "", machine: str = "") -> Started:
        """Begin a sign-in for a program; `program` and `machine` are what it says about itself.

        Raises:
            RefusedError: too many sign-ins wait already.

        """
        now = self._clock.now()
        if self._storage.count_pending(now) >= MOST_PENDING:
            raise RefusedError("temporarily_unavailable", "Too many sign-ins are waiting for a person.", status=429)
        device_code = secrets.token_urlsafe(32)
        while True:
            user_code = _new_user_code()
            code = DeviceCode(
                code_hash=_hashed(device_code),
                user_code=user_code,
                client_id=client_id,
                program=shown(program),
                machine=shown(machine),
                created_at=now,
                expires_at=now + LIFETIME,
                interval=float(self._interval),
            )
            try:
                self._storage.add_device_code(code)
            except AlreadyExistsError:
                continue
            return Started(device_code, user_code, LIFETIME, self._interval)

    def look(self, typed: str) -> Pending | None:
        """Return the sign-in of a code as a person types it (case, spaces and dash do not matter), or None."""
        code = self._storage.device_code_by_user_code(normal_user_code(typed))
        if code is None:
            return None
        left = code.expires_at - self._clock.now()
        state = "expired" if left <= 0 and code.state in (PENDING, APPROVED) else code.state
        return Pending(code.user_code, code.program, code.machine, state, max(0, int(left)))

    def decide(self, typed: str, *, approve: bool) -> Pending | None:
        """Approve or deny; return the sign-in as it is afterwards, or None for an unknown code.

        Nothing changes when it was not pending any more; `state` then says what it is.
        """
        pending = self.look(typed)
        if pending is not None and pending.state == PENDING:
            self._storage.decide(pending.user_code, APPROVED if approve else DENIED)
            log.info("sign-in of %s %s", pending.program or "a program", "approved" if approve else "denied")
        return self.look(typed)

    def check_approved(self, device_code: str, client_id: str) -> None:
        """Return when the person has approved and the sign-in can be collected; raises as `collect`."""
        self._approved(device_code, client_id)

    def collect(self, device_code: str, client_id: str, org_id: str = "") -> Pair:
        """Return the session's tokens once the person has approved.

        Raises:
            RefusedError: authorization_pending, slow_down, access_denied, expired_token or invalid_grant.
            NoSuchOrganizationError: `org_id` is none of the user's; another one can be given.

        """
        pair = self._sessions.open(self._approved(device_code, client_id), org_id)
        if pair is None:
            raise RefusedError("invalid_grant", "The device code was used already.")
        return pair

    def collect_key(self, device_code: str, client_id: str, mint: Callable[[DeviceCode], str | None]) -> str:
        """Return what `mint` makes of an approved sign-in; None from it means that the code was used meanwhile.

        Raises:
            RefusedError: as `collect`.

        """
        key = mint(self._approved(device_code, client_id))
        if key is None:
            raise RefusedError("invalid_grant", "The device code was used already.")
        return key

    def _approved(self, device_code: str, client_id: str) -> DeviceCode:
        code = self._storage.device_code(_hashed(device_code))
        if code is None or code.client_id != client_id or code.state == USED:
            raise RefusedError("invalid_grant", "The device code is unknown or was used already.")
        now = self._clock.now()
        if code.state == DENIED:
            raise RefusedError("access_denied", "The sign-in was denied.")
        if now >= code.expires_at:
            raise RefusedError("expired_token", "The code has expired. Start the sign-in again.")
        if code.state == APPROVED:
            return code
        self._wait(code, now)
        raise RefusedError("authorization_pending", "The person has not decided yet.")

    def _wait(self, code: DeviceCode, now: float) -> None:
        too_fast = code.polled_at is not None and 0 <= now - code.polled_at < code.interval - _TOLERANCE
        interval = code.interval + _SLOWER if too_fast else code.interval
        self._storage.note_poll(code.code_hash, now, interval)
        if too_fast:
            raise RefusedError("slow_down", f"Ask at most every {interval:.0f} seconds.")


def normal_user_code(typed: str) -> str:
    """Return a typed user code as it is stored: ABCD-EFGH; anything that cannot be one gives ""."""
    letters = "".join(c for c in typed[:64].upper() if c.isalnum())
    return f"{letters[:4]}-{letters[4:]}" if len(letters) == 8 and set(letters) <= set(_LETTERS) else ""


def _new_user_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _hashed(code: str) -> str:
    # 256 random bits need no salt and no slow hash
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
