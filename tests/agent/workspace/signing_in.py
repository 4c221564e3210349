"""A program's almyty sign-in, run in a thread while a test plays the person."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from amika_agent.accounts.almyty import AlmytySignedIn, PageReady, Place, SignInEvent, sign_in
from amika_agent.clock import SystemClock
from amika_agent.http.client import Http


class ProgramSigningIn:
    """`events` as they come; `error` is how it ended, None for well."""

    def __init__(self, place: Place, *, headless: bool = False) -> None:
        self.place = place
        self.error: BaseException | None = None
        self.done: AlmytySignedIn | None = None
        self.cancel = threading.Event()
        self._headless = headless
        self._events: queue.Queue[SignInEvent] = queue.Queue()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            with Http() as http:
                for event in sign_in(self.place, http, SystemClock(), cancel=self.cancel, headless=self._headless):
                    if isinstance(event, AlmytySignedIn):
                        self.done = event
                    self._events.put(event)
        except BaseException as error:  # noqa: BLE001 -- what the caller of a sign-in would get
            self.error = error

    def page(self) -> PageReady:
        """Return the page to open."""
        event = self._events.get(timeout=20)
        assert isinstance(event, PageReady)
        return event

    def wait(self, seconds: float = 30.0) -> None:
        """Return when the sign-in is over."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the sign-in did not end"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.cancel.set()
        self.wait()


def place_of(folder: Path, url: str) -> Place:
    """Return an almyty account at the local workspace, in a folder of the test's."""
    return Place(str(folder), url, url)
