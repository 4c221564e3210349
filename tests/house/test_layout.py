"""Where things lie: source roots, names, sizes."""

from __future__ import annotations

from tests.house.repository import ROOT, committed, name_of, text_of

SOURCE_ROOTS = {
    "shared": {"amika_shared"},
    "agent": {"amika_local", "amika_agent", "amika_cli"},
    "tray": {"amika_tray"},
}
LONGEST = 400
VAGUE = {"util", "utils", "helper", "helpers", "manager", "common", "misc"}


def test_each_source_root_holds_its_packages_and_nothing_else() -> None:
    for root, packages in SOURCE_ROOTS.items():
        found = {path.relative_to(ROOT / root).parts[0] for path in committed(f"{root}/*")}
        assert found == packages


def test_folders_that_are_not_packages_stay_so() -> None:
    """An __init__.py in packaging/ or tests/ would shadow, or be shadowed by, packages others publish."""
    wrong = [name_of(path) for path in committed("*__init__.py") if name_of(path).startswith(("packaging/", "tests/"))]
    assert wrong == []


def test_names_say_what_is_inside() -> None:
    assert [name_of(path) for path in committed("*.py") if VAGUE & set(path.stem.lower().split("_"))] == []


def test_every_product_file_is_one_room() -> None:
    product = [path for path in committed("*.py") if not name_of(path).startswith(("tests/", "packaging/"))]
    assert product
    long = {name_of(path): text_of(path).count("\n") for path in product}
    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}


def test_what_a_project_needs_is_there() -> None:
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "Makefile", ".ci/run", "docs/architecture.md"):
        assert ROOT / name in committed(), name
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
