"""The one sign-in at a time: it runs in a thread, everyone who asks for one joins it, and it ends with the last."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Protocol

from amika_local.errors import Conflict, NotFound

LONGEST_GOODBYE = 5.0
AMIKA = "amika"


class SignsIn(Protocol):
    """What the desk drives; see `Engine.sign_in`."""

    def sign_in(
        self,
        cancel: threading.Event,
        *,
        choose_organization: Callable[[list[dict[str, str]]], str | None] | None = None,
        organization: str | None = None,
        service: str = AMIKA,
    ) -> Iterator[dict[str, Any]]:
        """Yield the events of one sign-in."""


class Desk:
    """Sign-ins of one agent.

    Args:
        engine: signs in, blocking.
        changed: called on the loop after every event.

    """

    def __init__(self, engine: SignsIn, changed: Callable[[], None]) -> None:
        self._engine = engine
        self._changed = changed
        self._flow: _Flow | None = None

    async def join(self, organization: str | None = None, service: str = AMIKA) -> AsyncIterator[dict[str, Any]]:
        """Yield every event of the sign-in under way, from its first on; start one when there is none.

        Closing the iterator leaves; when the last one leaves, the sign-in is cancelled. Whoever comes then waits for
        its end, at most as long as a server is waited for, and begins another one.

        Raises:
            Conflict: one to another service is under way.
            AmikaError: how the sign-in ended, when not well.

        """
        while self._flow is not None and self._flow.leaving and not self._flow.ended:
            await self._flow.over.wait()
        if self._flow is None or self._flow.ended:
            self._flow = _Flow(self._changed, service)
            self._flow.start(self._engine, organization)
        flow = self._flow
        if flow.service != service:
            raise Conflict("a sign-in to another service is under way", remedy="Finish or cancel that one first.")
        flow.listeners += 1
        try:
            async for event in flow.follow():
                yield event
        finally:
            flow.listeners -= 1
            if not flow.listeners:
                flow.stop()

    def choose(self, organization_id: str) -> None:
        """Answer the choice that the sign-in under way waits for.

        Raises:
            Conflict: nothing waits for a choice.
            NotFound: it is not one of the choices.

        """
        if self._flow is None or self._flow.ended:
            raise Conflict("no sign-in is under way", remedy="Start one: amika auth login")
        self._flow.choose(organization_id)

    async def close(self) -> None:
        """Cancel what is under way and return when its thread has ended, or waits for a server all the same."""
        if self._flow is not None:
            self._flow.stop()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._flow.over.wait(), LONGEST_GOODBYE)


class _Flow:
    def __init__(self, changed: Callable[[], None], service: str) -> None:
        self.service = service
        self._loop = asyncio.get_running_loop()
        self._changed = changed
        self._events: list[dict[str, Any]] = []
        self._error: BaseException | None = None
        self._news = asyncio.Event()
        self._offered: frozenset[str] = frozenset()
        self._chosen = ""
        self._answered = threading.Event()
        self.over = asyncio.Event()
        self._cancel = threading.Event()
        self.listeners = 0

    @property
    def ended(self) -> bool:
        return self.over.is_set()

    @property
    def leaving(self) -> bool:
        return self._cancel.is_set()

    def start(self, engine: SignsIn, organization: str | None) -> None:
        threading.Thread(target=self._run, args=(engine, organization), name="sign-in", daemon=True).start()

    async def follow(self) -> AsyncIterator[dict[str, Any]]:
        seen = 0
        while True:
            while seen < len(self._events):
                yield self._events[seen]
                seen += 1
            if self.ended:
                break
            self._news.clear()
            await self._news.wait()
        if self._error is not None:
            raise self._error

    def choose(self, organization_id: str) -> None:
        if not self._offered:
            raise Conflict("the sign-in does not wait for an organization")
        if organization_id not in self._offered:
            raise NotFound("there is no such organization among the choices")
        self._chosen = organization_id
        self._answered.set()

    def stop(self) -> None:
        self._cancel.set()
        self._answered.set()

    def _run(self, engine: SignsIn, organization: str | None) -> None:
        error: BaseException | None = None
        try:
            for event in engine.sign_in(
                self._cancel,
                choose_organization=self._wait_for_choice,
                organization=organization,
                service=self.service,
            ):
                self._loop.call_soon_threadsafe(self._add, event)
        except BaseException as caught:  # noqa: BLE001 -- handed to those who follow
            error = caught
        with contextlib.suppress(RuntimeError):  # the agent ended without waiting for a server's answer
            self._loop.call_soon_threadsafe(self._end, error)

    def _wait_for_choice(self, organizations: list[dict[str, str]]) -> str | None:
        # runs in the sign-in's thread
        self._offer(organizations)
        self._answered.wait()
        self._offered = frozenset()
        return None if self._cancel.is_set() else self._chosen

    def _offer(self, organizations: list[dict[str, str]]) -> None:
        self._offered = frozenset(organization["id"] for organization in organizations)

    def _add(self, event: dict[str, Any]) -> None:
        if event["event"] == "choose_organization":
            self._offer(event["organizations"])  # whoever hears of the choice may choose, however fast
        self._events.append(event)
        self._news.set()
        self._changed()

    def _end(self, error: BaseException | None) -> None:
        self._error = error
        self.over.set()
        self._news.set()
        self._changed()
