"""A credential changed on disk is in the next prompt of a shell that is already open: real shells, the real agent."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.terminal import Terminal

pytestmark = pytest.mark.process

# a terminal that answers no questions: fish asks a better one what it can do, and waits
ENV = {"TERM": "dumb", "PS1": "$ "}
SHELLS = ("bash", "zsh", "fish")
# a shell with job control wants the terminal to be its own
AT_A_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)


def save(home: Path, **keys: str) -> None:
    """Write OpenCode's keys as it does: a new file, renamed into place."""
    path = home / ".local/share/opencode/auth.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name("auth.json.new")
    new.write_text(json.dumps({name: {"type": "api", "key": key} for name, key in keys.items()}))
    new.chmod(0o600)
    new.rename(path)


@pytest.fixture
def agent(home: Path, until) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "amika_agent.main", "run"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        until((home / ".local/share/amika-desktop/default/agent.json").exists, "the agent")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.fixture
def install(home: Path) -> None:
    for shell in SHELLS:
        command = [sys.executable, "-m", "amika_cli.main", "shell-init", shell, "--install", "--yes"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=60)


def env_files(home: Path) -> list[str]:
    folder = home / ".local/share/amika-desktop/default/shell"
    return [(folder / f"env.{shell}").read_text() for shell in SHELLS]


class OpenShell(Terminal):
    """An interactive shell; each answer has a number of its own, the echo of the question has no value in it."""

    def __init__(self, shell: str) -> None:
        super().__init__([], {**os.environ, **ENV}, program=(sys.executable, "-c", AT_A_TERMINAL, shell, "-i"))
        self.asked = 0

    def has(self, variable: str, value: str) -> None:
        """The prompt that is drawn now has this value."""
        self.asked += 1
        self.type(f'echo "<{self.asked} ${variable}>"')
        self.expect(f"<{self.asked} {value}>")

    def __exit__(self, *how: object) -> None:
        self.type("exit")
        self.end()
        super().__exit__(*how)


@pytest.mark.usefixtures("install")
def test_a_change_on_disk_is_in_the_next_prompt_of_every_open_shell(home: Path, agent: object, until) -> None:
    save(home, groq="fake-groq-1")
    until(lambda: all("fake-groq-1" in text for text in env_files(home)), "the first key in every env file")
    with contextlib.ExitStack() as stack:
        shells = [stack.enter_context(OpenShell(shell)) for shell in SHELLS]
        for shell in shells:
            shell.has("GROQ_API_KEY", "fake-groq-1")

        save(home, groq="fake-groq-2", xai="fake-xai-1")
        until(lambda: all("fake-groq-2" in text for text in env_files(home)), "the changed key in every env file")
        for shell in shells:
            shell.type("")  # the next prompt
            shell.has("GROQ_API_KEY", "fake-groq-2")
            shell.has("XAI_API_KEY", "fake-xai-1")

        save(home, xai="fake-xai-1")
        until(lambda: not any("fake-groq" in text for text in env_files(home)), "the removed key gone")
        for shell in shells:
            shell.type("")
            shell.has("GROQ_API_KEY", "")
            shell.has("XAI_API_KEY", "fake-xai-1")


def test_every_shell_is_here() -> None:
    assert [shell for shell in SHELLS if shutil.which(shell) is None] == []
