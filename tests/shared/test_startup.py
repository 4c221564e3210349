"""Start at login, as each platform wants it written."""

from __future__ import annotations

import configparser
import importlib.util
import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from amika_shared.startup import desktop_entry, desktop_runs, launch_agent, run_key, systemd_unit

PLAIN = ["/usr/bin/amika-tray", "--hidden"]
NASTY = ['/opt/My "Tools"/100% $HOME `x`/a\\b/amika-tray', "--hidden"]


def test_an_autostart_entry_names_program_and_is_recognised() -> None:
    text = desktop_entry(PLAIN, comment="Keeps\nthings")
    assert "Exec=/usr/bin/amika-tray --hidden\n" in text
    assert "Comment=Keeps things\n" in text
    assert desktop_runs(text, PLAIN)
    assert not desktop_runs(text, ["/elsewhere/amika-tray", "--hidden"])


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_an_entry_that_somebody_switched_off_is_off(line: str) -> None:
    text = desktop_entry(PLAIN).replace("X-GNOME-Autostart-enabled=true", line)
    assert not desktop_runs(text, PLAIN)


@pytest.mark.parametrize("text", ["", "junk", "[Other]\nExec=/usr/bin/amika-tray --hidden\n", "Exec=x\n"])
def test_what_is_no_entry_is_off(text: str) -> None:
    assert not desktop_runs(text, PLAIN)


def test_a_path_with_everything_in_it_is_quoted_twice() -> None:
    text = desktop_entry(NASTY)
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    parser.read_string(text)
    value = parser["Desktop Entry"]["Exec"].replace("\\\\", "\\")  # the escapes of every value of such a file
    quoted, rest = re.fullmatch(r'"((?:[^"\\]|\\.)*)" (.*)', value).groups()
    assert [re.sub(r'\\(["`$\\])', r"\1", quoted).replace("%%", "%"), rest] == NASTY
    assert desktop_runs(text, NASTY)


@given(some.lists(some.text(some.characters(min_codepoint=32, max_codepoint=126), min_size=1), min_size=1, max_size=3))
def test_every_path_is_recognised_again(command: list[str]) -> None:
    assert desktop_runs(desktop_entry(command), command)


def test_a_property_list_is_one_and_says_the_same() -> None:
    found = plistlib.loads(launch_agent(NASTY, label="dev.amika.agent", keep_alive=True).encode())
    assert found["ProgramArguments"] == NASTY
    assert found["RunAtLoad"] is True
    assert found["KeepAlive"] == {"SuccessfulExit": False}
    assert found["ThrottleInterval"] == 5
    assert "KeepAlive" not in plistlib.loads(launch_agent(PLAIN, label="x<&>").encode())


def test_the_run_key_quotes_the_program_always() -> None:
    assert run_key([r"C:\Program Files\Amika\amika-tray.exe", "--hidden"]) == (
        r'"C:\Program Files\Amika\amika-tray.exe" --hidden'
    )


def test_a_unit_restarts_after_a_crash_and_quotes_what_systemd_expands() -> None:
    text = systemd_unit(["/opt/a b/50%/$x/amika-agent", "run"], description="Amika\nagent")
    assert 'ExecStart="/opt/a b/50%%/$$x/amika-agent" run\n' in text
    assert "Description=Amika agent\n" in text
    assert "Restart=on-failure\nRestartSec=1\n" in text
    assert "RestartPreventExitStatus=2\n" in text, "only what a restart cannot cure ends it"
    assert "StartLimitIntervalSec=0\n" in text.partition("[Service]")[0]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "amika-agent.service"
    unit.write_text(systemd_unit(["/bin/true", "run"], description="Amika"))
    done = subprocess.run(["systemd-analyze", "verify", "--user", str(unit)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="desktop-file-utils are not on this machine")
def test_the_desktop_takes_the_entry(tmp_path: Path) -> None:
    entry = tmp_path / "amika-tray.desktop"
    entry.write_text(desktop_entry(NASTY, comment="x"))
    done = subprocess.run(["desktop-file-validate", str(entry)], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_packages_ship_is_what_the_programs_would_write() -> None:
    folder = Path(__file__).resolve().parents[2] / "packaging" / "startup"
    spec = importlib.util.spec_from_file_location("startup_render", folder / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {
        path.name: path.read_text()
        for path in folder.iterdir()
        if path.suffix not in (".py", ".pyc") and path.is_file()
    }
    assert found == module.files()
