"""The engine in this process, without a server: files to env cache, problems with remedies, nothing lost."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.loop_clock import FakeLoopClock

from amika_agent.clock import SystemClock
from amika_agent.engine.engine import Engine
from amika_agent.session.meta import Meta, MetaFile
from amika_agent.settings import store
from amika_agent.sync.rules import QUEUES
from amika_shared.profile import Profile, resolve

KEY = "sk-fake-codex-0123456789"


@pytest.fixture
def profile(home: Path) -> Profile:
    (home / ".codex").mkdir()
    return resolve(os.environ)


@pytest.fixture
def engine(profile: Profile) -> Iterator[Engine]:
    engine = Engine(profile, dict(os.environ), SystemClock(), "agent")
    yield engine
    engine.unwatch()
    engine.close()


def write_codex(home: Path, key: str = KEY) -> None:
    (home / ".codex" / "auth.json").write_text(json.dumps({"OPENAI_API_KEY": key}))


def cache(profile: Profile) -> dict[str, Any]:
    path = Path(profile.env_cache)
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def codes(engine: Engine) -> list[str]:
    return [problem["code"] for problem in engine.snapshot()["problems"]]


def test_a_credential_on_disk_is_in_the_env_cache_and_in_the_snapshot(
    engine: Engine, profile: Profile, home: Path
) -> None:
    write_codex(home)
    assert engine.look()
    assert cache(profile)["OPENAI_API_KEY"] == KEY
    snapshot = engine.snapshot()
    assert snapshot["state"] == "signed_out"
    assert [line["id"] for line in snapshot["credentials"]] == ["codex/openai"]
    assert KEY not in json.dumps(snapshot)


def test_looking_again_without_a_change_says_so_and_writes_nothing(
    engine: Engine, profile: Profile, home: Path
) -> None:
    write_codex(home)
    engine.look()
    before = os.stat(profile.env_cache).st_mtime_ns, os.stat(profile.env_cache).st_ino
    assert not engine.look()
    assert before == (os.stat(profile.env_cache).st_mtime_ns, os.stat(profile.env_cache).st_ino)


def test_a_rotated_key_replaces_the_old_one_and_a_removed_one_goes(
    engine: Engine, profile: Profile, home: Path
) -> None:
    write_codex(home)
    engine.look()
    write_codex(home, KEY + "-new")
    assert engine.look()
    assert cache(profile)["OPENAI_API_KEY"] == KEY + "-new"
    (home / ".codex" / "auth.json").write_text("{}")
    assert engine.look()
    assert "OPENAI_API_KEY" not in cache(profile)


def test_a_half_written_file_costs_nothing_and_after_five_seconds_is_a_problem(profile: Profile, home: Path) -> None:
    clock = FakeLoopClock()
    engine = Engine(profile, dict(os.environ), clock, "agent")
    write_codex(home)
    engine.look()
    (home / ".codex" / "auth.json").write_text('{"OPENAI_API_')
    assert not engine.look()
    assert codes(engine) == []
    due = engine.look_due()
    assert due is not None
    assert 0 < due - clock.now() < 1
    clock._wall += 6
    engine.look()
    assert codes(engine) == ["malformed"]
    problems = engine.snapshot()["problems"]
    assert [problem["code"] for problem in problems] == ["malformed"], problems
    (problem,) = problems
    assert str(home / ".codex" / "auth.json") in problem["message"]
    assert problem["remedy"]
    assert cache(profile)["OPENAI_API_KEY"] == KEY
    assert [line["id"] for line in engine.snapshot()["credentials"]] == ["codex/openai"]
    write_codex(home, KEY + "-new")
    engine.look()
    assert codes(engine) == []
    assert cache(profile)["OPENAI_API_KEY"] == KEY + "-new"
    engine.close()


def test_a_bad_settings_file_is_a_problem_and_the_work_goes_on(engine: Engine, profile: Profile, home: Path) -> None:
    os.makedirs(profile.config_dir)
    Path(profile.settings_file).write_text("= nonsense")
    write_codex(home)
    engine.look()
    assert codes(engine) == ["settings"]
    assert engine.snapshot()["state"] == "problem"
    assert cache(profile)["OPENAI_API_KEY"] == KEY


def test_switching_the_env_cache_off_takes_ours_out_and_leaves_the_rest(
    engine: Engine, profile: Profile, home: Path
) -> None:
    os.makedirs(os.path.dirname(profile.env_cache))
    Path(profile.env_cache).write_text('{"GROQ_API_KEY": "their-own"}')
    write_codex(home)
    engine.look()
    assert set(cache(profile)) >= {"GROQ_API_KEY", "OPENAI_API_KEY"}
    store(profile.settings_file, "env_cache.enabled", False, SystemClock())
    engine.look()
    engine.look()
    assert {key for key, value in cache(profile).items() if isinstance(value, str)} == {"GROQ_API_KEY"}
    assert engine.snapshot()["env_cache"]["state"] == "off"
    store(profile.settings_file, "env_cache.enabled", True, SystemClock())
    engine.look()
    assert cache(profile)["OPENAI_API_KEY"] == KEY


def test_a_data_folder_that_cannot_be_written_is_a_problem_with_a_remedy(
    engine: Engine, profile: Profile, home: Path
) -> None:
    os.makedirs(os.path.dirname(profile.data_dir))
    Path(profile.data_dir).write_text("in the way")
    write_codex(home)
    engine.look()
    problems = engine.snapshot()["problems"]
    assert [problem["code"] for problem in problems] == ["sync_db"], problems
    (problem,) = problems
    assert problem["code"] == "sync_db"
    assert problem["remedy"]
    assert [line["id"] for line in engine.snapshot()["credentials"]] == ["codex/openai"]
    os.unlink(profile.data_dir)
    engine.look()
    assert codes(engine) == []
    assert cache(profile)["OPENAI_API_KEY"] == KEY


@pytest.mark.parametrize("content", ["nonsense", "{}", "null", '{"access_token": 1}'])
def test_a_damaged_session_file_is_said_and_left_alone(engine: Engine, profile: Profile, content: str) -> None:
    os.makedirs(profile.amika_state_dir, mode=0o700)
    path = Path(profile.amika_state_dir, "workos-session.json")
    path.write_text(content)
    engine.look()
    engine.renew()
    snapshot = engine.snapshot()
    assert snapshot["state"] == "problem"
    assert str(path) in snapshot["problems"][0]["message"]
    assert "auth login" in snapshot["problems"][0]["remedy"]
    assert path.read_text() == content


def test_a_refused_address_is_a_problem_not_a_crash(profile: Profile) -> None:
    env = {**os.environ, "AMIKA_API_URL": "http://elsewhere.invalid"}
    engine = Engine(profile, env, SystemClock(), "agent")
    engine.look()
    engine.renew()
    engine.reconcile()
    assert "session" in codes(engine)
    assert engine.snapshot()["state"] == "problem"
    engine.close()


def test_signed_out_is_quiet(engine: Engine) -> None:
    engine.look()
    assert engine.renew()  # the first time there is always something to learn
    assert not engine.renew()
    assert engine.reconcile() == []
    assert engine.renew_due() is None
    assert [engine.queue_due(name) for name in QUEUES] == [None] * len(QUEUES)
    assert engine.snapshot()["state"] == "signed_out"
    assert codes(engine) == []


def test_a_clock_that_is_far_off_is_said(profile: Profile) -> None:
    engine = Engine(profile, dict(os.environ), FakeLoopClock(1000.0), "agent")
    engine.look()
    assert "clock" in codes(engine)
    engine.close()


def test_the_watch_covers_sources_settings_and_session(
    engine: Engine, profile: Profile, home: Path, until: Callable[..., object]
) -> None:
    seen: set[str] = set()
    engine.watch(seen.update)
    engine.look()
    write_codex(home)
    until(lambda: "local" in seen, "the source")
    seen.clear()
    engine.look()
    store(profile.settings_file, "agent.log_level", "debug", SystemClock())
    until(lambda: "local" in seen, "the settings")
    os.makedirs(profile.amika_state_dir)
    engine.look()
    Path(profile.amika_state_dir, "workos-session.json").write_text("{}")
    until(lambda: "session" in seen, "the session")


def test_what_no_event_told_is_noticed_by_the_net(engine: Engine, home: Path) -> None:
    engine.look()
    assert engine.overlooked() == frozenset()
    engine.watch(lambda _: None)
    write_codex(home)
    assert engine.overlooked() == {"local"}
    assert engine.overlooked() == frozenset()


def test_what_a_look_or_a_renewal_has_seen_is_not_overlooked(engine: Engine, profile: Profile, home: Path) -> None:
    engine.watch(lambda _: None)
    write_codex(home)
    engine.look()
    engine.look()  # the first one wrote the env cache
    os.makedirs(profile.amika_state_dir, exist_ok=True)
    Path(profile.amika_state_dir, "api-key.json").write_text("{}")
    assert engine.overlooked() == {"session"}
    Path(profile.amika_state_dir, "api-key.json").unlink()
    engine.renew()
    assert engine.overlooked() == frozenset()


@pytest.mark.parametrize(
    ("skew", "told"), [(0.0, ""), (200.0, ""), (3600.0, "60 min ahead"), (-86400.0, "1440 min behind")]
)
def test_a_clock_that_differs_from_the_servers_is_said(
    engine: Engine, profile: Profile, skew: float, told: str
) -> None:
    MetaFile(profile.amika_state_dir).write(Meta(skew=skew))
    engine.renew()
    messages = [problem["message"] for problem in engine.snapshot()["problems"]]
    assert len(messages) == bool(told)
    assert told in "".join(messages)
