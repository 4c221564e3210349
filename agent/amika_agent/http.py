"""HTTP as this program needs it: one request, one bounded answer, no redirect followed, no retry, nothing echoed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amika_local.errors import Unreachable
from amika_local.secret import Secret

MAX_BODY = 1 << 20


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
        raise NotImplementedError

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
    """One HTTP client for all our servers; may be used from several threads. Close it when done."""

    def __init__(self, *, ca_file: str | None = None) -> None:
        self._ca_file = ca_file

    def request(
        self,
        method: str,
        url: str,
        *,
        json: object | None = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        bearer: Secret | None = None,
        timeout: float = 10.0,
    ) -> Answer:
        """Send one request and return its answer, whatever its status.

        Args:
            method: "GET", "POST" …
            url: absolute; https, or http on loopback.
            json: body, sent as JSON.
            form: body, sent url-encoded.
            query: query parameters.
            bearer: sent as Authorization.
            timeout: seconds for the whole exchange.

        Raises:
            NoAnswer: no usable answer. Nothing that the server sent is in its text.
            UsageError: a URL that must not be used.

        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections; the client may be used again."""

    def __enter__(self) -> Http:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
