"""The loopback sign-in's server: 127.0.0.1, one sign-in, one thread (the caller's), gone when it is over.

Browsers open connections ahead of need and leave them silent, and anybody on this machine can do the same: every
connection has a deadline, there are few of them, and none holds up another.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from amika_agent.accounts.device import SignInCancelled, SignInExpired
from amika_agent.accounts.loopback_request import RefusedRequest, Request, parse
from amika_agent.accounts.loopback_rules import Grant, Reply, Rules, refusal
from amika_agent.clock import Clock
from amika_agent.workspace import peer
from amika_local.errors import Failed
from amika_local.secret import Secret

LIMIT = 300.0
LINGER = 2.0

_HOST = "127.0.0.1"
_STEP = 0.2
_PATIENCE = 10.0
_MOST = 32
_DRAINED = 1 << 20


@dataclass(frozen=True)
class Typed:
    """Where a person may paste a token instead: a descriptor to watch, and how to read a line from it (None: ended)."""

    descriptor: int
    read: Callable[[], Secret | None]


Judge = Callable[[Grant], str]
"""Takes what the browser brought; returns "" when the person is signed in, else why not, for the browser's page."""


@dataclass
class _Connection:
    """One connection: what arrived; once answered, what is still to be sent and how much was read away."""

    socket: socket.socket
    ends_at: float
    data: bytes = b""
    out: bytes | None = None
    drained: int = 0
    finished: bool = False


class Loopback:
    """Waits for the browser.

    with Loopback(state, "https://app.example.com", clock) as waiting:
        open_page(f"…?callback={waiting.callback}&success={waiting.success}&state={state}")
        waiting.run(judge, cancel)

    Args:
        state: what only the page that we open knows.
        frontend_origin: the only foreign origin that may post to /cb; "" for none.
        clock: time.
        port: to listen on; 0 for any free one.
        typed: where a token may be pasted meanwhile.

    """

    def __init__(
        self, state: str, frontend_origin: str, clock: Clock, *, port: int = 0, typed: Typed | None = None
    ) -> None:
        self._clock = clock
        self._listener = _listening(port)
        self.port: int = self._listener.getsockname()[1]
        self._rules = Rules(self.port, state, frontend_origin)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._typed = typed
        if typed is not None:
            self._selector.register(typed.descriptor, selectors.EVENT_READ)
        self._connections: dict[int, _Connection] = {}
        self._judge: Judge = lambda _: "The program is not ready."
        self._served = False

    @property
    def callback(self) -> str:
        """Where the page brings the login."""
        return f"http://{_HOST}:{self.port}/cb"

    @property
    def success(self) -> str:
        """The last page."""
        return f"http://{_HOST}:{self.port}/success"

    def run(self, judge: Judge, cancel: threading.Event, *, limit: float = LIMIT) -> None:
        """Wait until one login was brought and judged; `finish` then serves its last page.

        Args:
            judge: called once, in this thread; what it raises ends the sign-in, after the page has been told.
            cancel: set to stop.
            limit: seconds.

        Raises:
            SignInCancelled, SignInExpired: nobody brought anything.
            Failed: too many wrong tries.

        """
        self._judge = judge
        end = self._clock.monotonic() + limit
        while not self._rules.accepted:
            if cancel.is_set():
                raise SignInCancelled("sign-in cancelled")
            if self._clock.monotonic() >= end:
                raise SignInExpired(f"nobody finished the sign-in within {limit / 60:.0f} minutes")
            if self._rules.exhausted:
                self.finish()
                raise Failed(
                    "the sign-in was stopped: too many links of another sign-in arrived here",
                    remedy="Close the browser's old tabs and start again.",
                )
            self._turn()

    def finish(self) -> None:
        """Go on until the last page was served whole, at most 2 s: not every browser asks for it."""
        end = self._clock.monotonic() + LINGER
        while self._has_to_say() and self._clock.monotonic() < end:
            self._turn()

    def _has_to_say(self) -> bool:
        if self._rules.accepted:
            return not self._served
        return any(connection.out for connection in self._connections.values())

    def close(self) -> None:
        """Close everything."""
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._selector.close()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _turn(self) -> None:
        for key, _ in self._selector.select(_STEP):
            if key.fileobj is self._listener:
                self._accept()
            elif self._typed is not None and key.fd == self._typed.descriptor:
                self._read_typed(self._typed)
            elif key.fd in self._connections:
                self._advance(self._connections[key.fd])
        now = self._clock.monotonic()
        for connection in [one for one in self._connections.values() if one.ends_at <= now]:
            self._drop(connection)

    def _accept(self) -> None:
        for _ in range(_MOST):
            try:
                accepted, address = self._listener.accept()
            except OSError:
                return
            self._welcome(accepted, address)

    def _welcome(self, accepted: socket.socket, client: tuple[str, int]) -> None:
        accepted.setblocking(False)  # noqa: FBT003 -- the standard library has no keyword here
        foreign = peer.is_foreign(client, self.port)
        if foreign and len(self._connections) >= _MOST // 2:
            accepted.close()  # they are told no while there is room for it, and take no place of the person's browser
            return
        if len(self._connections) >= _MOST:
            self._drop(min(self._connections.values(), key=lambda one: one.ends_at))
        connection = _Connection(accepted, self._clock.monotonic() + _PATIENCE)
        self._connections[accepted.fileno()] = connection
        self._selector.register(accepted, selectors.EVENT_READ)
        if foreign:
            self._reply(connection, refusal(RefusedRequest(403, "This sign-in belongs to another user."), None))

    def _advance(self, connection: _Connection) -> None:
        try:
            if connection.out:
                self._send(connection)
                return
            part = connection.socket.recv(64 * 1024)
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)
            return
        if not part:
            self._drop(connection)
        elif connection.out is not None:
            # what a refused client still writes is read away: it would never see the answer otherwise
            connection.drained += len(part)
            if connection.drained > _DRAINED:
                self._drop(connection)
        else:
            connection.data += part
            self._consider(connection)

    def _consider(self, connection: _Connection) -> None:
        request = None
        try:
            request = parse(connection.data)
            if request is None:
                return
            reply = self._rules.answer(request)
        except RefusedRequest as error:
            reply = refusal(error, request)
        if request is not None and reply.grant is not None:
            reply = self._judged(connection, request, reply.grant)
        self._reply(connection, reply)

    def _judged(self, connection: _Connection, request: Request, grant: Grant) -> Reply:
        try:
            problem = self._judge(grant)
        except BaseException:
            # whatever it was, the person in front of the browser hears that it is over
            self._reply(connection, self._rules.judged(request, "The program failed. Look into the terminal."))
            raise
        reply = self._rules.judged(request, problem)
        return Reply(reply.status, reply.headers, reply.body, finished=bool(problem))  # no page follows a refusal

    def _read_typed(self, typed: Typed) -> None:
        token = typed.read()
        if token is None:
            self._selector.unregister(typed.descriptor)
            self._typed = None
        elif token:
            self._rules.accepted = self._served = True
            self._judge(Grant(token, typed=True))

    def _reply(self, connection: _Connection, reply: Reply) -> None:
        phrase = HTTPStatus(reply.status).phrase
        headers = {**reply.headers, "Content-Length": str(len(reply.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.out = f"HTTP/1.1 {reply.status} {phrase}\r\n{head}\r\n".encode("latin-1") + reply.body
        connection.finished = reply.finished
        connection.ends_at = self._clock.monotonic() + _PATIENCE
        self._send(connection)

    def _send(self, connection: _Connection) -> None:
        try:
            while connection.out:
                sent = connection.socket.send(connection.out)
                connection.out = connection.out[sent:]
            connection.socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            self._selector.modify(connection.socket, selectors.EVENT_WRITE)
            return
        except OSError:
            self._drop(connection)
            return
        self._served = self._served or connection.finished
        self._selector.modify(connection.socket, selectors.EVENT_READ)

    def _drop(self, connection: _Connection) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        self._connections.pop(connection.socket.fileno(), None)
        connection.socket.close()


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if port:  # a fixed port may still be winding down from the last sign-in
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(64)
    except (OSError, OverflowError) as error:
        listener.close()
        number = error.errno if isinstance(error, OSError) else 0
        why = {errno.EADDRINUSE: "is in use", errno.EACCES: "is reserved for the system"}.get(
            number or 0, "cannot be used"
        )
        raise Failed(f"port {port} {why}", remedy="Choose another --port, or leave it out: any free one.") from None
    listener.setblocking(False)  # noqa: FBT003 -- the standard library has no keyword here
    return listener
