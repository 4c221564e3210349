"""Sessions: pairs of access and refresh token, rotation with a replay grace, and the end of a family on reuse."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from amika_agent.clock import Clock
from amika_agent.workspace.sealing import Sealer, UnsealError
from amika_agent.workspace.storage import DeviceCode, Identity, RefreshToken, Session, Storage
from amika_agent.workspace.tokens import Signer

GRACE = 30.0
REFRESH_LIFETIME = 60 * 24 * 3600.0


log = logging.getLogger(__name__)


class EndedError(Exception):
    """The refresh token opens nothing: unknown, expired, of an ended session, or reused (`reused`)."""

    def __init__(self, *, reused: bool = False) -> None:
        super().__init__()
        self.reused = reused


class WrongClientError(Exception):
    """The refresh token was given to another client; it was not spent."""


class NoSuchOrganizationError(Exception):
    """The user does not belong to the organization; the token was not spent."""


class NotNowError(Exception):
    """The answer that has to be repeated cannot be read; nothing was changed."""


@dataclass(frozen=True)
class Pair:
    """The tokens of a session, with the user and organization they speak for."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    org_id: str


@dataclass(frozen=True)
class Bearer:
    """Who a valid access token speaks for."""

    session_id: str
    user_id: str
    org_id: str


class Sessions:
    """The sessions of one workspace."""

    def __init__(
        self,
        storage: Storage,
        identity: Identity,
        sealer: Sealer,
        signer: Signer,
        clock: Clock,
        *,
        issuer: str,
        token_lifetime: int,
    ) -> None:
        self._storage = storage
        self._identity = identity
        self._sealer = sealer
        self._signer = signer
        self._clock = clock
        self._issuer = issuer
        self.token_lifetime = token_lifetime

    def open(self, code: DeviceCode, org_id: str = "") -> Pair | None:
        """Open the session of an approved sign-in; None when it was collected already.

        Raises:
            NoSuchOrganizationError: `org_id` is none of the user's; the sign-in can still be collected.

        """
        if org_id and not self._belongs(org_id):
            raise NoSuchOrganizationError
        now = self._clock.now()
        session = Session(
            id=f"session_{secrets.token_hex(12)}",
            user_id=self._identity.user_id,
            org_id=org_id or self._identity.organizations[0].id,
            client_id=code.client_id,
            program=code.program,
            machine=code.machine,
            created_at=now,
        )
        pair = self._new_pair(session.id, session.org_id)
        token = RefreshToken(_hashed(pair.refresh_token), session.id, now)
        return pair if self._storage.redeem(code.code_hash, session, token) else None

    def refresh(self, refresh_token: str, client_id: str, org_id: str | None = None) -> Pair:
        """Exchange a refresh token; within the grace a replay returns the same pair again.

        Raises:
            EndedError: the session is over; after a reuse past the grace, all of it.
            WrongClientError: the session belongs to another client; the token stays good.
            NoSuchOrganizationError: `org_id` is none of the user's; the token stays good.
            NotNowError: a replay whose answer cannot be read; ask again or sign in again.

        """
        now = self._clock.now()
        self._storage.sweep(now, GRACE)
        token = self._storage.refresh_token(_hashed(refresh_token))
        session = self._storage.session(token.session_id) if token else None
        if token is None or session is None or session.ended_at is not None:
            raise EndedError
        if session.client_id != client_id:
            raise WrongClientError
        if token.used_at is not None:
            return self._replay(token, now)
        if now - token.created_at > REFRESH_LIFETIME:
            raise EndedError
        target = org_id or session.org_id
        if not self._belongs(target):
            raise NoSuchOrganizationError
        return self._rotate(token, session, target, now)

    def end(self, session_id: str, because: str = "logout") -> bool:
        """End a session; False when there was none."""
        ended = self._storage.end_session(session_id, self._clock.now(), because)
        if ended:
            log.info("a session ended: %s", because)
        return ended

    def end_by_token(self, refresh_token: str) -> bool:
        """End the session of a refresh token, used or not; False when there was none."""
        token = self._storage.refresh_token(_hashed(refresh_token))
        return token is not None and self.end(token.session_id)

    def bearer(self, access_token: str) -> Bearer | None:
        """Return who an access token speaks for; None when it is not ours, expired, or its session is over."""
        claims = self._signer.check(access_token)
        if claims is None or claims.get("iss") != self._issuer:
            return None
        expires, session_id = claims.get("exp"), claims.get("sid")
        if not isinstance(expires, int | float) or self._clock.now() >= expires:
            return None
        session = self._storage.session(session_id) if isinstance(session_id, str) else None
        if session is None or session.ended_at is not None:
            return None
        return Bearer(session.id, session.user_id, str(claims.get("org_id", session.org_id)))

    def _belongs(self, org_id: str) -> bool:
        return org_id in {organization.id for organization in self._identity.organizations}

    def _rotate(self, token: RefreshToken, session: Session, org_id: str, now: float) -> Pair:
        pair = self._new_pair(session.id, org_id)
        answer = json.dumps([pair.access_token, pair.refresh_token, pair.org_id]).encode()
        used = replace(token, used_at=now, answer=self._sealer.seal(answer, "answer", token.token_hash))
        successor = RefreshToken(_hashed(pair.refresh_token), session.id, now)
        if self._storage.rotate(used, successor, org_id):
            return pair
        raise EndedError

    def _replay(self, token: RefreshToken, now: float) -> Pair:
        if token.used_at is None or now - token.used_at > GRACE:
            self.end(token.session_id, "reuse")
            raise EndedError(reused=True)
        try:
            return Pair(*json.loads(self._sealer.open(token.answer, "answer", token.token_hash)))
        except UnsealError:
            raise NotNowError from None

    def _new_pair(self, session_id: str, org_id: str) -> Pair:
        now = int(self._clock.now())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": self._identity.user_id,
            "sid": session_id,
            "jti": secrets.token_hex(12),
            "org_id": org_id,
            "iat": now,
            "exp": now + self.token_lifetime,
        }
        return Pair(self._signer.sign(claims), secrets.token_urlsafe(32), org_id)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
