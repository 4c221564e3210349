"""Clients of HTTP that behave as the real one, but for one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amika_agent.http.client import Answer, Http


class Prepared(Http):
    """Sends nothing: it has this answer for every request."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__()
        self.answer = Answer(status, {}, body)

    def request(self, method: str, url: str, **_options: Any) -> Answer:
        return self.answer


class Impatient(Http):
    """Waits 0.3 s for an answer, however long it was told to."""

    def request(self, method: str, url: str, **options: Any) -> Answer:
        return super().request(method, url, **{**options, "timeout": 0.3})


class Interrupted(Http):
    """Calls `before` with method and URL just before each request."""

    def __init__(self, before: Callable[[str, str], None]) -> None:
        super().__init__()
        self._before = before

    def request(self, method: str, url: str, **options: Any) -> Answer:
        self._before(method, url)
        return super().request(method, url, **options)
