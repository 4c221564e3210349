"""What a person asks beyond the snapshot: the environment to copy, the activity, the settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.agents import AgentProcess
from tests.fakes.discoveries import discovery
from tests.fakes.turned_clock import TurnedClock

from amika_agent.activity.log import ActivityLog
from amika_agent.engine.inquiries import MOST_BYTES, Inquiries
from amika_agent.settings import Settings, store
from amika_local.credential import API_KEY, OAUTH, Credential
from amika_local.errors import UsageError
from amika_local.findings import Discovery
from amika_local.secret import Secret
from amika_shared.client import AgentError
from amika_shared.settings_schema import defaults

KEY = "not-a-real-key it's"


def found() -> Discovery:
    groq = Credential("groq", API_KEY, Secret(KEY), "opencode", "/x", 200, native_name="GROQ_API_KEY")
    login = Credential("anthropic", OAUTH, Secret("not-a-login"), "claude-oauth", "/y", 400, native_name="ANTHROPIC")
    return discovery(groq, login)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ActivityLog]:
    opened = ActivityLog(str(tmp_path / "activity.db"), TurnedClock())
    yield opened
    opened.close()


@pytest.fixture
def asked(log: ActivityLog) -> Inquiries:
    return Inquiries(found, lambda: Settings(defaults("default")), log, TurnedClock())


def test_the_environment_is_api_keys_only_and_the_log_names_who_got_them(asked: Inquiries, log: ActivityLog) -> None:
    end = asked.environment("posix", "amika-tray (pid 7)", by_person=True)
    assert end["names"] == ["GROQ_API_KEY"]
    assert end["text"] == "export GROQ_API_KEY='not-a-real-key it'\\''s'\n"
    assert [item["source"] for item in end["withheld"]] == ["claude-oauth"]
    assert "not-a-login" not in repr(end)
    (event,) = log.events()
    assert (event.what, event.subject, event.caller) == ("revealed", "GROQ_API_KEY (opencode)", "amika-tray (pid 7)")
    assert KEY not in repr(event)


def test_fish_has_its_own_quoting_and_other_shells_are_refused(asked: Inquiries) -> None:
    assert asked.environment("fish", "x", by_person=True)["text"] == "set -gx GROQ_API_KEY 'not-a-real-key it\\'s'\n"
    with pytest.raises(UsageError):
        asked.environment("cmd", "x", by_person=True)


def test_a_program_gets_no_values_unless_the_person_has_allowed_it(log: ActivityLog) -> None:
    values = defaults("default")
    asked = Inquiries(found, lambda: Settings(values), log, TurnedClock())
    with pytest.raises(UsageError) as refused:
        asked.environment("posix", "postinstall (pid 9)", by_person=False)
    assert "vault.reveal_without_terminal" in refused.value.remedy
    (event,) = log.events()
    assert (event.what, event.caller) == ("refused", "postinstall (pid 9)")
    values["vault.reveal_without_terminal"] = True
    assert asked.environment("posix", "postinstall (pid 9)", by_person=False)["names"] == ["GROQ_API_KEY"]


def test_activity_is_oldest_first_and_fits_a_frame(asked: Inquiries, log: ActivityLog) -> None:
    for number in range(3):
        log.record("found", f"credential {number}", "new", caller="agent")
    assert [event["subject"] for event in asked.activity(0.0, 2)["events"]] == ["credential 1", "credential 2"]
    for _ in range(1000):
        log.record("found" * 60, "\u2600" * 300, "\u2600" * 300, caller="\u2600" * 300)
    events = asked.activity(0.0, 10**6)["events"]
    assert 0 < len(events) < 1000
    assert len(repr(events).encode()) < MOST_BYTES


def test_settings_are_all_there(asked: Inquiries) -> None:
    assert asked.settings()["values"] == defaults("default")


@pytest.mark.process
def test_a_real_agent_answers_them(home: Path) -> None:
    folder = home / ".local/share/opencode"
    folder.mkdir(parents=True)
    (folder / "auth.json").write_text('{"groq": {"type": "api", "key": "not-a-real-groq-key-0001"}}')
    agent = AgentProcess().up()
    try:
        with pytest.raises(AgentError) as refused:  # this is a program, and not the tray
            agent.ask("copy_env")
        assert "amika config set" in refused.value.remedy
        store(agent.profile.settings_file, "vault.reveal_without_terminal", True, TurnedClock())
        assert "export GROQ_API_KEY=" in agent.ask("copy_env")["text"]
        whats = [(event["what"], event["subject"]) for event in agent.ask("activity")["events"]]
        assert ("refused", "environment") in whats
        assert ("revealed", "GROQ_API_KEY (opencode)") in whats
        assert agent.ask("settings")["values"]["env_cache.enabled"] is True
        with pytest.raises(AgentError):
            agent.ask("activity", limit=-1)
        with pytest.raises(AgentError):
            agent.ask("copy_env", shell="cmd")
    finally:
        agent.end()
