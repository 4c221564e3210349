"""Where the socket lies: in a folder that is ours alone, or among our own data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from amika_shared.profile import resolve


def in_it(folder: str) -> bool:
    profile = resolve({"XDG_RUNTIME_DIR": folder})
    assert profile.runtime_dir in (f"{folder}/amika-desktop/default", f"{profile.data_dir}/run")
    return profile.runtime_dir == f"{folder}/amika-desktop/default"


@pytest.mark.usefixtures("home")
def test_a_runtime_folder_of_our_own_is_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert in_it(str(tmp_path))
    assert in_it(str(tmp_path / "not yet there"))  # it is made, 0700


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o702])
def test_one_in_which_others_can_write_is_not(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    assert not in_it(str(tmp_path))


@pytest.mark.usefixtures("home")
def test_another_user_s_is_not(tmp_path: Path) -> None:
    try:
        os.chown(tmp_path, 65534, -1)
        tmp_path.chmod(0o700)
        folder = str(tmp_path)
    except PermissionError:
        folder = "/usr"  # whoever may not give a folder away is not the one whom this one belongs to
    assert not in_it(folder)
    assert not in_it("relative")
    assert not in_it("")
