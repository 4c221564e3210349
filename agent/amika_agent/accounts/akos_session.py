"""The AKOS session: kept in a file of ours, renewed by one process at a time, ended once.

A refresh token that was sent counts as spent: `sent_at` is written before it leaves, the answer before it is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from amika_agent.accounts import certificates
from amika_agent.accounts.akos_endpoints import AkosEndpoints, AkosPlace, bound
from amika_agent.accounts.signed_out import SignedOut
from amika_agent.clock import Clock
from amika_agent.http.client import Answer, Http, NoAnswer, sendable
from amika_agent.stores.link import left_behind
from amika_agent.stores.private_file import (
    Room,
    check_replaceable,
    locked,
    make_private_dir,
    remove_private,
    write_private,
)
from amika_local.akos_file import SIGN_IN, AkosSession, read_session, session_path
from amika_local.errors import Busy, Failed, NotSignedIn, Unreachable, UsageError
from amika_local.jwt_claims import claims
from amika_local.login_file import LoginFileError
from amika_local.secret import Secret

EARLY = 60.0
WAIT = 30.0
REQUEST = 10.0
BRIEFLY = 3.0
ROOM = 32 * 1024  # bytes that a renewed session may be larger than the one before
# a refresh token that the server rejects for good (RFC 6749 5.2)
_TERMINAL = ("invalid_grant", "invalid_client", "unauthorized_client")


class AkosKeeper:
    """Owner of the session file.

    Args:
        data_dir: the profile's data directory.
        http: used for every request.
        clock: time.

    """

    def __init__(self, data_dir: str, http: Http, clock: Clock) -> None:
        self.path = session_path(data_dir)
        self._dir = data_dir
        self._http = http
        self._clock = clock

    def stored(self) -> AkosSession | None:
        """Return the session, None when there is none. Raises LoginFileError."""
        return read_session(self.path)

    def required(self, place: AkosPlace) -> AkosSession:
        """Return the session of this server.

        Raises:
            NotSignedIn: nobody is signed in, or the session is over or cannot be read.
            UsageError: it belongs to another server, or one that is recognized by other certificates.

        """
        session = self.stored()
        if session is None:
            raise NotSignedIn("nobody is signed in to AKOS", remedy=f"Sign in: {SIGN_IN}")
        if bound(session.texts["api_url"]) != place.origin:
            raise UsageError(
                f"the AKOS session belongs to {session.texts['api_url']}, but {place.api_url} is configured",
                remedy=f"Sign in there first ({SIGN_IN}), or unset AKOS_API_URL.",
            )
        _follow(session, place)
        if other := self._other_certificates(session):
            raise UsageError(f"the AKOS session is not sent: {other}", remedy=certificates.again(SIGN_IN))
        if session.texts["rejected"] and session.texts["rejected"] == _hashed(session.refresh_token):
            raise _over()
        return session

    def fresh(self, place: AkosPlace, *, force: bool = False, early: float = EARLY) -> AkosSession:
        """Return the session with an access token that is good for `early` seconds, renewed when it has to be.

        Raises:
            NotSignedIn, UsageError: as `required`; or the server ended the session.
            Unreachable, Failed, Busy: it could not be renewed now, or the server has asked to wait; it is kept.

        """
        session = self.required(place)
        if not force and self._lasts(session, early):
            return session
        with self._locked():
            now = self.required(place)
            renewed = now.access_token != session.access_token
            if self._lasts(now, early) and (renewed or not force):
                return now  # another process was here first
            if not force and self._good_meanwhile(now):
                return now
            return self._renewed(now, {})

    def switch_tenant(self, place: AkosPlace, tenant_id: str) -> AkosSession:
        """Renew the session for another tenant; what the server made of it is the caller's to check.

        Raises:
            as `fresh`.

        """
        with self._locked():
            return self._renewed(self.required(place), {"tenant_id": tenant_id})

    def check_storable(self) -> None:
        """Make sure that a session can be stored, before anybody is asked to sign in. Raises Failed."""
        check_replaceable(self.path)

    def accept(self, answer: Answer, place: AkosPlace, endpoints: AkosEndpoints, scope: str) -> AkosSession:
        """Store the session of a finished sign-in, and end the one that it replaces, best effort.

        Raises:
            Failed, Busy: it cannot be stored; it was ended, nobody will ever have it.

        """
        texts = {
            "api_url": place.api_url,
            "issuer": place.issuer,
            "client_id": place.client_id,
            "scope": scope,
            "token_url": endpoints.token_url,
            "revocation_url": endpoints.revocation_url,
            "session_url": endpoints.session_url,
            "tenants_url": endpoints.tenants_url,
            "certificates": self._http.ca_file,
            **told(answer.body),
        }
        session = self._granted(answer, Secret(""), texts)
        previous = None
        try:
            with self._locked():
                with contextlib.suppress(LoginFileError):
                    previous = self.stored()
                self._write(session)
        except Failed:
            self._revoke(session, BRIEFLY)
            raise
        if previous is not None and previous.refresh_token not in (Secret(""), session.refresh_token):
            self._revoke(previous, BRIEFLY)
        return session

    def note(self, session: AkosSession, facts: Mapping[str, str]) -> None:
        """Keep what the server said about the session, if it is still the stored one. Raises Failed."""
        with self._locked():
            stored = self.stored()
            changed = {**session.texts, **{name: value for name, value in facts.items() if value}}
            if stored is not None and stored.access_token == session.access_token and stored.texts != changed:
                stored.texts.update(changed)
                self._write(stored)

    def sign_out(self, *, timeout: float = 5.0, local_url: str = "") -> SignedOut:
        """Revoke at the server, then delete the file; a renewal under way is waited for and loses.

        The server is the one that the file names; `local_url` where that is the local workspace, whose port may change.

        Raises:
            Failed: the file cannot be deleted.
            Busy: a renewal does not end.

        """
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._locked())
            except Busy:
                raise
            except Failed:
                pass  # where nothing can be written the server is told all the same
            left = left_behind(self.path)
            try:
                session = self.stored()
            except LoginFileError as error:
                self._delete()
                done = f"deleted a session that could not be read: {error}"
                return SignedOut(was_signed_in=True, revoked=None, done=done, left=left)
            if session is None:
                self._delete()  # what a killed sign-in left
                return SignedOut(was_signed_in=False, revoked=None, done="nobody was signed in to AKOS")
            if local_url:
                _moved(session, local_url)
            revoked, done, problem = self._revoke(session, timeout)
            self._delete()
            return SignedOut(was_signed_in=True, revoked=revoked, done=done, problem=problem, left=left)

    def _other_certificates(self, session: AkosSession) -> str:
        names = ("api_url", "token_url", "revocation_url", "session_url", "tenants_url")
        urls = [session.texts[name] for name in names]
        return certificates.unlike(session.texts["certificates"], self._http.ca_file, urls)

    def _lasts(self, session: AkosSession, early: float) -> bool:
        if session.sent_at is not None:
            return False  # an answer was lost; asking again is only safe for a short while
        return session.expires_at is None or session.expires_at - self._clock.now() > early

    def _good_meanwhile(self, session: AkosSession) -> bool:
        """Whether the token can be used while the server wants to hear of no renewal."""
        now = self._clock.now()
        return session.asked_to_wait(now) > 0 and session.expires_at is not None and session.expires_at > now

    def _renewed(self, session: AkosSession, more: Mapping[str, str]) -> AkosSession:
        if not session.refresh_token:
            raise NotSignedIn("the AKOS session cannot be renewed", remedy=f"Sign in again: {SIGN_IN}")
        host, now = urlsplit(session.texts["token_url"]).netloc, self._clock.now()
        if until := session.asked_to_wait(now):
            raise _asked_to_wait(host, until - now)
        unanswered, session.not_before = session.sent_at, None
        room = Room(self.path, len(_encoded(session)) + ROOM)  # a full disk is found out while no token is spent
        try:
            session.sent_at = self._clock.now()
            self._write(session)
            answer = self._redeem(session, more)
            if answer.ok and _whole(answer):
                granted = self._granted(answer, session.refresh_token, {**session.texts, **told(answer.body)})
                room.fill(_encoded(granted))
                return granted
        except NoAnswer as error:
            if not error.sent:  # nothing was spent: the token that there is goes on being used
                session.sent_at = unanswered
                self._write(session)
            raise
        finally:
            room.give_back()
        if answer.status in (400, 401) and answer.text("error") in _TERMINAL:
            session.texts["rejected"], session.sent_at = _hashed(session.refresh_token), None
            self._write(session)
            raise _over()
        wait = answer.retry_after() if answer.status == 429 or answer.status >= 500 else None
        self._note_refusal(session, answer, unanswered, wait)
        if wait:
            raise _asked_to_wait(host, wait)
        if answer.status == 400 and more:
            raise Failed(f"{host} does not let you work on that tenant", remedy="List them: amika tenant list")
        raise Failed(f"{host} could not renew the session (HTTP {answer.status})", remedy="Try again later.")

    def _note_refusal(self, session: AkosSession, answer: Answer, unanswered: float | None, wait: float | None) -> None:
        if answer.status == 429:
            session.sent_at = unanswered  # turned away at the door: this time nothing was executed
        session.not_before = self._clock.now() + wait if wait else None
        self._write(session)

    def _redeem(self, session: AkosSession, more: Mapping[str, str]) -> Answer:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": session.refresh_token.reveal(),
            "client_id": session.texts["client_id"],
            **more,
        }
        try:
            return self._http.request("POST", session.texts["token_url"], form=form, timeout=REQUEST)
        except NoAnswer as error:
            if not error.sent:
                raise
            # it may have been spent: servers with a grace repeat their answer when asked again at once
            try:
                return self._http.request("POST", session.texts["token_url"], form=form, timeout=REQUEST)
            except NoAnswer:
                raise error from None

    def _granted(self, answer: Answer, refresh: Secret, texts: Mapping[str, str]) -> AkosSession:
        access = answer.text("access_token")
        held = claims(access)
        lasts, issued, ends = answer.field("expires_in"), _number(held.get("iat")), _number(held.get("exp"))
        expires = ends
        if isinstance(lasts, int | float) and not isinstance(lasts, bool) and 0 < lasts < 1e9:
            expires = self._clock.now() + lasts
        elif issued is not None and ends is not None and issued < ends:
            # both by the server's clock, which ours may be far from: what is sure is how long it lasts
            expires = self._clock.now() + ends - issued
        known = {**texts, "rejected": ""}
        known["user_id"] = known.get("user_id") or _text(held, "sub")
        known["tenant_id"] = known.get("tenant_id") or _first(held, ("tenant_id", "tid", "org_id"))
        token = answer.text("refresh_token")
        return AkosSession(Secret(access), Secret(token) if token else refresh, known, expires_at=expires)

    def _revoke(self, session: AkosSession, timeout: float) -> tuple[bool | None, str, str]:
        url = session.texts["revocation_url"]
        token = session.refresh_token or session.access_token
        if not url:
            return None, "signed out of AKOS here; its server has no way to end the session, it ends by itself", ""
        if other := self._other_certificates(session):
            return False, "signed out of AKOS here", f"the session was not ended at the server: {other}"
        form = {"token": token.reveal(), "client_id": session.texts["client_id"]}
        try:
            answer = self._http.request("POST", url, form=form, timeout=timeout)
        except (Failed, UsageError) as error:
            return False, "signed out of AKOS here", f"the session could not be ended at the server: {error.message}"
        if not answer.ok:
            return (
                False,
                "signed out of AKOS here",
                f"the session could not be ended at the server (HTTP {answer.status})",
            )
        return True, "signed out of AKOS", ""

    def _write(self, session: AkosSession) -> None:
        write_private(self.path, _encoded(session))

    def _delete(self) -> None:
        remove_private(self.path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        make_private_dir(self._dir)
        lock = os.path.join(self._dir, ".akos.lock")
        with locked(lock, deadline=WAIT, clock=self._clock, what="the AKOS session"):
            yield


def _whole(answer: Answer) -> bool:
    """Tell whether the answer's tokens can be sent: damage must not take the session's place."""
    refresh = answer.text("refresh_token")
    return sendable(answer.text("access_token")) and (not refresh or sendable(refresh))


def _encoded(session: AkosSession) -> bytes:
    content: dict[str, object] = {name: value for name, value in session.texts.items() if value}
    content["access_token"] = session.access_token.reveal()
    if session.refresh_token:
        content["refresh_token"] = session.refresh_token.reveal()
    times = {"expires_at": session.expires_at, "sent_at": session.sent_at, "not_before": session.not_before}
    content |= {name: at for name, at in times.items() if at is not None}
    return json.dumps(content, indent=2).encode() + b"\n"


def _follow(session: AkosSession, place: AkosPlace) -> None:
    """Lead a session of the local workspace to the port that it has now."""
    if session.texts["api_url"] != place.api_url:
        _moved(session, place.api_url)


def _moved(session: AkosSession, url: str) -> None:
    before = session.texts["api_url"]
    for name, value in session.texts.items():
        if value == before or value.startswith(before + "/"):
            session.texts[name] = url + value.removeprefix(before)


def told(body: object) -> dict[str, str]:
    """Return what a server's answer says about user and tenant, in our names; only what it says."""
    if not isinstance(body, Mapping):
        return {}
    inner = body.get("data")
    found = {**body, **inner} if isinstance(inner, Mapping) else body
    names = {
        "user_id": ("userId", "user_id", "sub"),
        "tenant_id": ("tenantId", "tenant_id", "tid", "org_id"),
        "tenant_name": ("tenantName", "tenant_name"),
        "email": ("email",),
    }
    values = {name: _first(found, keys) for name, keys in names.items()}
    return {name: value for name, value in values.items() if value}


def _first(found: Mapping[str, object], names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := _text(found, name))), "")


def _text(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) and len(value) <= 1000 else ""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _hashed(token: Secret) -> str:
    return hashlib.sha256(token.reveal().encode("utf-8", "replace")).hexdigest()


def _asked_to_wait(host: str, seconds: float) -> Unreachable:
    return Unreachable(
        f"the AKOS session could not be renewed: {host} asks to wait",
        remedy=f"You stay signed in; try again in {math.ceil(seconds)} s.",
    )


def _over() -> NotSignedIn:
    return NotSignedIn("the server ended the AKOS session", remedy=f"Sign in again: {SIGN_IN}")
