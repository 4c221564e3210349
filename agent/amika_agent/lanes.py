"""The lanes: local (files -> env cache), session (renewal), remote (pushed secrets; one for each provider's queue).

Each is level-triggered: a trigger only says "look again", so a lost or doubled one is harmless. Each runs its blocking
body in a worker thread, one run at a time; none waits for another. Between runs a lane sleeps until it is poked or
until the time its body asked for. A sweep looks every 60 seconds for what nobody told us: a file event that was lost,
a rule that another process wrote, a clock that jumped, a machine that slept. It has a thread of its own and wakes the
loop only with what it found. Where the kernel tells of the last two, `clock_set` makes us look at once; and whoever
wakes first, the session goes before the remote lane.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from amika_agent.loop_clock import LoopClock
from amika_agent.sweep import Sweep
from amika_agent.workers import Workers
from amika_local.errors import AmikaError

log = logging.getLogger(__name__)

T = TypeVar("T")

REMOTE = frozenset({"remote"})

QUIET = 0.05
LONGEST_SETTLE = 2.0
JUMP = 5.0
SHOW_WORK_AFTER = 0.3
LONGEST_BACK_OFF = 60.0


class Work(Protocol):
    """What the lanes call, each in a worker thread. Times are epoch seconds."""

    def look(self) -> bool:
        """Local body; True when something changed that the remote lane should know."""

    def look_due(self) -> float | None:
        """When to look again although nobody asks."""

    def renew(self) -> bool:
        """Session body; True when the account or its token changed."""

    def renew_due(self) -> float | None:
        """When the session wants to be renewed."""

    @property
    def queues(self) -> Sequence[str]:
        """The remote lanes: what one of them waits for delays none of the others."""

    def reconcile_queue(self, name: str) -> object:
        """Body of a remote lane."""

    def queue_due(self, name: str) -> float | None:
        """When that lane has to go on."""

    def overlooked(self) -> frozenset[str]:
        """Return what changed unnoticed since this was last asked: "local", "session", "remote"."""


@dataclass(frozen=True)
class Pace:
    """How a lane paces itself, seconds: quiet to wait for, at most; least time between two runs that are due."""

    quiet: float = 0.0
    longest: float = 0.0
    floor: float = 1.0


class Lane:
    """One level-triggered loop."""

    def __init__(
        self,
        name: str,
        body: Callable[[], Any],
        due: Callable[[], float | None],
        clock: LoopClock,
        run: Callable[[Callable[[], T]], Any],
        after: Callable[[Any], None],
        pace: Pace,
        first: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self.name = name
        self._body = body
        self._due = due
        self._clock = clock
        self._run = run
        self._after = after
        self._pace = pace
        self._first = first
        self._poked = asyncio.Event()
        self._begun = self._ended = 0
        self._someone_waits = asyncio.Condition()
        self._failures = 0
        self._overdue = 0

    def poke(self) -> None:
        """Ask for a run; asking twice is asking once."""
        self._poked.set()

    async def poke_and_wait(self) -> None:
        """Ask for a run and return when one that began later has ended; one under way may have looked too early."""
        wanted = self._begun + 1
        self.poke()
        async with self._someone_waits:
            await self._someone_waits.wait_for(lambda: self._ended >= wanted)

    async def loop(self) -> None:
        """Run until cancelled."""
        while True:
            if await self._clock.wait(self._poked, self._sleep()):
                await self._settle()
            if self._first is not None:
                await self._first()
            self._poked.clear()
            await self._once()

    async def _settle(self) -> None:
        """Let a burst of events end: a file is written in pieces, and often beside others."""
        if not self._pace.quiet:
            return
        end = self._clock.monotonic() + self._pace.longest
        while self._clock.monotonic() < end:
            self._poked.clear()
            if not await self._clock.wait(self._poked, self._pace.quiet):
                return

    async def _once(self) -> None:
        self._begun += 1
        try:
            result = await self._run(self._body)
        except Exception as error:  # a lane may fail, the agent may not
            self._failures += 1
            told = error.message if isinstance(error, AmikaError) else type(error).__name__
            log.warning("%s lane: %s", self.name, told, exc_info=None if isinstance(error, AmikaError) else error)
            result = None
        else:
            self._failures = 0
        self._ended = self._begun
        self._after(result)
        async with self._someone_waits:
            self._someone_waits.notify_all()

    def _sleep(self) -> float | None:
        if self._failures:
            return min(LONGEST_BACK_OFF, 2.0 ** min(self._failures, 6))
        due = self._due()
        if due is None or due > self._clock.now():
            self._overdue = 0
            return None if due is None else max(self._pace.floor, due - self._clock.now())
        # still due although it has just run: there may be nothing it can do, so ask less and less often
        self._overdue = min(self._overdue + 1, 10)
        return min(LONGEST_BACK_OFF, self._pace.floor * 2.0 ** (self._overdue - 1))


class Lanes:
    """The lanes of one engine, on the loop that makes them.

    Args:
        work: the engine.
        clock: time.
        publish: called on the loop after each run, and when one takes long.

    """

    def __init__(self, work: Work, clock: LoopClock, publish: Callable[[], None]) -> None:
        self._work = work
        self._clock = clock
        self._publish = publish
        self._workers = Workers(9 + len(work.queues), "lane")
        self._sweep = Sweep(self._look_for_unnoticed, clock)
        self._loop = asyncio.get_running_loop()
        self.under_way: set[asyncio.Future[Any]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.local = self._lane("local", work.look, work.look_due, self._looked, Pace(QUIET, LONGEST_SETTLE, 0.2))
        self.session = self._lane("session", work.renew, work.renew_due, self._renewed, Pace())
        self.remotes = [self._remote(name) for name in work.queues]
        self._offset = clock.now() - clock.monotonic()
        self._catching_up = asyncio.Lock()
        self._clock_set = asyncio.Event()

    def start(self) -> None:
        """Start all lanes; each begins with one run, the local one before any network."""
        create = self._loop.create_task
        self.local.poke()
        self.session.poke()
        self._tasks = [create(lane.loop()) for lane in (self.local, self.session, *self.remotes)]
        self._tasks += [create(self._awake()), create(self.run(self._sweep.run))]

    async def broken(self) -> None:
        """Return when a lane ended by itself, which is a bug; the agent is better restarted than half alive."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled() and task.exception() is not None:
                log.critical("a lane ended", exc_info=task.exception())

    async def stop(self, deadline: float) -> bool:
        """Start nothing more and wait at most `deadline` seconds for what runs; False when something still does."""
        self._sweep.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        done = True
        if self.under_way:
            _, left = await asyncio.wait(self.under_way, timeout=deadline)
            done = not left
        self._workers.shutdown(wait=done, cancel_futures=True)
        return done

    async def run(self, work: Callable[[], T]) -> T:
        """Return what blocking `work` returns, run in a worker thread."""
        future = self._loop.run_in_executor(self._workers, work)
        self.under_way.add(future)
        future.add_done_callback(self._ended)
        return await asyncio.shield(future)

    def _ended(self, future: asyncio.Future[Any]) -> None:
        self.under_way.discard(future)
        if not future.cancelled():
            future.exception()  # asked for, so that one nobody waits for any more is not reported as lost

    def poke(self, names: frozenset[str]) -> None:
        """Ask the lanes of these names ("local", "session", "remote") for a run."""
        for lane in (self.local, self.session, *self.remotes):
            if lane.name.partition(" ")[0] in names:
                lane.poke()

    async def cycle(self) -> None:
        """Do everything once, in order, and return when it is done: the local lane, the session, the remote ones."""
        await self.local.poke_and_wait()
        await self.session.poke_and_wait()
        await asyncio.gather(*(lane.poke_and_wait() for lane in self.remotes))

    def _lane(
        self,
        name: str,
        body: Callable[[], Any],
        due: Callable[[], float | None],
        after: Callable[[Any], None],
        pace: Pace,
        first: Callable[[], Awaitable[object]] | None = None,
    ) -> Lane:
        return Lane(name, body, due, self._clock, self._run_shown, after, pace, first)

    def _remote(self, queue: str) -> Lane:
        body, due = partial(self._work.reconcile_queue, queue), partial(self._work.queue_due, queue)
        return self._lane(f"remote {queue}", body, due, self._reconciled, Pace(), first=self._catch_up)

    async def _run_shown(self, body: Callable[[], Any]) -> Any:  # noqa: ANN401 -- what the body returns
        timer = self._loop.call_later(SHOW_WORK_AFTER, self._publish)
        try:
            return await self.run(body)
        finally:
            timer.cancel()

    def _looked(self, changed: object) -> None:
        if changed is True:
            self.poke(REMOTE)
        self._publish()

    def _renewed(self, changed: object) -> None:
        if changed is True:
            self.poke(REMOTE)
        self._publish()

    def _reconciled(self, _: object) -> None:
        self._publish()

    def clock_set(self) -> None:
        """Look now whether the machine slept or its clock was set, instead of at the next sweep."""
        self._clock_set.set()

    async def _awake(self) -> None:
        while True:
            await self._clock_set.wait()
            self._clock_set.clear()
            if not await self._catch_up():
                self._sweep.now()

    def _look_for_unnoticed(self) -> None:
        """In the thread of the sweep: tell the loop what was found, and nothing when nothing was."""
        if abs(self._clock.now() - self._clock.monotonic() - self._offset) > JUMP:
            self._tell(self.clock_set)
        elif names := self._work.overlooked():
            self._tell(partial(self.poke, names))

    def _tell(self, what: Callable[[], None]) -> None:
        # a closed loop has nobody left to tell
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what)

    async def _catch_up(self) -> bool:
        """If the machine slept or its clock was set, look at the files and have the session renewed; True if so.

        Whoever comes meanwhile waits: nothing is sent with a session that may have ended during the sleep.
        """
        async with self._catching_up:
            before, self._offset = self._offset, self._clock.now() - self._clock.monotonic()
            jump = self._offset - before
            if abs(jump) <= JUMP:
                return False
            log.info("the clock jumped by %d s", jump)
            self.local.poke()
            await self.session.poke_and_wait()
            self.poke(REMOTE)
            return True
