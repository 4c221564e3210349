"""One HTTP/1.1 request of the loopback sign-in, read strictly from the bytes that have arrived. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LARGEST_HEAD = 16 * 1024
LARGEST_BODY = 64 * 1024
_MOST_HEADERS = 100
# whoever sends one of these twice means to be understood in two ways
_ONCE = ("host", "origin", "content-length", "content-type", "sec-fetch-mode", "sec-fetch-dest")


class RefusedRequest(Exception):
    """The request is refused with this status; the text is ours and constant."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True)
class Request:
    """A whole request. `path` and `query` are as sent; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str:
        """Return a header, or ""."""
        return self.headers.get(name, "")


def parse(data: bytes) -> Request | None:
    """Return the request, or None while it is not whole.

    Raises:
        RefusedRequest: 400, 411, 413, 431 or 501; what follows on the connection is not to be read.

    """
    head, complete, rest = data.partition(b"\r\n\r\n")
    if len(head) > LARGEST_HEAD:
        raise RefusedRequest(431, "The request's head is too large.")
    if not complete:
        return None
    lines = head.split(b"\r\n")
    method, path, query = _target(lines[0])
    headers = _headers(lines[1:])
    if "transfer-encoding" in headers:
        raise RefusedRequest(501, "A body without a length is not taken.")
    length = _length(headers.get("content-length"), required=method == "POST")
    if length > LARGEST_BODY:
        raise RefusedRequest(413, "The request is larger than 64 KiB.")
    if len(rest) < length:
        return None
    return Request(method, path, query, headers, rest[:length])


def _target(line: bytes) -> tuple[str, str, str]:
    words = line.split(b" ")
    if len(words) != 3 or words[2] not in (b"HTTP/1.1", b"HTTP/1.0") or not words[0].isalpha():
        raise RefusedRequest(400, "That is not an HTTP request.")
    try:
        target = words[1].decode("ascii")
    except UnicodeDecodeError:
        raise RefusedRequest(400, "That is not an HTTP request.") from None
    if not target.startswith("/") or not target.isprintable():
        raise RefusedRequest(400, "That is not an HTTP request.")
    path, _, query = target.partition("?")
    return words[0].decode(), path, query


def _headers(lines: list[bytes]) -> dict[str, str]:
    if len(lines) > _MOST_HEADERS:
        raise RefusedRequest(431, "The request has too many headers.")
    found: dict[str, str] = {}
    for line in lines:
        raw, colon, value = line.partition(b":")
        name = raw.decode("latin-1").lower()
        # a blank before the colon or at the start (a continued line) is how requests are smuggled
        if not colon or not name or not all(c.isalnum() or c in "!#$%&'*+-.^_`|~" for c in name):
            raise RefusedRequest(400, "A header is malformed.")
        text = value.decode("latin-1").strip(" \t")
        if any(c < " " and c != "\t" for c in text) or (name in found and name in _ONCE):
            raise RefusedRequest(400, "A header is malformed.")
        found[name] = text
    return found


def _length(given: str | None, *, required: bool) -> int:
    if given is None:
        if required:
            raise RefusedRequest(411, "The request has no length.")
        return 0
    if not (given.isascii() and given.isdigit()):
        raise RefusedRequest(400, "The length is malformed.")
    return int(given) if len(given) < 10 else LARGEST_BODY + 1
