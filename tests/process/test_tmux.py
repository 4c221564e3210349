"""The hook over tmux: a pane that stays open, and one opened later, which inherits what the server started with."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amika_agent.shell import env_file, hook, rc_file
from amika_agent.shell.folder import SHELLS, folder
from amika_local.credential import API_KEY, Credential
from amika_local.secret import Secret

pytestmark = pytest.mark.process

RC = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}


class Tmux:
    """A tmux server of our own whose panes are interactive shells with the hook."""

    def __init__(self, shell: str, home: Path, sockets: str) -> None:
        self._command = ["tmux", "-S", f"{sockets}/tmux", "-f", os.devnull]
        self._shell = shutil.which(shell)
        self._env = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "SHELL": self._shell or ""}
        self._asked = 0

    def start(self) -> str:
        """Start the server from a shell that has the keys already; return its first pane."""
        words = " ".join([*self._command, "new-session -d -x 150 -y 40 -P -F '#{pane_id}'"])
        return self._out([str(self._shell), "-i", "-c", words])

    def open(self) -> str:
        """Open another window; return its pane."""
        return self._out([*self._command, "new-window", "-P", "-F", "#{pane_id}"])

    def has(self, pane: str, variable: str, value: str, until: Callable[..., object]) -> None:
        """The pane's next prompt has this value."""
        self._asked += 1
        self._out([*self._command, "send-keys", "-t", pane, f'echo "<{self._asked} ${variable}>"', "Enter"])
        wanted = f"<{self._asked} {value}>"
        until(lambda: wanted in self._out([*self._command, "capture-pane", "-p", "-t", pane]), wanted)

    def enter(self, pane: str) -> None:
        """Press Enter: the next prompt."""
        self._out([*self._command, "send-keys", "-t", pane, "Enter"])

    def end(self) -> None:
        """End the server and its panes."""
        subprocess.run([*self._command, "kill-server"], env=self._env, capture_output=True, check=False, timeout=30)

    def _out(self, command: list[str]) -> str:
        done = subprocess.run(
            command, env=self._env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=True
        )
        return done.stdout.strip()


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tmux(shell: str, tmp_path: Path) -> Iterator[Tmux]:
    with tempfile.TemporaryDirectory(prefix="tmux-") as sockets:  # pytest's folders are too long for a socket
        server = Tmux(shell, tmp_path, sockets)
        try:
            yield server
        finally:
            server.end()


def test_panes_of_tmux_have_the_keys_of_today(tmux: Tmux, shell: str, tmp_path: Path, until) -> None:
    where = folder(str(tmp_path / "data"))
    hook.install(where, shell)
    rc = tmp_path / RC[shell]
    rc.parent.mkdir(parents=True, exist_ok=True)
    rc.write_text(rc_file.line(shell, where) + "\n")
    (tmp_path / ".bash_profile").write_text(". ~/.bashrc\n")  # panes are login shells

    def save(**keys: str) -> None:
        found = [Credential(n, API_KEY, Secret(v), "opencode", "/x", 200, native_name=n) for n, v in keys.items()]
        choices = [env_file.Choice(one.native_name, one, exported=True, reason="") for one in found]
        assert env_file.update(os.path.dirname(where.path), choices) == []

    save(GROQ_API_KEY="fake-groq-1", XAI_API_KEY="fake-xai-1")
    panes = [tmux.start()]
    tmux.has(panes[0], "GROQ_API_KEY", "fake-groq-1", until)
    save(GROQ_API_KEY="fake-groq-2")
    panes.append(tmux.open())
    for pane in panes:
        tmux.enter(pane)
        tmux.has(pane, "GROQ_API_KEY", "fake-groq-2", until)
        tmux.has(pane, "XAI_API_KEY", "", until)
