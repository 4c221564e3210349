"""A sign-in that goes as a test orders it, without servers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from amika_agent.server.desk import AMIKA, SignsIn
from amika_local.errors import NotSignedIn

CODE = {"event": "code", "user_code": "FAKE-CODE"}
DONE = {"event": "done", "email": "a@example.com", "organization_id": "org"}


class OrderedSignIn(SignsIn):
    """Signs in as a test orders it, in the desk's thread."""

    def __init__(self) -> None:
        self.approved = threading.Event()
        self.ended = threading.Event()
        self.slow = threading.Event()  # set: a server that answers nothing keeps a cancelled one from ending
        self.started = 0
        self.choices: list[dict[str, str]] = []
        self.chosen: str | None = None
        self.error: Exception | None = None
        self.organization: str | None = None

    def sign_in(
        self,
        cancel: threading.Event,
        *,
        choose_organization: Callable[[list[dict[str, str]]], str | None] | None = None,
        organization: str | None = None,
        service: str = AMIKA,
    ) -> Iterator[dict[str, Any]]:
        self.started += 1
        self.organization = organization
        try:
            yield CODE
            while not self.approved.wait(0.01):
                if cancel.is_set() and not self.slow.is_set():
                    raise NotSignedIn("cancelled")
            if self.error is not None:
                raise self.error
            if self.choices and choose_organization is not None:
                yield {"event": "choose_organization", "organizations": self.choices}
                self.chosen = choose_organization(self.choices)
                if self.chosen is None:
                    raise NotSignedIn("cancelled")
            yield DONE
        finally:
            self.ended.set()
