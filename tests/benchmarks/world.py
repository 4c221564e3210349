"""A machine of its own for the measurements: an empty home, the local workspace, a running agent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import platformdirs

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
APP = "amika-desktop"


class World:
    """One home; everything is started in it, and ends with it."""

    def __init__(self, home: Path, programs: Path = BIN) -> None:
        self.home = home
        self.programs = programs
        runtime = home / ".run"
        runtime.mkdir(mode=0o700)
        self.env = {
            "HOME": str(home),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(runtime),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "BROWSER": "true",
        }

    @property
    def data(self) -> Path:
        """Where the local profile keeps its data."""
        base = Path(platformdirs.user_data_dir(APP, appauthor=False))
        return self.home / base.relative_to(Path.home()) / "local"

    @property
    def env_cache(self) -> Path:
        """The file every shell of this home reads."""
        return self.home / ".cache" / "amika" / "env-cache.json"

    def amika(self, *words: str, timeout: float = 120) -> str:
        """Run a command of ours and return what it prints; raises RuntimeError with what it complains about."""
        done = subprocess.run(
            [str(self.programs / "amika"), *words],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"`amika {' '.join(words)}` ended with {done.returncode}: {done.stderr.strip()[:300]}")
        return done.stdout

    def sign_in_to_claude(self, token: str) -> float:
        """Write Claude Code's credential file as it does, by a rename; return the moment of the rename."""
        folder = self.home / ".claude"
        folder.mkdir(mode=0o700, exist_ok=True)
        record = {
            "accessToken": token,
            "refreshToken": "sk-ant-ort01-" + "bench" * 8,
            "expiresAt": int((time.time() + 8 * 3600) * 1000),
            "scopes": ["user:inference"],
            "subscriptionType": "max",
        }
        temporary = folder / ".credentials.json.tmp"
        temporary.write_text(json.dumps({"claudeAiOauth": record}))
        temporary.chmod(0o600)
        os.replace(temporary, folder / ".credentials.json")
        return time.monotonic()

    @property
    def hooks(self) -> Path:
        """Where the default profile keeps the shell hooks."""
        return self.data.parent / "default" / "shell"

    def save_keys(self, names: Sequence[str]) -> None:
        """Give OpenCode API keys whose variables are `names`."""
        folder = self.home / ".local" / "share" / "opencode"
        folder.mkdir(parents=True, exist_ok=True)
        keys = {
            n.removesuffix("_API_KEY").lower(): {"type": "api", "key": f"fake-{n.lower()}-{'x' * 40}"} for n in names
        }
        (folder / "auth.json").write_text(json.dumps(keys))

    def agent(self) -> dict[str, object]:
        """Return the running agent's record: pid, socket …"""
        record: dict[str, object] = json.loads((self.data / "agent.json").read_text())
        return record


def until(condition: Callable[[], object], what: str, seconds: float = 30.0, step: float = 0.002) -> float:
    """Wait for a condition; return the moment (monotonic) it was first seen."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not seen within {seconds:g} s")
        time.sleep(step)
    return time.monotonic()


@contextmanager
def running_world(programs: Path = BIN) -> Iterator[World]:
    """A world that is signed in at its local workspace, with an agent in the background."""
    with tempfile.TemporaryDirectory(prefix="amika-bench-") as folder:
        world = World(Path(folder), programs)
        try:
            world.sign_in_to_claude("sk-ant-oat01-" + "first" * 8)
            world.amika("up", "--local", "--yes", "--once", "--no-tray")
            world.amika("agent", "start", "--local")
            yield world
        finally:
            _end(world)


def _end(world: World) -> None:
    from amika_agent.clock import SystemClock
    from amika_agent.workspace import launch

    try:
        world.amika("agent", "stop", "--local")
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
    clock = SystemClock()
    if running := launch.find(str(world.data / "workspace"), clock):
        launch.stop(running, clock)
