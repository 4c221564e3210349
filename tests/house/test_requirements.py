"""The locked requirements fit pyproject.toml, are hashed, and every dependency has its reason written down."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.house.repository import ROOT, committed, name_of, text_of

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["tray"]]
BUILD = PROJECT["dependency-groups"]["build"]
DEV = PROJECT["dependency-groups"]["dev"]
BUNDLE = PROJECT["dependency-groups"]["bundle"]
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==(\S+?)(?: ; (.+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
IMPORT = re.compile(r"^\s*(?:import|from)\s+([A-Za-z0-9_]+)", re.MULTILINE)
OURS = {"amika_shared", "amika_local", "amika_agent", "amika_cli", "amika_tray", "tests"}


def locked(name: str) -> dict[str, tuple[str, str | None]]:
    """Return canonical name -> (version, marker) of one lock file."""
    entries = (ENTRY.match(line) for line in (ROOT / "requirements" / name).read_text().splitlines())
    return {canonicalize_name(m[1]): (m[2], m[3]) for m in entries if m}


@pytest.mark.parametrize("name", ["bootstrap.txt", "run.txt", "dev.txt", "bundle.txt"])
def test_a_lock_holds_pins_and_hashes_and_nothing_else(name: str) -> None:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    assert lines
    assert [line for line in lines if not ENTRY.match(line) and not HASH.match(line)] == []
    entries = [index for index, line in enumerate(lines) if ENTRY.match(line)]
    assert all(HASH.match(lines[index + 1]) for index in entries)


@pytest.mark.parametrize(
    ("lock", "wanted"), [("run.txt", RUN + BUILD), ("dev.txt", RUN + BUILD + DEV), ("bundle.txt", RUN + BUILD + BUNDLE)]
)
def test_a_lock_is_in_step_with_the_project(lock: str, wanted: list[str]) -> None:
    pins = locked(lock)
    for text in wanted:
        requirement = Requirement(text)
        version, _ = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), f"{lock}: {text}, but {version} is locked"


def test_running_and_developing_use_the_same_versions() -> None:
    run, dev, bundle = locked("run.txt"), locked("dev.txt"), locked("bundle.txt")
    assert {name: version for name, (version, _) in run.items() if dev.get(name, ("", None))[0] != version} == {}
    assert {name: version for name, (version, _) in run.items() if bundle.get(name, ("", None))[0] != version} == {}


def test_these_tests_run_on_what_is_locked() -> None:
    odd = {}
    for name, (version, marker) in locked("dev.txt").items():
        if marker is None or Marker(marker).evaluate():
            installed = importlib.metadata.version(name)
            if installed != version:
                odd[name] = f"{installed} is installed, {version} is locked: run `make dev`"
    assert odd == {}


def test_every_direct_dependency_has_a_line_that_says_why() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    rows = {canonicalize_name(name) for name in re.findall(r"^\| `([A-Za-z0-9._-]+)`", text, re.MULTILINE)}
    bootstrap = (ROOT / "requirements" / "bootstrap.in").read_text().split()
    wanted = {canonicalize_name(Requirement(text).name) for text in RUN + BUILD + DEV + BUNDLE + bootstrap}
    assert rows == wanted


def test_what_is_imported_is_declared() -> None:
    """A transitive dependency may go with the next release of what brought it."""
    owners = importlib.metadata.packages_distributions()
    declared = {canonicalize_name(Requirement(text).name) for text in RUN}
    strangers = set()
    for path in committed("*.py"):
        if name_of(path).startswith(("tests/", "packaging/")):
            continue
        for module in set(IMPORT.findall(text_of(path))) - OURS - sys.stdlib_module_names:
            dists = {canonicalize_name(dist) for dist in owners.get(module, [])}
            if dists and not dists & (declared | {"pyside6-essentials"}):
                strangers.add((name_of(path), module))
    assert strangers == set()
