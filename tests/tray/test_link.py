"""In touch with the agent: found, started when there is none, brought back when it dies, left alone when stopped."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from tests.fakes.agent_server import FakeAgent
from tests.tray.waiting import until

from amika_shared.profile import Profile
from amika_tray.agent_link.link import DELAYS, AgentLink
from amika_tray.agent_link.starter import Starter


class Script:
    """Stands for `amika-agent start`: notes each run and does what the test writes into it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "amika-agent"
        self.runs_file = folder / "runs"
        self.does("exit 0")

    def does(self, line: str) -> None:
        self.path.write_text(f"#!/bin/sh\necho run \"$@\" >> '{self.runs_file}'\n{line}\n")
        self.path.chmod(0o700)

    @property
    def runs(self) -> list[str]:
        return self.runs_file.read_text().splitlines() if self.runs_file.exists() else []


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


@pytest.fixture
def link(qt: QApplication, profile: Profile, script: Script) -> Iterator[AgentLink]:
    found = AgentLink(profile, os.environ, Starter([str(script.path), "start", "--local"]))
    yield found
    found.close()


def test_it_shows_what_the_running_agent_says(link: AgentLink, agent: FakeAgent, script: Script) -> None:
    agent.publish(state="offline")
    link.open()
    until(lambda: link.link.state == "connected")
    assert link.snapshot["state"] == "offline"
    agent.publish(state="in_sync")
    until(lambda: link.snapshot["state"] == "in_sync")
    assert script.runs == []


def test_it_starts_the_agent_when_none_runs(link: AgentLink, profile: Profile, script: Script) -> None:
    agent = FakeAgent(profile, os.environ)
    link.open()
    assert link.link.state == "starting"
    until(lambda: script.runs)
    agent.start()
    until(lambda: link.link.state == "connected")
    assert script.runs == ["run start --local"]
    agent.stop()


def test_a_dead_agents_record_leads_to_a_start(link: AgentLink, agent: FakeAgent, script: Script) -> None:
    agent.die()
    link.open()
    until(lambda: script.runs)
    assert link.link.state == "starting"


def test_an_agent_that_dies_is_brought_back(
    link: AgentLink, profile: Profile, agent: FakeAgent, script: Script
) -> None:
    link.open()
    until(lambda: link.link.state == "connected")
    agent.die()
    until(lambda: script.runs)
    second = FakeAgent(profile, os.environ).start()
    until(lambda: link.link.state == "connected")
    assert len(script.runs) <= 2
    second.stop()


def test_an_agent_that_dies_again_and_again_is_started_less_and_less(
    link: AgentLink, agent: FakeAgent, script: Script
) -> None:
    link.open()
    until(lambda: link.link.state == "connected")
    agent.die()
    until(lambda: len(script.runs) >= 2 and link._timer.isActive(), 15)
    assert link._timer.interval() == DELAYS[len(script.runs)] * 1000
    assert DELAYS[1] < DELAYS[2]


def test_a_stopped_agent_is_left_alone_until_someone_starts_it(
    link: AgentLink, profile: Profile, agent: FakeAgent, script: Script
) -> None:
    link.open()
    until(lambda: link.link.state == "connected")
    agent.stop()
    until(lambda: link.link.state == "stopped")
    assert not link._timer.isActive(), "nothing is tried later either"
    second = FakeAgent(profile, os.environ).start()  # by hand, in a terminal
    until(lambda: link.link.state == "connected")
    assert script.runs == []
    second.stop()


def test_the_person_can_start_a_stopped_agent(link: AgentLink, agent: FakeAgent, script: Script) -> None:
    link.open()
    until(lambda: link.link.state == "connected")
    agent.stop()
    until(lambda: link.link.state == "stopped")
    link.start_agent()
    assert link.link.state == "starting"
    until(lambda: script.runs)


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (
            "echo 'amika-agent: cannot write /x: Read-only file system' >&2; exit 5",
            "cannot write /x: Read-only file system",
        ),
        ("echo 'key sk-ant-not-a-real-key-0000 \033[31m' >&2; exit 1", "key ****"),
        ("exit 3", "ended with code 3"),
        ("kill -9 $$", "ended with code"),
        ("exit 0", "left no record of itself"),
    ],
)
def test_a_start_that_fails_says_why(link: AgentLink, script: Script, does: str, said: str) -> None:
    script.does(does)
    link.open()
    until(lambda: link.link.state == "failed")
    assert said in link.link.reason
    assert link.link.reason.isprintable()


def test_a_missing_program_is_told(qt: QApplication, profile: Profile, tmp_path: Path) -> None:
    for command, said in (([str(tmp_path / "none")], "cannot be run"), ([""], "not installed")):
        link = AgentLink(profile, os.environ, Starter(command))
        link.open()
        until(lambda link=link: link.link.state == "failed")
        assert said in link.link.reason
        link.close()


def test_an_agent_of_another_build_or_with_other_folders_is_shown_with_a_note(
    link: AgentLink, agent: FakeAgent
) -> None:
    agent.hello["build"] = "0.0.1"
    link.open()
    until(lambda: link.link.state == "connected")
    assert "another build (0.0.1)" in link.link.reason


def test_other_folders_are_named(link: AgentLink, agent: FakeAgent) -> None:
    agent.hello["paths"] = {**agent.hello["paths"], "CODEX_HOME": "/elsewhere"}
    link.open()
    until(lambda: link.link.state == "connected")
    assert "another CODEX_HOME" in link.link.reason


def test_another_protocol_is_told_with_the_remedy(link: AgentLink, agent: FakeAgent, script: Script) -> None:
    agent.hello["proto"] = [7, 7]
    link.open()
    until(lambda: link.link.state == "failed")
    assert "another version" in link.link.reason
    assert "amika agent restart" in link.link.remedy
    assert script.runs == []


def test_an_agent_on_another_machine_is_not_replaced(link: AgentLink, agent: FakeAgent, script: Script) -> None:
    agent.record(host="some-other-machine")
    link.open()
    until(lambda: link.link.state == "failed")
    assert "another machine" in link.link.reason
    assert script.runs == []


@pytest.mark.parametrize("record", ["", "{", "[]", "null", '{"socket": 5}', '{"socket": "relative"}'])
def test_a_damaged_record_leads_to_a_start(link: AgentLink, profile: Profile, script: Script, record: str) -> None:
    os.makedirs(profile.data_dir)
    Path(profile.agent_record).write_text(record)
    link.open()
    until(lambda: script.runs)


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_the_data_folder_it_makes_is_private(link: AgentLink, profile: Profile) -> None:
    link.open()
    assert stat.S_IMODE(os.stat(profile.data_dir).st_mode) == 0o700


def test_requests_work_beside_the_watch(link: AgentLink, agent: FakeAgent) -> None:
    link.open()
    until(lambda: link.link.state == "connected")
    ends: list[object] = []
    link.request("sync").ended.connect(ends.append)
    until(lambda: ends)
    assert link.link.state == "connected"


def test_a_request_without_an_agent_fails_in_words(link: AgentLink) -> None:
    failures: list[str] = []
    link.request("sync").failed.connect(lambda _code, message, _remedy: failures.append(message))
    until(lambda: failures)
    assert failures == ["The agent went away."]


def test_an_agent_of_another_build_can_be_restarted(link: AgentLink, agent: FakeAgent, script: Script) -> None:
    agent.hello["build"] = "0.0.1"
    link.open()
    until(lambda: link.link.state == "connected")
    assert link.link.restart
    link.restart_agent()
    assert link.link.state == "starting"
    until(lambda: script.runs == ["run restart --local"])
    until(lambda: link.link.state == "connected")


def test_what_the_agent_knows_is_known(link: AgentLink, agent: FakeAgent) -> None:
    agent.hello["features"] = ["status", "watch"]
    link.open()
    until(lambda: link.link.state == "connected")
    assert link.link.offers("watch")
    assert not link.link.offers("pause")
