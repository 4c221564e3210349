"""The lanes on a clock that moves by hand: when each runs, and that none waits for another."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.fakes.lanes_stage import Stage, on_stage

from amika_agent.lanes import REMOTE
from amika_local.errors import Failed

LOCAL = frozenset({"local"})


def test_the_first_act_is_a_look_and_nothing_is_sent_for_a_start_without_changes() -> None:
    async def play(stage: Stage) -> None:
        stage.lanes.start()
        await stage.clock.advance(0.1)
        assert sorted(stage.work.runs) == ["look", "renew"]
        assert stage.published >= 2

    on_stage(play)


def test_a_burst_of_events_is_one_look_after_it_has_been_quiet() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        for _ in range(10):
            stage.lanes.poke(LOCAL)
            await stage.clock.advance(0.04)
        assert stage.work.count("look") == 0
        await stage.clock.advance(0.05)
        assert stage.work.count("look") == 1
        await stage.clock.advance(30)
        assert stage.work.count("look") == 1

    on_stage(play)


def test_a_storm_that_never_ends_is_looked_at_every_two_seconds() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        for _ in range(250):
            stage.lanes.poke(LOCAL)
            await stage.clock.advance(0.04)
        assert 4 <= stage.work.count("look") <= 6

    on_stage(play)


def test_a_poke_during_a_run_is_not_lost() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.hold["look"] = threading.Event()
        stage.lanes.poke(LOCAL)
        await stage.clock.advance(0.1)
        stage.lanes.poke(LOCAL)
        stage.work.hold.pop("look").set()
        await stage.clock.advance(0.1)
        assert stage.work.count("look") == 2

    on_stage(play)


def test_who_waits_for_a_run_waits_for_one_that_began_after_it_asked() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        held = stage.work.hold["look"] = threading.Event()
        stage.lanes.poke(LOCAL)
        await stage.clock.advance(0.1)
        assert stage.work.runs == ["look"]
        asked = asyncio.create_task(stage.lanes.local.poke_and_wait())
        runs_at_the_end: list[int] = []
        asked.add_done_callback(lambda _: runs_at_the_end.append(stage.work.count("look")))
        await asyncio.sleep(0)
        del stage.work.hold["look"]
        held.set()
        await stage.clock.advance(0.1)
        await stage.clock.advance(0.1)
        # the first run had looked before it was asked
        assert runs_at_the_end == [2]

    on_stage(play)


def test_a_silent_server_delays_neither_the_cache_nor_a_renewal() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.hold["reconcile"] = threading.Event()
        stage.lanes.poke(REMOTE)
        await stage.clock.advance(0.1)
        assert stage.work.runs == ["reconcile"]
        for _ in range(3):
            stage.lanes.poke(frozenset({"local", "session"}))
            await stage.clock.advance(10)
        assert stage.work.count("look") == 3
        assert stage.work.count("renew") == 3
        assert stage.work.count("reconcile") == 1

    on_stage(play)


def test_a_provider_that_does_not_answer_delays_no_other() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.hold["reconcile one"] = threading.Event()
        stage.lanes.poke(REMOTE)
        await stage.clock.advance(0.1)
        for _ in range(3):
            stage.lanes.poke(REMOTE)
            await stage.clock.advance(1)
        assert (stage.work.count("reconcile one"), stage.work.count("reconcile two")) == (1, 4)
        stage.work.due["reconcile two"] = stage.clock.now() + 5
        stage.lanes.remotes[1].poke()
        await stage.clock.advance(4)
        assert stage.work.count("reconcile two") == 5
        await stage.clock.advance(2)
        assert stage.work.count("reconcile two") >= 6, "it has a time of its own"
        stage.work.hold.pop("reconcile one").set()
        await stage.clock.advance(0.1)
        assert stage.work.count("reconcile one") == 2, "what was asked meanwhile is looked at"

    on_stage(play, ("one", "two"))


def test_a_clock_jump_that_one_remote_lane_notices_is_told_to_all() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.clock.jump(8 * 3600)
        stage.lanes.remotes[0].poke()
        await stage.clock.advance(0.5)
        assert sorted(stage.work.runs) == ["look", "reconcile one", "reconcile two", "renew"]
        assert stage.work.runs.index("renew") < stage.work.runs.index("reconcile one")

    on_stage(play, ("one", "two"))


def test_a_changed_credential_goes_on_to_the_remote_lane_an_unchanged_one_does_not() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.lanes.poke(LOCAL)
        await stage.clock.advance(1)
        assert stage.work.runs == ["look"]
        stage.work.says["look"] = True
        stage.lanes.poke(LOCAL)
        await stage.clock.advance(1)
        assert stage.work.runs == ["look", "look", "reconcile"]

    on_stage(play)


def test_a_new_account_goes_on_to_the_remote_lane() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.says["renew"] = True
        stage.lanes.session.poke()
        await stage.clock.advance(1)
        assert stage.work.runs == ["renew", "reconcile"]

    on_stage(play)


def test_what_is_due_is_done_at_its_time() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        now = stage.clock.now()
        stage.work.due["renew"] = now + 240
        stage.lanes.session.poke()
        await stage.clock.advance(239)
        assert stage.work.count("renew") == 1
        await stage.clock.advance(1.5)
        assert stage.work.count("renew") == 2

    on_stage(play)


def test_a_due_time_that_stays_in_the_past_makes_no_busy_loop() -> None:
    async def play(stage: Stage) -> None:
        stage.work.due["renew"] = stage.clock.now() - 1000
        await stage.started()
        await stage.clock.advance(600)
        assert stage.work.count("renew") <= 16

    on_stage(play)


def test_what_no_event_told_is_noticed_within_a_minute() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.unseen = frozenset({"local", "remote"})
        await stage.clock.advance(61)
        assert sorted(stage.work.runs) == ["look", "reconcile"]

    on_stage(play)


@pytest.mark.parametrize("seconds", [8 * 3600, -86400, 86400])
def test_after_a_sleep_or_a_clock_that_was_set_the_session_comes_before_the_sync(seconds: float) -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.hold["renew"] = threading.Event()
        stage.clock.jump(seconds)
        await stage.clock.advance(61)
        assert sorted(stage.work.runs) == ["look", "renew"]
        stage.work.hold.pop("renew").set()
        await stage.clock.advance(1)
        assert stage.work.runs[-1] == "reconcile"

    on_stage(play)


def test_a_wake_up_that_the_kernel_tells_is_acted_on_at_once() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.hold["renew"] = threading.Event()
        stage.clock.jump(8 * 3600)
        stage.lanes.clock_set()
        await stage.clock.advance(0.1)
        assert sorted(stage.work.runs) == ["look", "renew"]
        stage.work.hold.pop("renew").set()
        await stage.clock.advance(0.1)
        assert stage.work.runs[-1] == "reconcile"

    on_stage(play)


def test_a_clock_that_was_set_by_nothing_worth_mentioning_is_no_work() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.clock.jump(0.5)
        stage.lanes.clock_set()
        await stage.clock.advance(0.1)
        assert stage.work.runs == []

    on_stage(play)


def test_the_remote_lane_that_wakes_first_after_a_sleep_lets_the_session_go_before_it() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.hold["renew"] = threading.Event()
        stage.clock.jump(8 * 3600)
        stage.lanes.poke(REMOTE)
        await stage.clock.advance(0.1)
        assert sorted(stage.work.runs) == ["look", "renew"]
        stage.work.hold.pop("renew").set()
        await stage.clock.advance(0.1)
        assert stage.work.runs[-1] == "reconcile"
        await stage.clock.advance(61)
        assert stage.work.count("renew") == 1

    on_stage(play)


def test_a_session_due_during_a_sleep_is_renewed_at_wake_up() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.due["renew"] = stage.clock.now() + 3000
        stage.lanes.session.poke()
        await stage.clock.advance(1)
        stage.clock.jump(4000)
        await stage.clock.advance(61)
        assert stage.work.count("renew") >= 2

    on_stage(play)


@pytest.mark.logs_warning
@pytest.mark.parametrize("error", [Failed("no"), KeyError("sk-fake-not-shown")])
def test_a_failing_lane_comes_back_slower_and_slower_and_recovers(error: Exception, caplog) -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.fail["renew"] = error
        stage.lanes.session.poke()
        await stage.clock.advance(600)
        assert 8 <= stage.work.count("renew") <= 16
        stage.work.fail.clear()
        await stage.clock.advance(61)
        before = stage.work.count("renew")
        await stage.clock.advance(600)
        assert stage.work.count("renew") == before

    on_stage(play)
    assert "sk-fake" not in "".join(record.getMessage() for record in caplog.records)


def test_a_whole_cycle_is_in_order_and_waits_for_its_end() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        done = asyncio.create_task(stage.lanes.cycle())
        await stage.clock.advance(1)
        await done
        assert stage.work.runs == ["look", "renew", "reconcile"]

    on_stage(play)


def test_stopping_waits_for_what_runs_but_not_for_ever() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.started()
        released = stage.work.hold["reconcile"] = threading.Event()
        stage.lanes.poke(REMOTE)
        await stage.clock.advance(0.1)
        assert not await stage.lanes.stop(0.05)
        released.set()
        await asyncio.wait(stage.lanes.under_way)

    asyncio.run(play())


@pytest.mark.logs_warning
def test_a_lane_that_ends_by_itself_is_noticed() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.due_fails = True
        stage.lanes.session.poke()
        await stage.clock.advance(1)
        await asyncio.wait_for(stage.lanes.broken(), 10)

    on_stage(play)


@pytest.mark.logs_warning
def test_a_sweep_that_fails_is_tried_again() -> None:
    async def play(stage: Stage) -> None:
        await stage.started()
        stage.work.fail["overlooked"] = OSError("gone")
        await stage.clock.advance(61)
        stage.work.fail.clear()
        stage.work.unseen = LOCAL
        await stage.clock.advance(61)
        assert stage.work.count("look") == 1

    on_stage(play)
