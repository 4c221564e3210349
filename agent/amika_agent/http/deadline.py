"""A deadline for a whole exchange, headers included.

httpx limits only each single wait, so a server that drips a byte every few seconds could hold a request, and the lock
it is made under, for days.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from amika_agent.clock import Clock
from amika_agent.http.giving_up import GivenUp, Line, within

if TYPE_CHECKING:
    import httpx


SLACK = 0.5  # seconds for a connection to say itself that it took too long


class OutOfTime(Exception):
    """The exchange's time is up; `sent` tells whether the server may have the request."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__()
        self.sent = sent


class Deadline:
    """The end of the exchange that the present thread is in; each thread has its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._local = threading.local()

    def begin(self, seconds: float, line: Line) -> None:
        """Let the exchange that this thread begins now end in `seconds`, or when its line is cut."""
        self._local.end = self._clock.monotonic() + seconds
        self._local.line = line

    def on(self, connection: Any, *, sent: bool) -> None:  # noqa: ANN401 -- httpcore's own
        """Take note of the connection that this thread's exchange is on.

        Raises:
            OutOfTime: nobody wants its answer any more.

        """
        line: Line | None = getattr(self._local, "line", None)
        if line is not None and not line.on(connection):
            raise OutOfTime(sent=sent)

    def left(self, timeout: float | None, *, sent: bool) -> float | None:
        """Return how long this thread may wait now, at most `timeout`; None for as long as it takes.

        Raises:
            OutOfTime: not at all.

        """
        end: float | None = getattr(self._local, "end", None)
        if end is None:
            return timeout
        left = end - self._clock.monotonic()
        if left <= 0:
            raise OutOfTime(sent=sent)
        return left if timeout is None else min(timeout, left)

    def keep(self, client: httpx.Client) -> None:
        """Let every connection of the client observe the deadline.

        httpx offers no way to hand a network backend to its transports, hence the private attributes.
        """
        for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
            pool: Any = getattr(transport, "_pool", None)
            if pool is not None:
                pool._network_backend = _Backend(pool._network_backend, self)  # noqa: SLF001


class _Backend:
    """What httpcore asks of a network backend."""

    def __init__(self, inner: Any, deadline: Deadline) -> None:  # noqa: ANN401 -- httpcore's own
        self._inner = inner
        self._deadline = deadline

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **more: Any) -> _Stream:  # noqa: ANN401
        left = self._deadline.left(timeout, sent=False)

        def connect() -> Any:  # noqa: ANN401 -- httpcore's own
            return self._inner.connect_tcp(host, port, timeout=left, **more)

        try:
            # its timeout does not count the look-up of the name, which takes what the system's resolver takes
            inner = within(None if left is None else left + SLACK, connect, lambda late: late.close())
        except GivenUp:
            raise OutOfTime(sent=False) from None
        return _Stream(inner, self._deadline)


class _Stream:
    """What httpcore asks of a connection."""

    def __init__(self, inner: Any, deadline: Deadline) -> None:  # noqa: ANN401 -- httpcore's own
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._deadline.on(self._inner, sent=True)
        data: bytes = self._inner.read(max_bytes, self._deadline.left(timeout, sent=True))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._deadline.on(self._inner, sent=False)
        self._inner.write(buffer, self._deadline.left(timeout, sent=True))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> _Stream:  # noqa: ANN401
        self._deadline.on(self._inner, sent=False)
        left = self._deadline.left(timeout, sent=False)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 -- as httpcore declares it
        return self._inner.get_extra_info(info)
