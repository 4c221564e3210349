"""A desktop of our own: display, session bus, window manager, and whatever a test wants on it, all real programs.

Everything is started here, with a home of its own, and ended by its pid. Nothing of the desktop that the tests are
started on is seen or touched.
"""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

OUTPUT = Path(__file__).resolve().parents[1] / "output"
SIZE = (1280, 960)
GROUND = "#5a6b7d"
END = 10.0
DISPLAYS = range(100, 50_000)  # their sockets have room for all
ATTEMPTS = 5
# without -noreset it starts anew when its last client leaves, and refuses the next one meanwhile
SERVER = ["-noreset", "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"]
DEADLINE = 60.0  # for what takes a moment on a machine that has nothing else to do

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/> <allow receive_sender="*"/> <allow own="*"/>
  </policy>
</busconfig>
"""


class Program:
    """A running program; what it says goes to a file."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], said: Path) -> None:
        self.name = name
        self.process = process
        self.said_file = said

    @property
    def said(self) -> str:
        """Return everything it wrote to its standard streams so far."""
        return self.said_file.read_text(errors="replace")

    @property
    def running(self) -> bool:
        """Tell whether it runs."""
        return self.process.poll() is None

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait, and return the exit code; what does not end is killed."""
        if self.running:
            self.process.send_signal(number)
        try:
            return self.process.wait(END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Desktop:
    """Display, bus and window manager; `close` ends everything that was started on it.

    env      what a program needs to appear here; no home is in it but the desktop's own
    numbers  of the display, to be tried in turn
    """

    def __init__(self, home: Path, runtime: Path, env: Mapping[str, str]) -> None:
        self.home, self.runtime = home, runtime
        self.programs: list[Program] = []
        self.numbers = random.sample(DISPLAYS, ATTEMPTS)
        self.env: dict[str, str] = {
            **{name: env[name] for name in ("PATH", "LANG", "LC_ALL") if name in env},
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "XDG_DATA_HOME": str(home / ".local/share"),
            "XDG_STATE_HOME": str(home / ".local/state"),
            "XDG_RUNTIME_DIR": str(runtime),
            "NO_AT_BRIDGE": "1",
        }

    def open(self) -> None:
        """Start display, bus and window manager."""
        config = self.runtime / "bus.conf"
        config.write_text(BUS.format(folder=self.runtime))
        bus = self.start("dbus-daemon", ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"])
        self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.runtime}/bus"
        wait((self.runtime / "bus").exists, "the session bus", bus)
        self._open_display()
        manager = self.start("openbox", ["openbox"])
        wait(lambda: self.says(["xdotool", "get_num_desktops"]).strip().isdigit(), "the window manager", manager)
        ground = ["display", "-window", "root", "-size", f"{SIZE[0]}x{SIZE[1]}", f"xc:{GROUND}"]
        self.says(ground)  # it exits 1 even when it has done it

    def close(self) -> None:
        """End every program, the last one first."""
        for program in reversed(self.programs):
            program.end()
        self.programs.clear()

    def start(self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Program:
        """Start a program on this desktop. env: instead of the desktop's own."""
        said = self.home / f"{name}-{len(self.programs)}.log"
        with said.open("wb") as out:
            process = subprocess.Popen(
                list(command),
                env=dict(env or self.env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.home,
            )
        program = Program(name, process, said)
        self.programs.append(program)
        return program

    @contextlib.contextmanager
    def running(self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Iterator[Program]:
        """Have a program run for a while."""
        program = self.start(name, command, env=env)
        try:
            yield program
        finally:
            program.end()
            self.programs.remove(program)

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run a program to its end; fail when it fails."""
        done = subprocess.run(list(command), env=self.env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (name, done.stdout, done.stderr)

    def says(self, command: Sequence[str]) -> str:
        """Return what a program prints, or "" when it fails."""
        done = subprocess.run(list(command), env=self.env, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout if done.returncode == 0 else ""

    def env_for(self, home_env: Mapping[str, str], **more: str) -> dict[str, str]:
        """Return the environment of a program of ours: this desktop, but the test's own home."""
        wanted = ("HOME", "BROWSER", "PYTHON_KEYRING_BACKEND")
        own = {name: value for name, value in home_env.items() if name in wanted or name.startswith("XDG_")}
        return {**self.env, "QT_QPA_PLATFORM": "xcb", **own, **more}

    def screenshot(self, name: str, *, window: str = "", into: Path = OUTPUT) -> Path:
        """Save what is on the screen, or the window with that title and its frame, to tests/output/ or elsewhere."""
        into.mkdir(exist_ok=True)
        path = into / f"{name}.png"
        what = ["-frame", "-window", self.windows(window)[0]] if window else ["-window", "root"]
        self.run("import", ["import", *what, "-silent", str(path)])
        return path

    def windows(self, title: str) -> list[str]:
        """Return the ids of the visible windows whose title contains `title`."""
        return self.says(["xdotool", "search", "--onlyvisible", "--name", title]).split()

    def focus(self, title: str) -> str:
        """Wait for the window, give it the keyboard, and return its id."""
        wait(lambda: self.windows(title), f"the window {title!r}")
        window = self.windows(title)[0]
        self.run("focus", ["xdotool", "windowactivate", "--sync", window])
        wait(lambda: self.says(["xdotool", "getactivewindow"]).strip() == window, f"the focus on {title!r}")
        return window

    def press(self, *keys: str) -> None:
        """Press keys as a person does: they go to whatever has the keyboard."""
        self.run("keys", ["xdotool", "key", *keys])

    def press_until(self, title: str, keys: str, done: Callable[[], object], what: str) -> None:
        """Press keys in a window until it has come to pass: a window that has just opened may not hear the first."""
        end = time.monotonic() + DEADLINE
        while not done():
            assert time.monotonic() < end, f"{what}: not within {DEADLINE:g} s"
            if self.windows(title):
                self.focus(title)
                self.press(keys)
            with contextlib.suppress(AssertionError):
                wait(done, what, seconds=1.0)

    def click(self, x: int, y: int, *, button: int = 1) -> None:
        """Click there as a person does."""
        self.run("click", ["xdotool", "mousemove", str(x), str(y), "click", str(button)])

    def _open_display(self) -> None:
        """Start a display of a number that nobody had lately.

        The first free number would be one that an ending server is just giving back, who then takes away the socket
        that is ours by then.
        """
        displays = (self._display(number) for number in self.numbers)
        assert any(display.running for display in displays), "no display whose number is free"

    def _display(self, number: int) -> Program:
        self.env["DISPLAY"] = f":{number}"
        display = self.start("Xvfb", ["Xvfb", f":{number}", *SERVER])
        lock = Path(f"/tmp/.X{number}-lock")

        def answers() -> bool:
            ours = lock.exists() and lock.read_text().strip() == str(display.process.pid)
            return ours and bool(self.says(["xdotool", "getmouselocation"]))

        wait(lambda: not display.running or answers(), "the display")
        if not display.running:
            self.programs.remove(display)
        return display


def wait(condition: Callable[[], object], what: str, program: Program | None = None, seconds: float = DEADLINE) -> None:
    """Wait until `condition` holds; fail with what the program said when it ends or time is up."""
    end = time.monotonic() + seconds
    while not condition():
        said = f": {program.said[-2000:]}" if program is not None else ""
        assert program is None or program.running, f"{what}: {program.name if program else ''} ended{said}"
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s{said}"
        time.sleep(0.02)
