"""The bundle as a person gets it: built, then run with an empty HOME and no Python of ours in reach."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.desktop.screen import Desktop, wait
from tests.desktop.status_notifier import TestHost
from tests.desktop.tray_program import TrayProgram

from amika_shared.client import read_record
from amika_shared.profile import Profile

pytestmark = [pytest.mark.desktop, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "dist" / "amika"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # the venv and the downloads are found where they were: building is not what the empty HOME is about
    done = subprocess.run([ROOT / "packaging" / "bundle.sh"], capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return FOLDER


def outside(env: dict[str, str]) -> dict[str, str]:
    """Return an environment without the virtual environment."""
    kept = {name: value for name, value in env.items() if not name.startswith(("PYTHON", "VIRTUAL", "UV_", "PIP_"))}
    return {**kept, "PATH": "/usr/bin:/bin"}


@pytest.fixture
def run(bundle: Path, home: Path) -> Run:
    def run_program(*words: str, program: str = "amika", **more: str) -> subprocess.CompletedProcess[str]:
        env = {**outside(dict(os.environ)), **more}
        command = [str(bundle / program), *words]
        return subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, timeout=90, check=False)

    return run_program


@pytest.fixture
def stopped_afterwards(run: Run) -> Iterator[None]:
    yield
    run("agent", "stop", "--local")


def claude(home: Path) -> None:
    folder = home / ".claude"
    folder.mkdir()
    login = {"accessToken": "sk-ant-oat01-fake-bundle", "refreshToken": "sk-ant-ort01-fake", "expiresAt": 4070908800000}
    (folder / ".credentials.json").write_text(json.dumps({"claudeAiOauth": {**login, "scopes": ["a"]}}))


def test_every_program_says_its_version(run: Run) -> None:
    for program in ("amika", "amika-agent", "amika-tray"):
        done = run("--version", program=program)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(program)


def test_no_link_in_it_leads_nowhere(bundle: Path) -> None:
    links = [path for path in bundle.rglob("*") if path.is_symlink()]
    assert links
    assert [path for path in links if not path.exists()] == []


def test_an_empty_home_gives_nothing_and_no_noise(run: Run) -> None:
    done = run("auth", "extract")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_command_is_in_it(run: Run) -> None:
    from amika_cli.main import COMMANDS

    for name in COMMANDS:
        done = run(*name.split(), "--help")
        assert done.returncode == 0, f"amika {name} --help: {done.stderr}"


def test_the_main_job_once(run: Run, home: Path) -> None:
    claude(home)
    done = run("up", "--local", "--yes", "--once", "-o", "json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["account"]["signed_in"]
    assert [push["ok"] for push in result["pushes"]] == [True]
    assert result["problems"] == []


def test_what_it_starts_does_not_load_its_libraries(run: Run) -> None:
    print_all = ("run", "--", "/usr/bin/env", "-0")
    names = ("LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "_PYI_")
    words = [word for word in run(*print_all).stdout.split("\0") if word.startswith(names)]
    assert words == []
    words = [word for word in run(*print_all, LD_LIBRARY_PATH="/mine").stdout.split("\0") if word.startswith(names)]
    assert words == ["LD_LIBRARY_PATH=/mine"]


@pytest.mark.usefixtures("stopped_afterwards")
def test_the_agent_starts_in_the_background_and_stops(run: Run, profile: Profile) -> None:
    assert run("agent", "start", "--local").returncode == 0
    record = read_record(profile.agent_record)
    assert record is not None
    assert os.readlink(f"/proc/{record['pid']}/exe") == str(FOLDER / "amika-agent")
    assert run("status", "--local").returncode == 0
    assert run("agent", "stop", "--local").returncode == 0
    assert read_record(profile.agent_record) is None


@pytest.mark.usefixtures("stopped_afterwards")
def test_the_tray_shows_its_icon_and_starts_the_agent(
    run: Run, bundle: Path, desktop: Desktop, host: TestHost, profile: Profile
) -> None:
    env = outside(desktop.env_for(dict(os.environ)))
    tray = TrayProgram(desktop, env, "--local", program=str(bundle / "amika-tray"))
    try:
        host.wait_for_icon()
        wait(lambda: "Sign in…" in host.texts(), "the menu")
        record = read_record(profile.agent_record)
        assert record is not None
        assert os.readlink(f"/proc/{record['pid']}/exe") == str(bundle / "amika-agent")
        given = Path(f"/proc/{record['pid']}/environ").read_text().split("\0")
        assert not [word for word in given if word.startswith(("QT_PLUGIN_PATH=", "LD_LIBRARY_PATH_ORIG="))]
    finally:
        tray.end()


def test_install_cli_links_to_the_bundle_and_names_another_amika(run: Run, home: Path) -> None:
    folder = home / "go" / "bin"
    folder.mkdir(parents=True)
    other = folder / "amika"
    other.write_text("#!/bin/sh\necho the other one\n")
    other.chmod(0o755)
    link = home / ".local" / "bin" / "amika"
    for path in (f"{folder}:/usr/bin:/bin", f"{link.parent}:{folder}:/usr/bin:/bin"):
        done = run("install-cli", PATH=path)
        assert (done.returncode, done.stderr) == (0, "")
        assert str(other) in done.stdout
    assert other.read_text().endswith("the other one\n")
    assert stat.S_IMODE(other.stat().st_mode) == 0o755
    assert link.resolve() == FOLDER / "amika"
    linked = subprocess.run([link, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert linked.stdout.startswith("amika ")
    assert run("install-cli", "--uninstall").returncode == 0
    assert not link.is_symlink()


def test_an_interrupt_ends_the_live_view_and_what_it_started(bundle: Path, home: Path, profile: Profile) -> None:
    command = [bundle / "amika", "up", "--local", "--yes", "--no-tray"]
    child = subprocess.Popen(
        command, env=outside(dict(os.environ)), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait(lambda: read_record(profile.agent_record) is not None, "the agent")
        wait((Path(profile.amika_state_dir) / "workos-session.json").exists, "the session")
    finally:
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)
    assert child.returncode == 130, said
    wait(lambda: read_record(profile.agent_record) is None, "the end of the agent")
