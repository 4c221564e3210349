"""The running agent: engine, lanes, watch and socket put together on one loop, and taken apart again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from typing import TYPE_CHECKING, Any

from amika_agent.engine.engine import Engine
from amika_agent.instance import recorded
from amika_agent.lanes import Lanes
from amika_agent.loop_clock import SystemLoopClock
from amika_agent.server.desk import Desk
from amika_agent.server.operations import Api
from amika_agent.server.server import Server
from amika_agent.snapshot.board import Board
from amika_agent.wake import told_of_wake
from amika_local.errors import AmikaError
from amika_shared import BUILD
from amika_shared.effective import effective
from amika_shared.protocol import PROTO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amika_shared.profile import Profile

log = logging.getLogger(__name__)

STOP_DEADLINE = 10.0
# how long the first look may keep the first snapshot back: a disk that does not answer must not hide the agent
FIRST_LOOK = 3.0


async def serve(profile: Profile, env: Mapping[str, str], ready: Callable[[], None]) -> bool:
    """Be the agent of `profile` until a signal or a client says stop; the caller holds the lock.

    `ready` is called once clients can find it.
    Return False when something was still running at the end, so that the process must not wait for its threads.

    Raises:
        Failed: the socket or the record cannot be made.
        AmikaError: a lane ended by itself, which is a bug; whoever supervises the agent starts it again.

    """
    clock = SystemLoopClock()
    stopping = _stop_signals()
    engine = Engine(profile, env, clock, "agent")
    board = Board()
    show_from = clock.monotonic() + FIRST_LOOK
    loop = asyncio.get_running_loop()

    def publish() -> None:
        # "nothing was found" is told only by one who has looked
        if not engine.has_looked and clock.monotonic() < show_from:
            return
        unlooked.cancel()
        before = board.snapshot
        try:
            if board.publish(engine.snapshot()):
                _log_news(before, board.snapshot)
        except Exception:  # the work goes on even when it cannot be shown
            log.exception("the snapshot cannot be built")

    unlooked = loop.call_later(FIRST_LOOK + 0.1, publish)
    lanes = Lanes(engine, clock, publish)
    desk = Desk(engine, publish)
    api = Api(engine, lanes, board, desk, stopping)
    started = clock.now()
    hello = {
        "proto": list(PROTO),
        "build": BUILD,
        "features": api.features,
        "paths": effective(profile, env),
        "started": started,
        "pid": os.getpid(),
    }
    server = Server(profile.socket, hello, api.handle, clock)
    await server.start()
    healthy = done = True
    try:
        with recorded(profile, env, started):
            log.info("agent %s started for the profile %s", BUILD, profile.name)
            ready()
            engine.watch(lambda names: _soon(loop, lanes, names))
            lanes.start()
            with told_of_wake(loop, lanes.clock_set):
                healthy = await _until(stopping, lanes)
            board.publish({**engine.snapshot(), "stopping": True})
            await desk.close()
            await server.close()
    finally:
        unlooked.cancel()
        await server.close()
        engine.unwatch()
        done = await lanes.stop(STOP_DEADLINE)
        if done:
            engine.close()
        else:
            engine.close_services()
        log.info("agent stopped")
    if not healthy:
        raise AmikaError("the agent ended because of a bug", remedy=f"Its log: {profile.agent_log}")
    return done


async def _until(stopping: asyncio.Event, lanes: Lanes) -> bool:
    """Return True when the agent was told to stop, False when a lane ended."""
    ends = [asyncio.create_task(stopping.wait()), asyncio.create_task(lanes.broken())]
    _, left = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    healthy = stopping.is_set()
    stopping.set()
    for task in left:
        task.cancel()
    return healthy


def _log_news(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    if before.get("state") != after["state"]:
        log.info("state: %s", after["state"])
    known = [problem["message"] for problem in before.get("problems", [])]
    for problem in after["problems"]:
        if problem["message"] not in known:
            log.info("problem (%s): %s", problem["code"], problem["message"])


def _soon(loop: asyncio.AbstractEventLoop, lanes: Lanes, names: frozenset[str]) -> None:
    # a closed loop has nobody left to tell
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(lanes.poke, names)


def _stop_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    # the terminal or session we were started from may go; the agent stays
    loop.add_signal_handler(signal.SIGHUP, log.info, "SIGHUP ignored")
    return stopping
