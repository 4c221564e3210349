"""`amika agent install|uninstall`: a file of ours where the desktop or systemd looks, and nobody else's touched."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path

import pytest

from amika_cli.setup.login_start import MARK, chosen, install, uninstall
from amika_local.errors import Conflict, Failed

AGENT = "/opt/amika/amika-agent"


@pytest.fixture
def with_systemd(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "bin"
    folder.mkdir()
    stub = folder / "systemctl"
    stub.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    stub.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "asked": str(tmp_path / "asked")}


def test_install_and_uninstall_with_systemd(amika, home, with_systemd):
    ran = amika("agent", "install", "--json", env=with_systemd)
    assert ran.code == 0
    unit = home / ".config/systemd/user/amika-agent.service"
    assert ran.json == {"kind": "systemd", "path": str(unit), "changed": True}
    assert "ExecStart=" in unit.read_text()
    assert "amika-agent run\n" in unit.read_text()
    assert (unit.parent / "default.target.wants/amika-agent.service").resolve() == unit
    assert Path(with_systemd["asked"]).read_text() == "--user daemon-reload\n"
    again = amika("agent", "install", env=with_systemd).out
    assert "already starts at login (systemd): ~/.config/systemd/user/amika-agent.service" in again
    assert amika("agent", "uninstall", "--json", env=with_systemd).json["removed"] is True
    assert not unit.exists()
    assert not list((unit.parent / "default.target.wants").iterdir())
    assert amika("agent", "uninstall", env=with_systemd).out == "Nothing of ours is installed.\n"


def test_the_local_workspaces_agent_has_a_unit_of_its_own(amika, home, with_systemd):
    ran = amika("agent", "install", "--local", "--json", env=with_systemd)
    assert ran.json["path"].endswith("/amika-agent-local.service")
    assert "run --local\n" in Path(ran.json["path"]).read_text()


def test_a_unit_of_somebody_else_is_left_as_it_is(amika, home, with_systemd):
    unit = home / ".config/systemd/user/amika-agent.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/mine\n")
    for command in ("install", "uninstall"):
        ran = amika("agent", command, env=with_systemd)
        assert ran.code == 5
        assert "not ours" in ran.err
    assert unit.read_text() == "[Service]\nExecStart=/mine\n"


def test_without_systemd_it_is_an_autostart_entry(home):
    start = chosen({"PATH": "/nonexistent"}, AGENT, [], platform="linux")
    assert start.kind == "autostart"
    assert install(start)
    assert not install(start)
    assert "Exec=/opt/amika/amika-agent start\n" in Path(start.path).read_text()
    assert uninstall(start)


def test_on_macos_it_is_a_property_list(home):
    start = chosen({}, AGENT, ["--local"], platform="darwin")
    assert install(start)
    content = Path(start.path).read_bytes()
    assert MARK.encode() in content
    assert plistlib.loads(content)["ProgramArguments"] == [AGENT, "run", "--local"]


def test_elsewhere_it_says_what_does_it_instead():
    with pytest.raises(Failed) as refused:
        chosen({}, AGENT, [], platform="win32")
    assert "amika tray" in refused.value.remedy


def test_a_folder_that_cannot_be_made_is_told(home):
    (home / ".config").mkdir()
    (home / ".config/autostart").write_text("in the way")
    with pytest.raises((Failed, Conflict)):
        install(chosen({"PATH": "/nonexistent"}, AGENT, [], platform="linux"))


def test_what_is_started_at_login_is_written_for_its_owner_alone(tmp_path: Path, with_systemd) -> None:
    start = chosen(with_systemd | {"XDG_CONFIG_HOME": str(tmp_path / "config")}, AGENT, [], platform="linux")
    before = os.umask(0)
    try:
        install(start)
    finally:
        os.umask(before)
    assert os.stat(start.path).st_mode & 0o777 == 0o600
    for folder in (os.path.dirname(start.path), os.path.dirname(start.wants)):
        assert os.stat(folder).st_mode & 0o777 == 0o700
