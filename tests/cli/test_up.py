from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.conftest import FUTURE_MS, write
from tests.fakes.terminal import Terminal

from amika_shared.client import read_record
from amika_shared.profile import resolve

pytestmark = pytest.mark.process


class Lines:
    """Reads the lines of a stream in the background; `wait` returns the first that holds a text."""

    def __init__(self, stream) -> None:
        self.lines: list[str] = []
        self._stream = stream
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="reader", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()

    def wait(self, text: str, seconds: float = 30.0) -> str:
        end = time.monotonic() + seconds
        with self._changed:
            while True:
                for line in self.lines:
                    if text in line:
                        return line
                if not self._changed.wait(max(0.0, end - time.monotonic())) and time.monotonic() >= end:
                    pytest.fail(f"never saw {text!r} in {self.lines}")

    def join(self) -> None:
        self._thread.join(10)


@contextmanager
def started(*words: str) -> Iterator[tuple[subprocess.Popen[str], Lines, Lines]]:
    """`amika WORDS` in the background; what is left of it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "amika_cli.main", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    out, err = Lines(process.stdout), Lines(process.stderr)
    try:
        yield process, out, err
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        out.join()
        err.join()
        process.stdout.close()
        process.stderr.close()


@pytest.fixture
def nothing_left(amika, home: Path) -> Iterator[None]:
    """Stops an agent that a failed test has left behind."""
    yield
    for flag in ([], ["--local"]):
        amika("agent", "stop", *flag)


def agent_pid(*, local: bool) -> int | None:
    record = read_record(resolve(os.environ, local=local).agent_record)
    return None if record is None else record["pid"]


def test_one_cycle_tells_of_a_damaged_file_at_once_and_never_that_it_is_gone(amika, claude, home, nothing_left):
    claude()
    assert amika("up", "--local", "--yes", "--once").code == 0
    (home / ".claude" / ".credentials.json").write_text('{"claudeAiOauth": {"accessTo')
    ran = amika("up", "--local", "--yes", "--once", "-o", "json")
    assert ran.code == 0
    assert ran.json["problems"][0]["code"] == "malformed"
    assert ["not valid JSON" in push["detail"] for push in ran.json["pushes"]] == [True]


def test_one_whole_cycle(amika, claude, codex, home, nothing_left):
    claude()
    codex()
    ran = amika("up", "--local", "--yes", "--once", "-o", "json")
    assert ran.code == 0, ran.err
    told = ran.json
    assert set(told) == {"account", "credentials", "env_cache", "pushes", "problems"}
    assert told["account"]["signed_in"] is True
    assert [(c["provider"], c["source"], c["kind"]) for c in told["credentials"]] == [
        ("anthropic", "claude-oauth", "oauth"),
        ("openai", "codex", "api_key"),
    ]
    assert told["credentials"][0]["expires_at"] == "2099-01-01T00:00:00Z"
    assert told["env_cache"]["path"] == str(home / ".cache" / "amika" / "env-cache.json")
    assert os.path.exists(told["env_cache"]["path"])
    assert sorted((p["name"], p["action"]) for p in told["pushes"]) == [
        ("Claude OAuth", "created"),
        ("Codex API Key", "created"),
    ]
    assert told["problems"] == []
    assert "fake" not in ran.all
    # a real login is never touched
    assert not (home / ".local" / "state" / "amika").exists()

    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    again = amika("up", "--local", "--yes", "--once", "-o", "json")
    assert again.code == 0
    assert sorted((p["name"], p["action"]) for p in again.json["pushes"]) == [
        ("Claude OAuth", "replaced"),
        ("Codex API Key", "unchanged"),
    ]
    assert amika("agent", "status", "--local").code != 0, "nothing is left running"
    listed = amika("secret", "claude", "list", "--local", "--json").json
    assert [(s["name"], s["rule"]) for s in listed] == [("Claude OAuth", "claude-oauth")]


def test_an_empty_home_is_fine(amika, home, nothing_left):
    ran = amika("up", "--local", "--yes", "--once")
    assert ran.code == 0, ran.err
    assert "No credentials were found" in ran.out


def test_a_bad_source_is_a_problem_and_the_rest_goes_on(amika, codex, home, nothing_left):
    codex()
    (home / ".claude").mkdir()
    (home / ".claude" / ".credentials.json").write_text("{")
    ran = amika("up", "--local", "--yes", "--once", "-o", "json")
    assert ran.code == 0
    assert [p["name"] for p in ran.json["pushes"]] == ["Codex API Key"]


def test_without_a_person_it_says_what_it_waits_for(amika, codex, home, nothing_left):
    codex()
    with started("up", "--local", "--once", "-o", "json") as (process, out, err):
        err.wait("http://127.0.0.1:")
        code = err.wait("amika workspace approve").split()[-1]
        assert amika("workspace", "approve", code, "--local").code == 0
        assert process.wait(30) == 0
        out.join()
        assert json.loads("\n".join(out.lines))["account"]["signed_in"] is True


def test_a_denied_sign_in(amika, home, nothing_left):
    with started("up", "--local", "--once") as (process, _, err):
        code = err.wait("amika workspace approve").split()[-1]
        assert amika("workspace", "deny", code, "--local").code == 0
        assert process.wait(30) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_it_waits(amika, home, nothing_left, number):
    with started("up", "--local", "--once") as (process, _, err):
        err.wait("amika workspace approve")
        process.send_signal(number)
        assert process.wait(30) == 130
        err.join()
        assert "amika: interrupted" in err.lines
    workspace = resolve(os.environ, local=True).workspace_dir
    done = amika("workspace", "approve", "ABCD-EFGH", "--data", workspace)
    assert "no local workspace runs" in done.err


def test_a_hosted_account_gets_no_rules_by_itself(amika, claude, server, nothing_left):
    claude()
    ran = amika("up", "--once", "--yes")
    assert ran.code == 0, ran.err
    assert "amika secret claude push --type oauth" in ran.out
    assert server.records("claude") == []


def test_a_key_that_is_no_agents_own_is_named_with_what_pushes_it(amika, server, home, nothing_left):
    keys = {name: {"type": "api", "key": f"fake-{name}"} for name in ("groq", "mistral")}
    write(home / ".local" / "share" / "opencode" / "auth.json", keys)
    told = "not pushed; to keep one of 2 other keys as a variable in your sandboxes: amika sync add opencode/groq\n"
    assert amika("up", "--once").out.endswith(told)
    assert amika("sync", "add", "opencode/groq", "--yes").code == 0
    assert "sync add" not in amika("up", "--once").out


def test_yes_approves_nothing_at_a_hosted_account(amika, home, nothing_left):
    from tests.fakes.workos_server import WorkosServer

    with WorkosServer() as workos:
        os.environ["AMIKA_API_URL"] = os.environ["AMIKA_WORKOS_URL"] = workos.url
        try:
            with started("up", "--once", "--yes") as (process, _, err):
                err.wait("--yes approves at the local workspace only")
                process.send_signal(signal.SIGINT)
                assert process.wait(30) == 130
        finally:
            del os.environ["AMIKA_API_URL"], os.environ["AMIKA_WORKOS_URL"]
    assert not (home / ".local" / "state" / "amika" / "workos-session.json").exists()


def test_live(amika, claude, codex, home, nothing_left):
    claude()
    with started("up", "--local", "--yes", "--no-tray") as (process, out, err):
        out.wait("found anthropic OAuth token")
        out.wait("signed in as")
        out.wait("cached 1 entry")
        out.wait("pushed “Claude OAuth”")
        codex()
        out.wait("found openai API key")
        out.wait("pushed “Codex API Key”")
        assert agent_pid(local=True) is not None
        status = amika("status", "--local")
        assert "it keeps all this current" in status.out
        assert amika("sync", "--local").code == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 130
        err.join()
        assert "Stopped the agent." in err.lines
        assert not any("fake" in line for line in [*out.lines, *err.lines])
    assert agent_pid(local=True) is None
    assert amika("agent", "status", "--local").code != 0


def test_live_leaves_an_agent_that_ran_before(amika, codex, home, nothing_left):
    codex()
    assert amika("agent", "start", "--local").code == 0
    before = agent_pid(local=True)
    with started("up", "--local", "--yes", "--no-tray", "-o", "json") as (process, out, err):
        err.wait("The agent runs already")
        out.wait('"signed_in": true')
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert all(json.loads(line)["profile"] == "local" for line in out.lines)
    assert agent_pid(local=True) == before
    assert amika("agent", "stop", "--local").code == 0


def test_live_without_a_screen_says_so(amika, home, nothing_left, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with started("up", "--local", "--yes") as (process, out, err):
        err.wait("The menu-bar application is not started")
        out.wait("signed in as")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


def test_live_says_that_the_tray_could_not_start(amika, home, nothing_left, monkeypatch):
    pytest.importorskip("PySide6")
    monkeypatch.setenv("DISPLAY", ":4095")  # nobody is there
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with started("up", "--local", "--yes") as (process, out, err):
        err.wait("The menu-bar application has ended; this shows why: amika tray --local")
        out.wait("signed in as")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


def test_live_on_a_terminal_keeps_its_lines_apart(amika, codex, home, nothing_left, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    codex()
    with Terminal(["up", "--local", "--no-tray"], dict(os.environ), columns=90) as terminal:
        seen = terminal.expect("amika workspace approve ")
        assert "\r\x1b[KWaiting for your approval. Open  http://127.0.0.1:" in seen
        terminal.expect("Ctrl-C stops", seconds=10)
        page = next(line for line in terminal.seen.splitlines() if "and check the code" in line)
        code = page.split("code  ")[1].split()[0]
        assert amika("workspace", "approve", code).code == 0
        terminal.expect("pushed “Codex API Key”")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end(40) == 130
        assert terminal.seen.rstrip().endswith("amika: interrupted")
        assert "Stopped the agent." in terminal.seen
