"""The kernel's word that the machine woke up. No test may set the clock, so the timer ends instead: same descriptor."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from amika_agent.wake import told_of_wake

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="timerfd is Linux's own")


def _descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def test_it_is_told_once_and_armed_again() -> None:
    async def play() -> None:
        told = 0
        event = asyncio.Event()

        def on_wake() -> None:
            nonlocal told
            told += 1
            event.set()

        with told_of_wake(asyncio.get_running_loop(), on_wake, until=1) as can:
            assert can
            await asyncio.wait_for(event.wait(), 10)
            for _ in range(20):
                await asyncio.sleep(0)
            assert told == 1

    asyncio.run(play())


def test_without_a_wake_up_nothing_is_told_and_the_descriptor_is_given_back() -> None:
    async def play() -> None:
        told: list[int] = []
        before = _descriptors()
        with told_of_wake(asyncio.get_running_loop(), lambda: told.append(1)) as can:
            assert can
            assert len(_descriptors() - before) == 1
            for _ in range(20):
                await asyncio.sleep(0)
        assert told == []
        assert not _descriptors() - before

    asyncio.run(play())
