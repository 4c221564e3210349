"""A pause survives a restart, is shared by all processes, and holds back everything but removal."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.fakes.turned_clock import TurnedClock

from amika_agent.engine.engine import Engine
from amika_agent.engine.pause import FOREVER, PauseFile
from amika_agent.settings import load
from amika_local.errors import NotSignedIn, UsageError
from amika_shared.profile import Profile, resolve
from amika_shared.settings_schema import SCHEMA, find, may_configure

KEY = "sk-fake-openai-0123456789"


@pytest.fixture
def profile(home: Path) -> Profile:
    return resolve(os.environ)


@pytest.fixture
def engine(profile: Profile, clock: TurnedClock):
    engine = Engine(profile, dict(os.environ), clock, "agent")
    yield engine
    engine.close()


def write_codex(home: Path, key: str) -> None:
    path = home / ".codex" / "auth.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"OPENAI_API_KEY": key} if key else {}))


def cached(profile: Profile) -> str | None:
    try:
        return json.loads(Path(profile.env_cache).read_text()).get("OPENAI_API_KEY")
    except FileNotFoundError:
        return None


def test_for_a_time_until_resumed_and_after_a_restart(tmp_path: Path, clock: TurnedClock) -> None:
    pause = PauseFile(str(tmp_path), clock)
    assert pause.until() is None
    assert not pause.resume()
    assert pause.pause(60) == clock.now() + 60
    assert PauseFile(str(tmp_path), clock).until() == clock.now() + 60
    clock.turn(60)
    assert pause.until() is None
    assert pause.pause(None) == FOREVER
    clock.turn(1e9)
    assert PauseFile(str(tmp_path), clock).until() == FOREVER
    assert pause.resume()
    assert pause.until() is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"until": "soon"}', '{"until": true}', "\udcff", '{"until": NaN}']
)
def test_a_damaged_file_pauses_until_resumed(tmp_path: Path, clock: TurnedClock, text: str) -> None:
    (tmp_path / "paused.json").write_bytes(text.encode(errors="surrogateescape"))
    pause = PauseFile(str(tmp_path), clock)
    assert pause.until() == FOREVER
    assert pause.resume()
    assert pause.until() is None


def test_nothing_is_cached_while_paused_but_what_was_revoked_goes(
    engine: Engine, profile: Profile, home: Path, clock: TurnedClock
) -> None:
    write_codex(home, KEY)
    engine.look()
    assert cached(profile) == KEY
    assert engine.decisions.pause(3600) == {"until": clock.now() + 3600, "rule": ""}
    write_codex(home, KEY + "-new")
    engine.look()
    snapshot = engine.snapshot()
    assert (snapshot["state"], snapshot["paused_until"]) == ("paused", clock.now() + 3600)
    assert (cached(profile), snapshot["env_cache"]["state"]) == (KEY, "behind")
    assert engine.look_due() == clock.now() + 3600
    write_codex(home, "")
    engine.look()
    assert cached(profile) is None
    write_codex(home, KEY + "-new")
    clock.turn(3600)
    assert engine.look()
    assert cached(profile) == KEY + "-new"
    assert engine.snapshot()["state"] == "signed_out"


def test_a_pause_without_an_end_has_none_in_json(engine: Engine) -> None:
    engine.decisions.pause(None)
    engine.look()
    snapshot = json.loads(json.dumps(engine.snapshot(), allow_nan=False))
    assert (snapshot["state"], snapshot["paused_until"]) == ("paused", None)
    assert engine.decisions.resume() == {"was_paused": True, "rule": ""}
    assert engine.decisions.resume() == {"was_paused": False, "rule": ""}
    assert engine.look()
    assert engine.snapshot()["state"] == "signed_out"


def test_what_is_no_pause_is_refused(engine: Engine) -> None:
    for seconds in (0, -1, 1e12, float("nan"), float("inf")):
        with pytest.raises(UsageError):
            engine.decisions.pause(seconds)
    with pytest.raises(NotSignedIn):
        engine.decisions.pause(60, "claude-oauth")


def test_a_client_may_not_say_where_secrets_go(engine: Engine, profile: Profile) -> None:
    urls = [one.key for one in SCHEMA if one.key.startswith(("account.", "network.", "almyty.", "akos.", "vault."))]
    assert len(urls) > 8
    for key in urls:
        with pytest.raises(UsageError, match="where secrets are sent"):
            engine.decisions.configure(key, "http://127.0.0.1:1")
    for key, value in (("nonsense", "x"), ("sync.auto_push", ["everything"]), ("env_cache.enabled", "yes")):
        with pytest.raises(UsageError):
            engine.decisions.configure(key, value)
    assert not os.path.exists(profile.settings_file)
    assert engine.decisions.configure("sync.auto_push", ["claude"]) == {"key": "sync.auto_push"}
    assert load(profile.settings_file, "default").words("sync.auto_push") == ("claude",)


def test_what_clients_may_change_is_a_list_of_settings_that_exist() -> None:
    allowed = [one.key for one in SCHEMA if may_configure(one.key)]
    assert "env_cache.enabled" in allowed
    assert not may_configure("something.new")
    assert all(find(key) for key in allowed)
    assert not [key for key in allowed if key.endswith(("url", "proxy", "ca_file", "issuer", "client_id"))]
