"""Start at login: the toggle shows what the desktop would do."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path

import pytest

from amika_tray.autostart import AtLogin, at_login

PROGRAM = "/opt/amika/amika-tray"


@pytest.fixture
def login(home: Path) -> AtLogin:
    found = at_login(os.environ, PROGRAM, local=False, platform="linux")
    assert found is not None
    return found


def test_on_and_off_and_the_truth_in_between(login: AtLogin) -> None:
    assert not login.is_on()
    assert login.switch(on=True) == ""
    assert login.is_on()
    text = Path(login.path).read_text()
    assert "Exec=/opt/amika/amika-tray --hidden\n" in text
    Path(login.path).write_text(text.replace("amika-tray --hidden", "other --hidden"))
    assert not login.is_on()
    assert login.switch(on=True) == ""
    assert login.is_on()
    Path(login.path).write_text(text + "Hidden=true\n")  # as a desktop's own settings switch it off
    assert not login.is_on()
    assert login.switch(on=False) == ""
    assert login.switch(on=False) == ""
    assert not os.path.exists(login.path)


def test_nobody_else_may_write_what_is_started_at_login(login: AtLogin) -> None:
    before = os.umask(0)
    try:
        assert login.switch(on=True) == ""
    finally:
        os.umask(before)
    assert os.stat(login.path).st_mode & 0o777 == 0o600


def test_profiles_do_not_share_an_entry(login: AtLogin) -> None:
    local = at_login(os.environ, PROGRAM, local=True, platform="linux")
    assert local is not None
    assert local.switch(on=True) == ""
    assert local.is_on()
    assert not login.is_on()
    assert local.command == (PROGRAM, "--hidden", "--local")


def test_a_folder_that_cannot_be_written_is_told(login: AtLogin) -> None:
    folder = Path(login.path).parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file in the way")
    assert "cannot be changed" in login.switch(on=True)
    assert not login.is_on()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"[Desktop Entry]\n" * 9000])
def test_a_file_that_is_no_entry_is_off(login: AtLogin, content: bytes) -> None:
    Path(login.path).parent.mkdir(parents=True)
    Path(login.path).write_bytes(content)
    assert not login.is_on()


def test_macos_has_a_property_list(home: Path) -> None:
    found = at_login(os.environ, PROGRAM, local=False, platform="darwin")
    assert found is not None
    assert found.switch(on=True) == ""
    assert found.is_on()
    assert plistlib.loads(Path(found.path).read_bytes())["ProgramArguments"] == [PROGRAM, "--hidden"]
    assert found.switch(on=False) == ""
    assert not found.is_on()


def test_a_program_that_cannot_be_named_is_not_offered() -> None:
    assert at_login({}, "", local=False) is None
    assert at_login({}, "amika-tray", local=False) is None
