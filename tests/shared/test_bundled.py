"""What a bundle's start leaves in the environment does not reach the programs that it starts."""

from __future__ import annotations

from pathlib import Path

from amika_shared.bundled import forget_bootloader

PERSON = {"HOME": "/home/me", "PATH": "/usr/bin", "QT_QPA_PLATFORM": "xcb"}
STARTED = {
    "_PYI_ARCHIVE_FILE": "/opt/amika/amika",
    "_PYI_PARENT_PROCESS_LEVEL": "1",
    "_PYI_LINUX_PROCESS_NAME": "amika",
}
QT = {"QT_PLUGIN_PATH": "/opt/amika/_internal/PySide6/Qt/plugins", "QML2_IMPORT_PATH": "/opt/amika/_internal/qml"}
INSIDE = "/opt/amika/_internal"


def afterwards(**env: str) -> dict[str, str]:
    forget_bootloader(env)
    once = dict(env)
    forget_bootloader(env)
    assert env == once
    return env


def test_the_environment_is_what_it_was() -> None:
    assert afterwards(**PERSON, **STARTED, **QT, LD_LIBRARY_PATH=INSIDE) == PERSON


def test_libraries_that_the_person_named_are_named_again() -> None:
    theirs = {"LD_LIBRARY_PATH_ORIG": "/mine", "LD_LIBRARY_PATH": f"{INSIDE}:/mine"}
    assert afterwards(**PERSON, **STARTED, **theirs) == {**PERSON, "LD_LIBRARY_PATH": "/mine"}
    emptied = {"LD_LIBRARY_PATH_ORIG": "", "LD_LIBRARY_PATH": INSIDE}
    assert afterwards(**PERSON, **STARTED, **emptied) == PERSON


def test_without_a_bundle_nothing_is_touched() -> None:
    own = {**PERSON, "LD_LIBRARY_PATH": "/mine", "QT_PLUGIN_PATH": "/usr/lib/qt6/plugins"}
    assert afterwards(**own) == own


def test_every_program_of_the_bundle_begins_with_it() -> None:
    folder = Path(__file__).parents[2] / "packaging" / "entry"
    entries = sorted(folder.glob("start_*.py"))
    assert len(entries) == 3
    for path in entries:
        lines = [line for line in path.read_text().splitlines() if line and not line.startswith(("import", "from"))]
        assert lines[1] == "forget_bootloader()", path.name
