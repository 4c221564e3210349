"""The almyty account: signing in by the browser, by a code on any device or with a token; checking; signing out."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from amika_agent.accounts import certificates
from amika_agent.accounts.almyty_api import (
    EXCHANGE_PATH,
    SIGN_IN,
    AlmytyApi,
    AlmytyProfile,
    HeadlessCode,
    OwnKey,
    checked_address,
)
from amika_agent.accounts.almyty_keys import end_noted, end_replaced
from amika_agent.accounts.almyty_notes import key_of, note, strike
from amika_agent.accounts.almyty_store import changing, remember_addresses, store_login
from amika_agent.accounts.device import SignInCancelled, SignInDenied, SignInExpired, Waiting, cancellable
from amika_agent.accounts.loopback import LIMIT, Loopback, Typed
from amika_agent.accounts.loopback_rules import Grant
from amika_agent.clock import Clock
from amika_agent.http.client import Http
from amika_agent.stores.private_file import check_replaceable
from amika_local.almyty_file import (
    AlmytyLogin,
    addresses,
    config_path,
    credentials_path,
    read_addresses,
    read_login,
    same_server,
)
from amika_local.errors import AmikaError, Failed, NotSignedIn, Unreachable, UsageError
from amika_local.login_file import LoginFileError
from amika_local.secret import Secret


@dataclass(frozen=True)
class Place:
    """Where an almyty account lives.

    folder         credentials.json and config.json
    api_url, frontend_url   checked
    remember_api, remember_frontend   what the person gave by flag, to be kept after success; "" for nothing
    exchange_path  where a code is exchanged
    local          the local workspace, whose port may change
    """

    folder: str
    api_url: str
    frontend_url: str
    remember_api: str = ""
    remember_frontend: str = ""
    exchange_path: str = EXCHANGE_PATH
    local: bool = False


@dataclass(frozen=True)
class PageReady:
    """Open this page. `port`: where we wait for it, 0 when any device will do (`code` is then what it shows)."""

    url: str
    port: int
    code: str
    expires_at: float


@dataclass(frozen=True)
class AlmytySignedIn:
    """Done: checked with the server, then stored in `path`.

    replaced  what went wrong beside it, with the login that this one replaces for one: a sentence, "" for nothing
    """

    email: str
    organization: str
    api_url: str
    path: str
    profile: AlmytyProfile = field(repr=False)
    replaced: str = ""


SignInEvent = PageReady | Waiting | AlmytySignedIn


def place(
    env: Mapping[str, str], folder: str, *, local_url: str = "", api: str = "", frontend: str = "", exchange: str = ""
) -> Place:
    """Return where the account lives: flag > environment > credentials.json > config.json > almyty's own.

    Raises:
        UsageError: an address must not be used.

    """
    exchange_path = exchange if exchange.startswith("/") else EXCHANGE_PATH
    if local_url:
        return Place(folder, local_url, local_url, local=True)
    login = None
    with contextlib.suppress(LoginFileError):
        login = read_login(credentials_path(folder))
    if env.get("ALMYTY_TOKEN", "").strip():
        login = None  # the file counts for nothing then
    found = addresses(dict(env), login, read_addresses(config_path(folder)), api=api.strip(), frontend=frontend.strip())
    api_url = checked_address(found[0], "almyty's API address")
    frontend_url = checked_address(found[1], "almyty's frontend address")
    return Place(folder, api_url, frontend_url, api_url if api else "", frontend_url if frontend else "", exchange_path)


def sign_in(
    where: Place,
    http: Http,
    clock: Clock,
    *,
    cancel: threading.Event,
    port: int = 0,
    headless: bool = False,
    typed: Typed | None = None,
) -> Iterator[SignInEvent]:
    """Sign in by the browser; the key is checked with the server, then stored, then AlmytySignedIn is yielded.

    Args:
        where: the account's servers and files.
        http: used for every request.
        clock: time.
        cancel: set to stop at once.
        port: to wait on; 0 for any free one.
        headless: prefer a sign-in that any device can approve, where the server has it.
        typed: where a token may be pasted instead.

    Raises:
        SignInCancelled, SignInDenied, SignInExpired: how it ended.
        NotSignedIn: the server rejects the key; nothing was stored.
        Failed, Unreachable: it could not be checked or stored; nothing was stored.

    """
    check_replaceable(credentials_path(where.folder))
    attempt = _Attempt(where, http, clock, cancel)
    code = _headless_code(attempt.api) if headless and not port else None
    if code is not None:
        yield from attempt.by_code(code)
    else:
        yield from attempt.by_browser(port, typed)


def sign_in_with_token(where: Place, token: Secret, http: Http) -> AlmytySignedIn:
    """Check a token with the server, then store it. Its key is not ours to delete at sign-out.

    Raises:
        NotSignedIn, Failed, Unreachable: nothing was stored.

    """
    api = AlmytyApi(where.api_url, http)
    return _accepted_token(where, token, api)


def verify(where: Place, env: Mapping[str, str], http: Http) -> AlmytyProfile:
    """Ask the server who is signed in.

    Raises:
        NotSignedIn: nobody, or the server rejects the token.
        UsageError: the stored login is for another server than the configured one, or for other certificates.
        Failed, Unreachable: nothing was learned.

    """
    token = env.get("ALMYTY_TOKEN", "").strip()
    if token:
        return AlmytyApi(where.api_url, http).profile(Secret(token))
    login = read_login(credentials_path(where.folder))
    if login is None:
        raise NotSignedIn("nobody is signed in to almyty", remedy=f"Sign in: {SIGN_IN}")
    if where.local:
        return AlmytyApi(where.api_url, http).profile(login.token, login.organization_id)
    if not same_server(where.api_url, login.url):
        # a directory's environment must not lead the key to a server of its own
        raise UsageError(
            f"the stored almyty login is for {login.url}, but {where.api_url} is configured",
            remedy=f"Sign in there first ({SIGN_IN} --api {where.api_url}), or unset ALMYTY_URL.",
        )
    api = AlmytyApi(login.url, http)
    if other := api.refuses(login):
        raise UsageError(f"the almyty login is not sent: {other}", remedy=certificates.again(SIGN_IN))
    return api.profile(login.token, login.organization_id)


class _Attempt:
    """One sign-in."""

    def __init__(self, where: Place, http: Http, clock: Clock, cancel: threading.Event) -> None:
        self.api = AlmytyApi(where.api_url, cancellable(http, cancel), exchange_path=where.exchange_path)
        self._where = where
        self._clock = clock
        self._cancel = cancel
        self._state = secrets.token_hex(32)
        self._done: AlmytySignedIn | None = None
        self._error: AmikaError | None = None

    def by_browser(self, port: int, typed: Typed | None) -> Iterator[SignInEvent]:
        """Have the page bring the key to this machine."""
        split = urlsplit(self._where.frontend_url)
        with Loopback(self._state, f"{split.scheme}://{split.netloc}", self._clock, port=port, typed=typed) as waiting:
            query = urlencode({"callback": waiting.callback, "success": waiting.success, "state": self._state})
            page = f"{self._where.frontend_url}/cli-login?{query}"
            yield PageReady(page, waiting.port, "", self._clock.now() + LIMIT)
            waiting.run(self._judge, self._cancel)
            if self._done is not None:
                yield self._done
            waiting.finish()
        if self._error is not None:
            raise self._error

    def by_code(self, code: HeadlessCode) -> Iterator[SignInEvent]:
        """Ask until any device has approved.

        Raises:
            SignInCancelled: `cancel` was set.
            SignInExpired: nobody approved in time.
            NotSignedIn, Failed: the API does not accept the key, or it cannot be stored; nothing is kept.

        """
        end = self._clock.monotonic() + code.expires_in
        page = f"{self._where.frontend_url}/cli-auth?{urlencode({'code': code.code})}"
        yield PageReady(page, 0, code.code, self._clock.now() + code.expires_in)
        interval, failing = code.interval, False
        while True:
            if self._clock.sleep(max(0.0, min(interval, end - self._clock.monotonic())), self._cancel):
                raise SignInCancelled("sign-in cancelled")
            if self._clock.monotonic() >= end:
                raise SignInExpired("the code has expired", remedy=f"Start again: {SIGN_IN}")
            try:
                found = self.api.exchange(code.secret, self._state)
            except Failed as error:
                failing, interval = True, min(interval * 2, 60.0)
                yield Waiting(f"{error.message}; still trying")
                continue
            if isinstance(found, Secret):
                yield self._accept(found, "")
                return
            interval = max(code.interval, interval / 2) if failing else interval
            interval += _pause(found)
            yield Waiting("the connection is back" if failing else "")
            failing = False

    def _judge(self, grant: Grant) -> str:
        """Check and store what the browser brought; what goes wrong is told there, in our words, and raised here."""
        try:
            if grant.denied:
                raise SignInDenied("the sign-in was denied in the browser", remedy=f"Start again: {SIGN_IN}")
            if grant.typed:
                self._done = _accepted_token(self._where, grant.token, self.api)
            else:
                token = self._exchanged(grant.code) if grant.code else grant.token
                self._done = self._accept(token, grant.organization_id)
        except AmikaError as error:
            self._error = error
            return "You denied it. Nothing was stored." if grant.denied else _for_the_page(error)
        return ""

    def _exchanged(self, code: Secret) -> Secret:
        found = self.api.exchange(code, self._state)
        if isinstance(found, Secret):
            return found
        if found == "not_offered":
            raise Failed(
                "the server does not exchange codes at " + self._where.exchange_path,
                remedy="Set almyty.exchange_path, or store a token: amika auth login almyty --token-file PATH",
            )
        raise NotSignedIn("the server did not take the code that the browser brought", remedy=f"Try again: {SIGN_IN}")

    def _accept(self, token: Secret, organization_id: str) -> AlmytySignedIn:
        try:
            profile = self.api.profile(token, organization_id)
        except NotSignedIn as error:
            if error.code != NotSignedIn.code:
                raise
            raise NotSignedIn(
                f"{error.message}; nothing was stored",
                remedy=f"The page ({self._where.frontend_url}) and the API ({self._where.api_url}) may belong to "
                "different environments: name both, --frontend URL --api URL.",
            ) from None
        # without its id the key is not deleted at sign-out, nothing else
        own = _record(self.api, token, profile)
        try:
            return _stored(self._where, token, profile, own, self.api)
        except Failed:
            if own.id:  # it was made for us, and nobody will ever have it
                with contextlib.suppress(AmikaError):
                    self.api.delete_key(token, own.id, profile.organization_id, timeout=3.0)
                    with changing(self._where.folder):
                        strike(self._where.folder, own.id)
            raise


def _accepted_token(where: Place, token: Secret, api: AlmytyApi) -> AlmytySignedIn:
    """Check and store a token that the person brought; its record tells its end, and its id is left alone."""
    profile = api.profile(token)
    return _stored(where, token, profile, OwnKey("", _record(api, token, profile).expires_at), api)


def _record(api: AlmytyApi, token: Secret, profile: AlmytyProfile) -> OwnKey:
    """Return the record of the key, an empty one where the server does not tell."""
    try:
        return api.own_key(token, profile.organization_id)
    except SignInCancelled:
        raise
    except AmikaError:
        return OwnKey()


def _stored(where: Place, token: Secret, profile: AlmytyProfile, own: OwnKey, api: AlmytyApi) -> AlmytySignedIn:
    with changing(where.folder):  # of two sign-ins at once each sees the key of the one before, and ends it
        login, previous = _login(where, token, profile, own, api)
        # both are noted before one of them is nobody's: whenever this ends, the one that is not stored is known
        note(where.folder, key_of(login), *([key_of(previous)] if previous is not None else []))
        path = store_login(where.folder, login)
        strike(where.folder, login.key_id)
        told = [_remembered(where)]
        if previous is not None:
            told.append(end_replaced(where.folder, previous, api, local=where.local))
        if not told[-1]:  # a server that has just failed is not asked again
            told.append(end_noted(where.folder, login, api, local=where.local))
    replaced = "; ".join(one for one in told if one)
    return AlmytySignedIn(profile.email, profile.organization, where.api_url, path, profile, replaced)


def _login(
    where: Place, token: Secret, profile: AlmytyProfile, own: OwnKey, api: AlmytyApi
) -> tuple[AlmytyLogin, AlmytyLogin | None]:
    """Return the login that is to be stored, and the one before, which nobody has then."""
    previous = None
    with contextlib.suppress(LoginFileError):
        previous = read_login(credentials_path(where.folder))
    if previous is not None and previous.token == token:  # given again: it is as much ours as it was
        own = own if own.id else OwnKey(previous.key_id, own.expires_at or previous.expires_at)
        previous = None
    login = AlmytyLogin(
        token,
        url=where.api_url,
        frontend_url=where.frontend_url,
        email=profile.email,
        organization=profile.organization,
        organization_id=profile.organization_id,
        expires_at=own.expires_at,
        key_id=own.id,
    )
    login.certificates = api.certificates
    return login, previous


def _remembered(where: Place) -> str:
    """Keep the addresses that were given; return what is to be told when that fails: the login is stored by then."""
    try:
        remember_addresses(where.folder, api=where.remember_api, frontend=where.remember_frontend)
    except Failed as error:
        return f"the addresses were not remembered beside the login: {error.message}"
    return ""


def _headless_code(api: AlmytyApi) -> HeadlessCode | None:
    try:
        return api.start_headless()
    except Unreachable:
        raise
    except Failed:
        return None


def _pause(word: str) -> float:
    """Return how much longer to wait between questions; raise where no question helps."""
    if word == "authorization_pending":
        return 0.0
    if word == "slow_down":
        return 5.0
    if word == "access_denied":
        raise SignInDenied("the sign-in was denied in the browser", remedy=f"Start again: {SIGN_IN}")
    if word in ("expired_token", "invalid_grant"):
        raise SignInExpired("the code has expired", remedy=f"Start again: {SIGN_IN}")
    raise Failed("the server refused the sign-in", remedy=f"Start again: {SIGN_IN}")


def _for_the_page(error: AmikaError) -> str:
    """Return what the browser shows: constant words, the details are the terminal's."""
    if isinstance(error, SignInCancelled):
        return "The sign-in was cancelled. Nothing was stored."
    if isinstance(error, NotSignedIn):
        return "The server does not accept the key that was made. Nothing was stored; look into the terminal."
    if isinstance(error, Unreachable):
        return "The server could not be reached to check the key. Nothing was stored; look into the terminal."
    return "The login could not be checked or stored. Look into the terminal."
