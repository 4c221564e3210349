"""HTTP for a person who waits: a server that takes long is named on the terminal, once."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from amika_agent.http.client import Answer, Http
from amika_cli.render import note
from amika_cli.waiting import when_slow


class PatientHttp(Http):
    """`Http` that says for whom it waits; see `when_slow`."""

    _said = False

    def request(self, method: str, url: str, **more: Any) -> Answer:  # noqa: ANN401 -- as `Http` has them
        """Send one request; as `Http.request`."""

        def say() -> None:
            if not self._said:
                self._said = True
                note(f"Waiting for {urlsplit(url).netloc}, which has not answered yet. Ctrl-C stops.")

        with when_slow(say):
            return super().request(method, url, **more)
