"""Threads for blocking work: bounded, gone when nothing is to be done, and none left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait

import pytest

from amika_agent.workers import Workers

Until = Callable[..., object]
NAME = "of-this-test"


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def test_what_work_returns_or_raises_reaches_who_gave_it() -> None:
    workers = Workers(2, NAME)
    assert workers.submit(divmod, 7, 2).result(10) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        workers.submit(divmod, 7, 0).result(10)
    assert workers.submit(int, "11", base=2).result(10) == 3
    workers.shutdown()


def test_no_thread_stays_when_there_is_nothing_to_do(until: Until) -> None:
    workers = Workers(8, NAME)
    hold = threading.Event()
    pieces = [workers.submit(hold.wait, 10) for _ in range(5)]
    assert len(threads()) == 5
    hold.set()
    wait(pieces, 10)
    until(lambda: not threads(), "their end")
    assert workers.submit(str, 1).result(10) == "1"
    workers.shutdown()
    assert threads() == []


def test_more_than_it_may_have_wait_for_their_turn() -> None:
    workers = Workers(2, NAME)
    hold = threading.Event()
    order: list[int] = []
    held = [workers.submit(hold.wait, 10) for _ in range(2)]
    later = [workers.submit(order.append, number) for number in range(20)]
    assert len(threads()) == 2
    assert not any(piece.done() for piece in later)
    hold.set()
    assert not wait([*held, *later], 10).not_done
    assert sorted(order) == list(range(20))
    workers.shutdown()


def test_many_who_give_work_at_once_lose_none() -> None:
    workers = Workers(4, NAME)
    done: list[Future[int]] = []

    def give() -> None:
        done.extend([workers.submit(abs, -number) for number in range(200)])

    givers = [threading.Thread(target=give) for _ in range(4)]
    for giver in givers:
        giver.start()
    for giver in givers:
        giver.join(20)
    assert sum(piece.result(20) for piece in done) == 4 * sum(range(200))
    workers.shutdown()


def test_the_end_drops_what_has_not_begun_and_waits_for_what_has() -> None:
    workers = Workers(1, NAME)
    hold, begun = threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        assert hold.wait(10)
        return "done"

    first, second = workers.submit(work), workers.submit(str)
    assert begun.wait(10)
    workers.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(CancelledError):
        second.result(10)
    with pytest.raises(RuntimeError):
        workers.submit(str)
    hold.set()
    workers.shutdown()
    assert (first.result(0), threads()) == ("done", [])


def test_what_was_cancelled_before_its_turn_is_not_done() -> None:
    workers = Workers(1, NAME)
    hold = threading.Event()
    ran: list[int] = []
    first, second, third = workers.submit(hold.wait, 10), workers.submit(ran.append, 2), workers.submit(ran.append, 3)
    assert second.cancel()
    hold.set()
    wait([first, third], 10)
    workers.shutdown()
    assert ran == [3]
