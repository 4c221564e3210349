"""The tray on a virtual desktop of its own: how soon its icon is there, how soon its menu, and what it costs idle."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.idle import SETTLE, memory
from tests.benchmarks.table import Missing, Row
from tests.benchmarks.world import BIN, until
from tests.desktop.screen import Desktop
from tests.desktop.status_notifier import TestHost
from tests.desktop.tray_program import TrayProgram
from tests.fakes.agent_server import ACCOUNT, EMAIL, FakeAgent

from amika_shared.profile import Profile, resolve

ICON = "tray, start of the process to its icon"
MENU = "tray, menu opened"
MEMORY = "tray on a desktop, resident memory"
PROGRAMS = ("Xvfb", "dbus-daemon", "openbox", "xdotool", "display")
OPENINGS = 50


def measure(
    starts: int, find: Callable[[str], str | None] = shutil.which, program: Path = BIN / "amika-tray"
) -> list[Row | Missing]:
    """Start the tray `starts` times beside a stand-in agent. find: tells where a program is, None for nowhere."""
    if absent := [program for program in PROGRAMS if find(program) is None]:
        return missing(f"there is no {', '.join(absent)} (make desktop)")
    try:
        with _desktop() as desktop:
            return _on(desktop, starts, str(program))
    except (AssertionError, RuntimeError) as error:  # the desktop tests' parts say by an assertion what is wrong
        return missing(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")


def rows(icons: list[float], menus: list[float], resident: float) -> list[Row | Missing]:
    """Return the table's rows. icons, menus: milliseconds; resident: MB."""
    return [
        Row(ICON, "ms", icons),
        Row(MENU, "ms", menus),
        Row(MEMORY, "MB", [resident], aim="at most 65 in the bundle"),
    ]


def missing(why: str) -> list[Row | Missing]:
    """Return the same rows without figures."""
    return [Missing(what, why) for what in (ICON, MENU, MEMORY)]


def _on(desktop: Desktop, starts: int, program: str) -> list[Row | Missing]:
    env = {
        **desktop.env,
        "QT_QPA_PLATFORM": "xcb",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "BROWSER": "true",
    }
    agent = FakeAgent(_profile(env), env).start()
    try:
        agent.publish(state="in_sync", accounts=[ACCOUNT])
        _start(desktop, env, program)  # the first one reads its files from the disk
        icons = [_start(desktop, env, program) for _ in range(starts)]
        menus, resident = _running(desktop, env, program)
    finally:
        agent.stop()
    return rows(icons, menus, resident)


def _start(desktop: Desktop, env: Mapping[str, str], program: str) -> float:
    """Return the milliseconds from the start of the process until the host has its icon."""
    with TestHost(env["DBUS_SESSION_BUS_ADDRESS"]) as host:
        began = time.monotonic()
        with _tray(desktop, env, program) as tray:
            return 1000 * (_icon(host, tray) - began)


def _running(desktop: Desktop, env: Mapping[str, str], program: str) -> tuple[list[float], float]:
    """Return how many milliseconds each opening of the menu takes, and the memory before the first (MB)."""
    with TestHost(env["DBUS_SESSION_BUS_ADDRESS"]) as host, _tray(desktop, env, program) as tray:
        _icon(host, tray)
        time.sleep(SETTLE)
        resident = memory(Path("/proc") / str(tray.pid), "VmRSS")
        until(lambda: EMAIL in " ".join(host.texts()), "the account in the menu", step=0.1)
        return [_opening(host) for _ in range(OPENINGS)], resident


def _opening(host: TestHost) -> float:
    began = time.perf_counter()
    host.menu()
    return 1000 * (time.perf_counter() - began)


def _icon(host: TestHost, tray: TrayProgram) -> float:
    """Wait for the icon; return the moment."""
    moment = until(lambda: host.items or not tray.running, "the tray icon")
    if not host.items:
        raise RuntimeError(f"the tray has ended: {tray.program.said[-200:]}")
    return moment


@contextmanager
def _tray(desktop: Desktop, env: Mapping[str, str], program: str) -> Iterator[TrayProgram]:
    tray = TrayProgram(desktop, env, "--local", program=program)
    try:
        yield tray
    except BaseException:
        tray.kill()
        raise
    tray.end()


@contextmanager
def _desktop() -> Iterator[Desktop]:
    with (
        tempfile.TemporaryDirectory(prefix="amika-bench-") as home,
        tempfile.TemporaryDirectory(prefix="amika-desk-") as runtime,
    ):
        desktop = Desktop(Path(home), Path(runtime), os.environ)
        try:
            desktop.open()
            yield desktop
        finally:
            desktop.close()


def _profile(env: Mapping[str, str]) -> Profile:
    """Return the local profile as a program with that environment sees it; folders are looked up in our own."""
    ours = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(env)
        return resolve(env, local=True)
    finally:
        os.environ.clear()
        os.environ.update(ours)
