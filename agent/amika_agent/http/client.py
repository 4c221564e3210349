"""HTTP as this program needs it: one request, one bounded answer, no redirect followed, no retry, nothing echoed."""

from __future__ import annotations

import json as jsonlib
import logging
import os
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self

from amika_agent.clock import Clock, SystemClock
from amika_agent.http import library as http_library
from amika_agent.http.deadline import Deadline, OutOfTime
from amika_agent.http.giving_up import GivenUp, Line, unless
from amika_agent.http.urls import checked_url, is_loopback
from amika_local.errors import AmikaError, Failed, NotSignedIn, Unreachable
from amika_local.secret import Secret
from amika_shared import BUILD
from amika_shared.redaction import HIDDEN

if TYPE_CHECKING:
    import httpx

MAX_BODY = 1 << 20
USER_AGENT = f"amika-desktop/{BUILD}"
RETRY_AFTER_MAX = 3600.0

_BEARER = "Bearer "
_SHORTEST = 12  # characters: no real token is shorter, and a short word may be part of any answer


@dataclass(frozen=True, repr=False)
class Answer:
    """What a server said. `body` is the parsed JSON, or None when it was none. Never printed: it may hold tokens."""

    status: int
    headers: Mapping[str, str]
    body: object | None

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status < 300

    def field(self, name: str) -> object | None:
        """Return a field of the body when the body is an object, else None."""
        return self.body.get(name) if isinstance(self.body, dict) else None

    def text(self, name: str) -> str:
        """Return a text field of the body, or ""."""
        value = self.field(name)
        return value if isinstance(value, str) else ""

    def retry_after(self) -> float | None:
        """Return the seconds of Retry-After (0..3600), or None."""
        given = self.headers.get("retry-after", "").strip()
        if given.isascii() and given.isdigit() and len(given) < 10:
            return min(float(given), RETRY_AFTER_MAX)
        return _until(given, self.headers.get("date", ""))

    def __repr__(self) -> str:
        return f"Answer({self.status})"


class NoAnswer(Unreachable):
    """No usable answer: refused, timed out, reset, TLS failed, cut short, or larger than 1 MiB.

    sent    whether the server may have received, and executed, the request
    reason  "connect", "timeout", "reset", "tls", "incomplete", "too_large"
    """

    def __init__(self, message: str, *, sent: bool, reason: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.sent = sent
        self.reason = reason


class Http:
    """One HTTP client for all our servers; may be used from several threads. Close it when done.

    Certificates are the system's and the bundled ones, or those of `ca_file`. SSL_CERT_FILE and SSLKEYLOGFILE are not
    honoured: with them a directory's `.envrc` could send a session through a server of its own. A proxy of the
    environment is harmless then (it sees names, never contents) and is honoured, but never for this machine itself.
    """

    def __init__(self, *, proxy: str = "", ca_file: str = "", clock: Clock | None = None) -> None:
        self._proxy = proxy
        self._ca_file = ca_file
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._clients: dict[bool, httpx.Client] = {}
        self._deadline = Deadline(self._clock)
        self._unless: tuple[threading.Event, Callable[[], AmikaError]] | None = None

    def unless(self, cancel: threading.Event, stopped: Callable[[], AmikaError]) -> Self:
        """Return the same client for requests whose answer may cease to be wanted: they end when `cancel` is set.

        Args:
            cancel: set when the answer is not wanted any more.
            stopped: makes the error that a request ends with then.

        """
        other = copy(self)
        other._unless = (cancel, stopped)  # noqa: SLF001 -- one of our own
        return other

    @property
    def ca_file(self) -> str:
        """File of the certificates that servers are recognized by, "" for the system's."""
        return self._ca_file

    def request(
        self,
        method: str,
        url: str,
        *,
        json: object | None = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        bearer: Secret | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> Answer:
        """Send one request and return its answer, whatever its status.

        Args:
            method: "GET", "POST" …
            url: absolute, without a query; https, or http on loopback.
            json: body, sent as JSON.
            form: body, sent url-encoded.
            query: query parameters.
            bearer: sent as Authorization.
            headers: further ones, `Host` among them; no secret.
            timeout: seconds for the whole exchange.

        Raises:
            NoAnswer: no usable answer. Nothing that the server sent is in its text.
            UsageError: a URL that must not be used.
            NotSignedIn: the bearer cannot be sent: it holds characters no token has.
            what `unless` names: the answer is not wanted any more; the server may have the request.

        """
        http_library.load()
        import httpx

        checked_url(url, "the server's address")
        client = self._client(loopback=is_loopback(url))
        request = client.build_request(
            method,
            url,
            json=json,
            data=dict(form) if form is not None else None,
            params=dict(query) if query else None,
            headers=_headers(headers or {}, bearer),
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
        )
        line = Line()
        exchange = partial(self._exchange, client, request, url, timeout, line)
        if self._unless is None:
            return exchange()
        cancel, stopped = self._unless
        try:
            return unless(cancel, exchange, line.cut)
        except GivenUp:
            raise stopped() from None

    def _exchange(self, client: httpx.Client, request: httpx.Request, url: str, timeout: float, line: Line) -> Answer:
        import httpx

        self._deadline.begin(timeout, line)
        try:
            response = client.send(request, stream=True, follow_redirects=False)
            try:
                return self._answer(response, url)
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise _no_answer(error, url) from None
        except OutOfTime as error:
            raise _failure(url, "its answer took too long", sent=error.sent, reason="timeout") from None

    def close(self) -> None:
        """Close the connections; the client may be used again."""
        with self._lock:
            clients = list(self._clients.values())
            self._clients.clear()
        for client in clients:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, response: httpx.Response, url: str) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        unpack = _unpacker(headers.get("content-encoding", "identity"))
        body = bytearray()
        for part in response.iter_raw():
            body += unpack(part, MAX_BODY + 1 - len(body))
            if len(body) > MAX_BODY:
                raise _failure(url, "its answer is larger than 1 MiB", sent=True, reason="too_large")
        login = response.request.headers.get("authorization", "").removeprefix(_BEARER)
        return Answer(response.status_code, headers, _parsed(_without(bytes(body), login)))

    def _client(self, *, loopback: bool) -> httpx.Client:
        with self._lock:
            client = self._clients.get(loopback)
            if client is None:
                client = self._clients[loopback] = self._new_client(loopback=loopback)
                self._deadline.keep(client)
            return client

    def _new_client(self, *, loopback: bool) -> httpx.Client:
        http_library.load()
        import httpx

        # these two log URLs at INFO and headers at DEBUG: tokens and session ids among them
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        if loopback:
            # http needs no certificates, and loading them costs 30 ms; a proxy must never be asked for this machine
            context = _context(self._ca_file) if self._ca_file else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            return httpx.Client(verify=context, trust_env=False)
        context = _context(self._ca_file)
        try:
            if self._proxy:
                return httpx.Client(verify=context, trust_env=False, proxy=self._proxy)
            return httpx.Client(verify=context, trust_env=True)
        except (ValueError, httpx.InvalidURL):
            raise Failed(
                "the proxy's address cannot be used", remedy="Check network.proxy, HTTPS_PROXY and ALL_PROXY."
            ) from None


def _context(ca_file: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        if not os.path.isabs(ca_file):
            # which file that is would depend on the folder one happens to be in
            raise Failed(f"network.ca_file is not a whole path: {ca_file}", remedy="Set it as /…/certificates.pem.")
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError):
            raise Failed(f"cannot use the certificates in {ca_file}", remedy="Check network.ca_file.") from None
        return context
    import certifi

    context.load_verify_locations(cafile=certifi.where())
    # the places compiled into OpenSSL, not the ones an environment variable names
    places = ssl.get_default_verify_paths()
    for argument, place in (("cafile", places.openssl_cafile), ("capath", places.openssl_capath)):
        try:
            context.load_verify_locations(**{argument: place})
        except (OSError, ssl.SSLError):
            continue
    return context


class _Unpacker:
    """Inflates at most as much as is asked for: a small answer must not become a large one."""

    def __init__(self, *, gzip: bool) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16 if gzip else zlib.MAX_WBITS)

    def __call__(self, part: bytes, room: int) -> bytes:
        try:
            return self._stream.decompress(part, max(1, room))
        except zlib.error:
            return b"\0"  # not JSON any more, which is what it is


def _unpacker(encoding: str) -> _Unpacker | _Plain:
    # identity was asked for; some proxies compress all the same
    return _Unpacker(gzip=encoding == "gzip") if encoding in ("gzip", "deflate") else _Plain()


class _Plain:
    def __call__(self, part: bytes, _room: int) -> bytes:
        return part


def _without(body: bytes, token: str) -> bytes:
    """Take out the login that a server repeats: an e-mail, a name or an id is shown to people and noted in files."""
    return body.replace(token.encode(), HIDDEN.encode()) if len(token) >= _SHORTEST else body


def _parsed(body: bytes) -> object | None:
    try:
        found: object = jsonlib.loads(body)
        if b"\\ud" in body.lower():  # half of a pair is no text: it can be neither stored nor printed
            text = jsonlib.dumps(found, ensure_ascii=False).encode("utf-16", "surrogatepass")
            found = jsonlib.loads(text.decode("utf-16", "replace"))
    except (ValueError, RecursionError):
        return None
    return found


def _headers(further: Mapping[str, str], bearer: Secret | None) -> dict[str, str]:
    always = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"}
    login = {} if bearer is None else {"Authorization": f"{_BEARER}{_checked(bearer)}"}
    return {**always, **further, **login}


def sendable(token: str) -> bool:
    """Tell whether it can be a token at all: what cannot be sent is damage, or no token."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _checked(bearer: Secret) -> str:
    value = bearer.reveal()
    if not sendable(value):
        raise NotSignedIn("the stored token is damaged", remedy="Sign in again: amika auth login")
    return value


def _no_answer(error: httpx.HTTPError, url: str) -> Unreachable:
    """Translate once, at the edge; the original text may quote headers and is dropped."""
    import httpx

    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return _failure(
            url,
            "its certificate or encryption was refused",
            sent=False,
            reason="tls",
            remedy="Check this machine's clock, and who answers: a captive portal, or a proxy whose certificates "
            "belong into network.ca_file.",
        )
    table: tuple[tuple[type[httpx.HTTPError], str, bool, str], ...] = (
        (httpx.ConnectTimeout, "it did not answer in time", False, "timeout"),
        (httpx.PoolTimeout, "too many requests are under way", False, "timeout"),
        (httpx.ConnectError, "no connection", False, "connect"),
        (httpx.ProxyError, "the proxy refused", False, "connect"),
        (httpx.UnsupportedProtocol, "no connection", False, "connect"),
        (httpx.LocalProtocolError, "the request cannot be sent", False, "connect"),
        (httpx.TimeoutException, "it did not answer in time", True, "timeout"),
        (httpx.RemoteProtocolError, "its answer was cut short", True, "incomplete"),
    )
    for kind, text, sent, reason in table:
        if isinstance(error, kind):
            return _failure(url, text, sent=sent, reason=reason)
    return _failure(url, "the connection broke", sent=True, reason="reset")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


NEXT = "Check the network (and the proxy) and try again; nothing is lost."


def _failure(url: str, what: str, *, sent: bool, reason: str, remedy: str = NEXT) -> NoAnswer:
    from urllib.parse import urlsplit

    return NoAnswer(
        f"cannot reach {urlsplit(url).netloc}: {what}",
        sent=sent,
        reason=reason,
        remedy=remedy,
    )


def _until(given: str, date: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        left = (parsedate_to_datetime(given) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(0.0, left), RETRY_AFTER_MAX)
