"""What an agent costs while nothing happens: one thread wakes once a minute, and the loop not at all."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes.agent_logins import claude_signs_in
from tests.fakes.idle_loop import IdleLoop
from tests.fakes.lanes_stage import Stage, on_stage

from amika_agent.service import serve
from amika_agent.sweep import SWEEP
from amika_shared.client import reach
from amika_shared.profile import resolve

LOCAL = frozenset({"local"})
LEAST = 60.0  # seconds between two wake-ups of which nobody has asked for one
STILL = 25  # looks in a row at which nothing is about to happen
Until = Callable[..., object]


def loop_of(_: Stage) -> IdleLoop:
    found = asyncio.get_running_loop()
    assert isinstance(found, IdleLoop)
    return found


def on_idle_stage(play: Callable[[Stage], object]) -> None:
    on_stage(play, ("one", "two"), IdleLoop)


def test_a_quiet_hour_wakes_one_thread_sixty_times_and_the_loop_never() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.clock.waits.clear()
        stage.clock.sleeps.clear()
        stage.work.sweeps.clear()
        published, woken = stage.published, loop_of(stage).woken
        await stage.clock.advance(3600)
        assert stage.clock.sleeps == [SWEEP] * 60
        assert stage.clock.waits == [], "a lane went to sleep again, hence it was awake"
        assert loop_of(stage).woken == woken, "the loop was told of nothing"
        assert len(stage.work.sweeps) == 60
        assert len(set(stage.work.sweeps)) == 1, "nothing is handed to another thread"
        assert stage.work.runs == []
        assert stage.published == published

    on_idle_stage(play)


def test_no_timer_is_under_a_minute_when_nothing_is_due() -> None:
    assert SWEEP >= LEAST

    async def play(stage: Stage) -> None:
        stage.work.due["renew"] = stage.clock.now() + 480
        stage.work.due["look"] = stage.clock.now() + 7200
        await stage.started()
        stage.clock.waits.clear()
        stage.work.due["renew"] = stage.clock.now() + 960
        await stage.clock.advance(900)
        assert stage.work.runs == ["renew"]
        assert all(seconds is None or seconds >= LEAST for seconds in [*stage.clock.waits, *stage.clock.sleeps])

    on_idle_stage(play)


def test_what_a_sweep_found_is_told_to_the_loop_once() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        woken = loop_of(stage).woken
        stage.work.unseen = frozenset({"session"})
        await stage.clock.advance(61)
        assert stage.work.runs == ["renew"]
        assert loop_of(stage).woken == woken + 2, "what was found, and that the run has ended"

    on_idle_stage(play)


def test_a_disk_that_does_not_answer_a_sweep_keeps_no_wake_up_and_no_event_from_being_acted_on() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        held = stage.work.hold["overlooked"] = threading.Event()
        await stage.clock.advance(61)
        stage.lanes.poke(LOCAL)
        await stage.clock.advance(1)
        assert stage.work.runs == ["overlooked", "look"]
        stage.clock.jump(8 * 3600)
        stage.lanes.clock_set()
        await stage.clock.advance(1)
        assert stage.work.count("renew") == 1
        del stage.work.hold["overlooked"]
        held.set()
        await stage.clock.advance(61)

    on_idle_stage(play)


def test_a_clock_that_was_set_a_little_is_reason_enough_to_sweep() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.unseen = LOCAL
        stage.clock.jump(0.5)
        stage.lanes.clock_set()
        await stage.clock.advance(0.1)
        assert stage.work.runs == ["look"]

    on_idle_stage(play)


@pytest.fixture
def signals() -> Iterator[None]:
    """An agent takes the signals of its process; give them back."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.process
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a thread watches each folder")
@pytest.mark.usefixtures("signals")
def test_a_whole_agent_at_rest_has_three_threads_and_no_timer_under_a_minute(home: Path) -> None:
    claude_signs_in(home)
    profile = resolve(os.environ)
    before = set(threading.enumerate())
    restless = ["not looked at"]

    def watch_and_stop(loop: IdleLoop) -> None:
        """From outside: whoever looks from the loop wakes it."""
        own = {threading.current_thread(), *before}
        end, still, woken = time.monotonic() + 20, 0, -1
        while still < STILL and time.monotonic() < end:
            time.sleep(0.02)
            threads = [one.name for one in threading.enumerate() if one not in own]
            restless[:] = [f"a timer of {seconds:.1f} s" for seconds in loop.timers() if seconds < LEAST]
            restless.extend(["the loop was woken"] * (loop.woken - woken))
            # beside the loop's: the one that reads inotify, and the sweep
            restless.extend([f"threads: {threads}"] * (len(threads) != 2))
            still, woken = 0 if restless else still + 1, loop.woken
        found = reach(profile, env=os.environ)
        assert found.client is not None, found.reason
        with found.client as client:
            client.call("stop", timeout=10)

    async def whole() -> bool:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, IdleLoop)
        watching: list[asyncio.Task[None]] = []
        done = await serve(profile, dict(os.environ), lambda: watching.append(loop.create_task(watched(loop))))
        await watching[0]
        return done

    async def watched(loop: IdleLoop) -> None:
        await asyncio.to_thread(watch_and_stop, loop)

    with asyncio.Runner(loop_factory=IdleLoop) as runner:
        assert runner.run(whole())
    assert restless == []
