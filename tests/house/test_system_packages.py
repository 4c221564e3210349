"""requirements/system.sh: installs what is missing, or says in one line what to install.

apt, dpkg and sudo are stand-ins here: a test must not change the machine. The fresh clone of
tests/house/fresh_clone.sh uses the real ones.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.house.repository import ROOT

SCRIPT = ROOT / "requirements" / "system.sh"
INSTALLED = "installed, bash, \\ninstalled, libglib2.0-0t64, libglib2.0-0 (= 2.80)\\nconfig-files, xvfb, \\n"


class Machine:
    """A PATH of stand-ins; `calls` is what apt-get and sudo were asked to do."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "calls"
        self.log.touch()
        self.folder = folder
        for name in ("bash", "env", "sed", "tr", "touch", "grep", "mktemp", "rm", "cat", "printf", "tail"):
            real = next(p for p in ("/usr/bin/" + name, "/bin/" + name) if os.path.exists(p))
            (self.bin / name).symlink_to(real)
        self.program("dpkg-query", f"printf '{INSTALLED}'")
        self.program("id", "echo 1000")

    def program(self, name: str, body: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)

    def apt(self, body: str = "") -> None:
        self.program("apt-get", f'echo "apt-get $*" >> {self.log}\n{body}')

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / "bash"), str(SCRIPT), *words],
            env={"PATH": str(self.bin), "TMPDIR": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.apt()
    return made


def test_nothing_is_done_when_everything_is_there(machine: Machine) -> None:
    done = machine.run("bash", "libglib2.0-0")  # the second one by its successor's "Provides"
    assert (done.returncode, done.stdout, done.stderr, machine.calls) == (0, "", "", [])


def test_without_rights_one_line_says_what_to_install(machine: Machine) -> None:
    done = machine.run("bash", "xvfb", "dunst")
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "apt-get" in line]
    assert lines == ["  apt-get update && apt-get install -y --no-install-recommends xvfb dunst"]
    assert machine.calls == []


def test_root_installs_without_a_question(machine: Machine) -> None:
    machine.program("id", "echo 0")
    machine.apt('[ "$DEBIAN_FRONTEND" = noninteractive ]')
    done = machine.run("xvfb")
    assert done.returncode == 0, done.stderr
    assert len(machine.calls) == 1
    assert machine.calls[0].endswith("install --no-install-recommends xvfb")
    assert " -y " in machine.calls[0]


def test_sudo_without_a_password_is_used(machine: Machine) -> None:
    machine.program("sudo", f'echo "sudo $*" >> {machine.log}; [ "$1" = -n ] && shift; exec "$@"')
    machine.program("true", "exit 0")
    done = machine.run("xvfb")
    assert done.returncode == 0, done.stderr
    assert any(call.startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get") for call in machine.calls)
    assert any(call.startswith("apt-get") for call in machine.calls)


def test_stale_package_lists_are_fetched_once(machine: Machine) -> None:
    machine.program("id", "echo 0")
    machine.apt(f'case "$*" in *update*) touch {machine.folder}/fresh ;; *) [ -e {machine.folder}/fresh ] ;; esac')
    done = machine.run("xvfb")
    assert done.returncode == 0, done.stderr
    assert [call.split()[-1] for call in machine.calls] == ["xvfb", "update", "xvfb"]


def test_what_apt_says_is_shown_when_it_fails(machine: Machine) -> None:
    machine.program("id", "echo 0")
    machine.apt("echo 'E: no such package'; exit 100")
    done = machine.run("xvfb")
    assert done.returncode == 1
    assert "E: no such package" in done.stderr
    assert "could not install" in done.stderr
    assert "--no-install-recommends xvfb\n" in done.stderr


def test_lists_are_read_without_their_comments(machine: Machine, tmp_path: Path) -> None:
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text("# why\nxvfb   # a display\n\n")
    second.write_text("dunst\n")
    done = machine.run("-r", str(first), str(second))
    assert "--no-install-recommends xvfb dunst" in done.stderr


def test_a_list_that_is_not_there_is_an_error(machine: Machine, tmp_path: Path) -> None:
    assert machine.run("-r", str(tmp_path / "gone.txt")).returncode != 0


def test_another_system_goes_on(machine: Machine) -> None:
    (machine.bin / "apt-get").unlink()
    done = machine.run("xvfb")
    assert done.returncode == 0
    assert "not a Debian system" in done.stderr
