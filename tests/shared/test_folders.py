"""On Linux our folders are those of platformdirs, which is not asked there."""

from __future__ import annotations

import os
import sys

import platformdirs
import pytest

from amika_shared import folders

ENVIRONMENTS = [
    {},
    {"HOME": "/home/dev"},
    {"HOME": "/home/dev/"},
    {"HOME": "/home/a b'c"},
    {"HOME": "/"},
    {"HOME": ""},
    {"HOME": "relative"},
    {"HOME": "~"},
    *({"HOME": "/home/dev", f"XDG_{kind}_HOME": value}
      for kind in ("DATA", "STATE", "CONFIG")
      for value in ("", " ", "relative", "~/data", "/x", "/x/", "//x", "/x y", " /x")),
]  # fmt: skip


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=str)
@pytest.mark.parametrize("kind", ["data", "state", "config"])
def test_they_are_those_of_platformdirs(monkeypatch, environment: dict[str, str], kind: str) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    theirs = getattr(platformdirs, f"user_{kind}_dir")(folders.APP, appauthor=False)
    assert os.path.normpath(folders.linux_folder(kind)) == os.path.normpath(theirs)
    assert folders._folder_elsewhere(kind) == theirs  # what the other systems use
    if sys.platform == "linux":
        assert folders.folder(kind) == folders.linux_folder(kind)
