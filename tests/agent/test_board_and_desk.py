from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from amika_agent.server.desk import Desk
from amika_agent.snapshot.board import Board
from amika_local.errors import Conflict, NotFound, NotSignedIn


def test_the_same_facts_are_not_published_twice() -> None:
    board = Board()
    assert board.publish({"state": "in_sync", "at": 1.0})
    assert not board.publish({"state": "in_sync", "at": 2.0})
    assert board.publish({"state": "offline", "at": 3.0})
    assert board.snapshot["generation"] == 2


def test_a_slow_reader_misses_steps_but_never_the_last() -> None:
    async def play() -> None:
        board = Board()
        board.publish({"n": 1})
        waiting = asyncio.create_task(board.newer(1))
        await asyncio.sleep(0)
        for n in range(2, 6):
            board.publish({"n": n})
        await waiting
        assert board.snapshot == {"n": 5, "generation": 5}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(board.newer(5), 0.01)

    asyncio.run(play())


CODE = {"event": "code", "user_code": "FAKE-CODE"}
DONE = {"event": "done", "email": "a@example.com", "organization_id": "org"}


class Engine:
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
        service: str = "amika",
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


def at_desk(play: Callable[[Desk, Engine], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        engine = Engine()
        desk = Desk(engine, lambda: None)
        try:
            await play(desk, engine)
        finally:
            await desk.close()

    asyncio.run(whole())


async def everything(desk: Desk) -> list[dict[str, Any]]:
    return [event async for event in desk.join()]


async def until_code(desk: Desk) -> asyncio.Task[list[dict[str, Any]]]:
    seen = asyncio.Event()

    async def follow() -> list[dict[str, Any]]:
        events = []
        async for event in desk.join():
            events.append(event)
            seen.set()
        return events

    task = asyncio.create_task(follow())
    await seen.wait()
    return task


def test_a_second_caller_joins_and_hears_everything_from_the_start() -> None:
    async def play(desk: Desk, engine: Engine) -> None:
        first = await until_code(desk)
        second = await until_code(desk)
        engine.approved.set()
        assert await first == await second == [CODE, DONE]
        assert engine.started == 1

    at_desk(play)


def test_it_is_cancelled_when_the_last_one_leaves_not_before() -> None:
    async def play(desk: Desk, engine: Engine) -> None:
        first = await until_code(desk)
        second = await until_code(desk)
        first.cancel()
        await asyncio.sleep(0.05)
        assert not engine.ended.is_set()
        second.cancel()
        assert await asyncio.to_thread(engine.ended.wait, 10)

    at_desk(play)


def test_whoever_comes_while_a_cancelled_one_still_ends_gets_one_of_their_own() -> None:
    """The server is silent: the cancelled sign-in waits for it, and nobody is to join that one any more."""

    async def play(desk: Desk, engine: Engine) -> None:
        engine.slow.set()
        first = await until_code(desk)
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        second = asyncio.create_task(until_code(desk))
        await asyncio.sleep(0.05)
        assert (engine.started, second.done()) == (1, False)
        engine.slow.clear()
        following = await second
        engine.approved.set()
        assert await following == [CODE, DONE]
        assert engine.started == 2

    at_desk(play)


def test_after_one_has_ended_the_next_is_new() -> None:
    async def play(desk: Desk, engine: Engine) -> None:
        engine.approved.set()
        assert await everything(desk) == [CODE, DONE]
        assert await everything(desk) == [CODE, DONE]
        assert engine.started == 2

    at_desk(play)


def test_everyone_hears_how_it_failed() -> None:
    async def play(desk: Desk, engine: Engine) -> None:
        engine.error = NotSignedIn("refused in the browser")
        tasks = [await until_code(desk), await until_code(desk)]
        engine.approved.set()
        for task in tasks:
            with pytest.raises(NotSignedIn, match="refused"):
                await task

    at_desk(play)


def test_an_organization_is_chosen_from_those_offered() -> None:
    async def play(desk: Desk, engine: Engine) -> None:
        with pytest.raises(Conflict):
            desk.choose("org-1")
        engine.choices = [{"id": "org-1", "name": "One"}, {"id": "org-2", "name": "Two"}]
        task = await until_code(desk)
        with pytest.raises(Conflict):
            desk.choose("org-1")
        engine.approved.set()
        await heard(desk, "choose_organization")
        with pytest.raises(NotFound):
            desk.choose("org-9")
        desk.choose("org-2")
        assert (await task)[-1] == DONE
        assert engine.chosen == "org-2"

    at_desk(play)


def test_leaving_while_a_choice_is_open_ends_the_sign_in() -> None:
    async def play(desk: Desk, engine: Engine) -> None:
        engine.choices = [{"id": "org-1", "name": "One"}]
        task = await until_code(desk)
        engine.approved.set()
        await heard(desk, "choose_organization")
        task.cancel()
        assert await asyncio.to_thread(engine.ended.wait, 10)
        assert engine.chosen is None

    at_desk(play)


async def heard(desk: Desk, kind: str) -> None:
    async for event in desk.join():
        if event["event"] == kind:
            return
