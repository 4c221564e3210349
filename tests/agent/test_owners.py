"""Logins of other programs near their end: who is told what, and what is started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.agent_logins import claude_signs_in
from tests.fakes.started_command import StartedCommand
from tests.fakes.turned_clock import TurnedClock

from amika_agent.activity.log import ActivityLog
from amika_agent.engine.engine import Engine
from amika_agent.engine.owner_process import running_names, starter
from amika_agent.engine.owners import LIMIT, OWNERS, OwnersWatch
from amika_agent.settings import store
from amika_local.credential import OAUTH, Credential
from amika_local.secret import Secret
from amika_shared.profile import resolve

NOW = 1_800_000_000.0


def login(source: str = "claude-oauth", ends: float | None = NOW + 300, kind: str = OAUTH) -> Credential:
    return Credential("anthropic", kind, Secret("fake"), source, "/h/file", 400, expires_at=ends)


class World:
    """Processes that run, commands that were started, what was noted."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.commands: list[StartedCommand] = []
        self.started: list[tuple[str, ...]] = []
        self.noted: list[str] = []
        self.asked = 0
        self.absent = False
        self.watch = OwnersWatch(self.running, self.start, lambda what, *_: self.noted.append(what))

    def running(self) -> frozenset[str]:
        self.asked += 1
        return frozenset(self.names)

    def start(self, words: tuple[str, ...]) -> StartedCommand:
        if self.absent:
            raise FileNotFoundError(2, "No such file or directory")
        self.started.append(words)
        self.commands.append(StartedCommand())
        return self.commands[-1]

    def look(self, *found: Credential, allowed: tuple[str, ...] = (), now: float = NOW) -> list[str]:
        past = [one for one in found if one.expires_at is not None and one.expires_at <= now]
        return [notice.remedy for notice in self.watch.look([f for f in found if f not in past], past, allowed, now)]


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("source", sorted(OWNERS))
def test_one_notice_with_the_owners_own_command_and_nothing_is_started(world: World, source: str) -> None:
    (remedy,) = world.look(login(source))
    assert OWNERS[source].login in remedy
    assert world.started == []
    assert world.watch.due_at == NOW + 60


@pytest.mark.parametrize(
    "credential",
    [login(ends=None), login(ends=NOW + 601), login(kind="api_key"), login("oauth"), login(ends=NOW - 1)],
)
def test_nothing_is_said_of_what_does_not_end_soon(world: World, credential: Credential) -> None:
    assert world.look(credential) == []


def test_no_process_is_looked_at_while_nothing_ends(world: World) -> None:
    world.look(login(ends=NOW + 10_000))
    assert (world.asked, world.watch.due_at) == (0, None)


def test_nothing_while_the_owner_runs_and_a_notice_when_it_has_gone(world: World) -> None:
    world.names = {"claude", "bash"}
    assert world.look(login(), allowed=("claude",)) == []
    assert world.watch.quiet == {"claude-oauth"}
    assert world.started == []
    world.names = {"codex"}
    assert len(world.look(login(), now=NOW + 60)) == 1
    assert world.watch.quiet == frozenset()


def test_what_has_expired_is_quiet_while_its_owner_runs(world: World) -> None:
    world.names = {"claude"}
    world.look(login(ends=NOW - 1))
    assert world.watch.quiet == {"claude-oauth"}
    world.names = set()
    world.look(login(ends=NOW - 1))
    assert world.watch.quiet == frozenset()


def test_the_owner_renews_once_for_each_login_where_that_is_allowed(world: World) -> None:
    assert world.look(login(), allowed=("claude",)) == []
    assert world.started == [("claude", "auth", "status")]
    assert world.look(login(), allowed=("claude",), now=NOW + 10) == []
    world.commands[0].over = True
    (notice,) = world.watch.look([login()], [], ("claude",), NOW + 20)
    assert "`claude auth status` was started and has not renewed it" in notice.message
    assert len(world.started) == 1
    assert world.look(login(ends=NOW + 7200), allowed=("claude",), now=NOW + 30) == []
    assert world.look(login(ends=NOW + 7200), allowed=("claude",), now=NOW + 7000) == []
    assert len(world.started) == 2


def test_a_command_that_does_not_end_is_ended(world: World) -> None:
    world.look(login(), allowed=("claude",))
    assert len(world.look(login(), allowed=("claude",), now=NOW + LIMIT)) == 1
    assert world.commands[0].killed
    assert world.noted == ["owner_asked", "failed"]
    world.look(login("codex"), allowed=("codex",), now=NOW)
    world.watch.close()
    assert world.commands[1].killed


def test_a_program_that_is_not_there_is_noted_once(world: World) -> None:
    world.absent = True
    for second in range(3):
        assert len(world.look(login(), allowed=("claude", "codex"), now=NOW + second)) == 1
    assert world.noted == ["failed"]


def test_the_running_programs_of_this_user_are_known_by_name(tmp_path: Path, until: Callable[..., object]) -> None:
    script = tmp_path / "codex.js"
    script.write_text("import sys; print('up', flush=True); sys.stdin.read()")
    child = subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        assert "codex" in running_names()
    finally:
        child.communicate(b"")
    assert running_names(str(tmp_path / "none")) == frozenset()


def test_a_started_command_says_nothing_and_can_be_ended(tmp_path: Path, until: Callable[..., object]) -> None:
    start = starter({"PATH": os.environ["PATH"]}, str(tmp_path))
    brief = start(("sh", "-c", "echo secret; echo secret >&2; pwd > where"))
    until(brief.ended, "its end")
    brief.kill()
    assert (tmp_path / "where").read_text().strip() == str(tmp_path)
    long = start(("sleep", "600"))
    assert not long.ended()
    long.kill()
    assert long.ended()
    with pytest.raises(OSError, match="no-such-program"):
        start(("no-such-program",))


def test_the_agent_starts_the_owner_and_follows_what_it_renews(
    home: Path, until: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = TurnedClock()

    tool = home / "bin" / "claude"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\necho called >> {home}/called\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    profile = resolve(os.environ)
    engine = Engine(profile, dict(os.environ), clock, "agent", running=frozenset)
    claude_signs_in(home, "sk-ant-oat01-fake-one", int((clock.now() + 300) * 1000))
    try:
        engine.look()
        (problem,) = engine.snapshot()["problems"]
        assert (problem["code"], engine.snapshot()["state"]) == ("expires_soon", "signed_out")
        assert "claude /login" in problem["remedy"]
        assert not (home / "called").exists()
        store(profile.settings_file, "owners.renew", ["claude"], clock)
        engine.look()
        assert engine.snapshot()["problems"] == []
        until((home / "called").exists, "the owner's command")
        claude_signs_in(home, "sk-ant-oat01-fake-two", int((clock.now() + 8 * 3600) * 1000))
        engine.look()
        assert engine.snapshot()["problems"] == []
    finally:
        engine.close()
    events = ActivityLog(profile.activity_db, clock)
    assert "owner_asked" in [event.what for event in events.events()]
    events.close()
