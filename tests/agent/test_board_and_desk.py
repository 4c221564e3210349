from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.fakes.ordered_sign_in import CODE, DONE, OrderedSignIn

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


def at_desk(play: Callable[[Desk, OrderedSignIn], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        engine = OrderedSignIn()
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
    async def play(desk: Desk, engine: OrderedSignIn) -> None:
        first = await until_code(desk)
        second = await until_code(desk)
        engine.approved.set()
        assert await first == await second == [CODE, DONE]
        assert engine.started == 1

    at_desk(play)


def test_it_is_cancelled_when_the_last_one_leaves_not_before() -> None:
    async def play(desk: Desk, engine: OrderedSignIn) -> None:
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

    async def play(desk: Desk, engine: OrderedSignIn) -> None:
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
    async def play(desk: Desk, engine: OrderedSignIn) -> None:
        engine.approved.set()
        assert await everything(desk) == [CODE, DONE]
        assert await everything(desk) == [CODE, DONE]
        assert engine.started == 2

    at_desk(play)


def test_everyone_hears_how_it_failed() -> None:
    async def play(desk: Desk, engine: OrderedSignIn) -> None:
        engine.error = NotSignedIn("refused in the browser")
        tasks = [await until_code(desk), await until_code(desk)]
        engine.approved.set()
        for task in tasks:
            with pytest.raises(NotSignedIn, match="refused"):
                await task

    at_desk(play)


def test_an_organization_is_chosen_from_those_offered() -> None:
    async def play(desk: Desk, engine: OrderedSignIn) -> None:
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
    async def play(desk: Desk, engine: OrderedSignIn) -> None:
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
