"""What `make bench` compares with: the Go program that AMIKA_GO names, and the bare start of a bundle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.benchmarks import bootloader
from tests.benchmarks.__main__ import _or_why
from tests.benchmarks.startup import GO, GO_BIG, against, go_program, in_turns
from tests.benchmarks.table import Missing, Row, render
from tests.benchmarks.world import World

ENV = {"PATH": os.defpath}


def stand_in(folder: Path, body: str) -> str:
    program = folder / "amika-go"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return str(program)


def test_the_program_that_amika_go_names_is_measured(tmp_path: Path) -> None:
    program = stand_in(tmp_path, f'[ "$*" = "auth extract" ] && echo >> {tmp_path}/runs')
    command, missing = go_program(program, ENV)
    assert (command, missing) == ([program, "auth", "extract"], [])
    (tmp_path / "home").mkdir()
    rows = in_turns({GO: command}, World(tmp_path / "home"), 4)
    assert len(rows[GO].values) == 4
    assert (tmp_path / "runs").read_text().count("\n") == 8  # tried once, three to warm up, four that count


def test_one_that_is_not_there_or_does_not_work_is_a_row_that_says_so(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    for path, why in (
        ("", "there is no AMIKA_GO"),
        (str(tmp_path / "nowhere"), "AMIKA_GO is no program"),
        (str(plain), "AMIKA_GO is no program"),
        (stand_in(tmp_path, "echo cannot >&2; exit 9"), "ended with 9: cannot"),
    ):
        command, missing = go_program(path, ENV)
        assert command == []
        assert [row.what for row in missing] == [GO, GO_BIG]
        assert all(why in row.why for row in missing), missing


def test_a_mistake_in_one_part_costs_that_part() -> None:
    def mistaken() -> list[Row | Missing]:
        raise AttributeError("'str' object has no attribute 'env'")

    (row,) = _or_why("the hook", mistaken)
    assert isinstance(row, Missing)
    assert row.why.startswith("AttributeError: ")


def test_the_bundle_is_measured_against_its_own_bare_start() -> None:
    rows = {what: Row(what, "ms", [value]) for what, value in ((bootloader.WHAT, 10.0), ("bundle: x", 15.0))}
    against(rows, bootloader.WHAT, {"bundle: x": "at most 2.5 x bootloader"}, "bootloader")
    assert "1.50 x bootloader  at most 2.5 x bootloader" in render(list(rows.values()))


def test_without_a_bundle_there_is_no_bare_start(tmp_path: Path) -> None:
    missing = bootloader.bare(tmp_path / "python", tmp_path / "work")
    assert isinstance(missing, Missing)
    assert "make bundle" in missing.why


def test_a_bare_start_that_cannot_be_built_says_why(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho no compiler >&2; exit 3\n")
    python.chmod(0o755)
    missing = bootloader.bare(python, tmp_path / "work")
    assert isinstance(missing, Missing)
    assert missing.why == "PyInstaller ended with 3: no compiler"


@pytest.mark.parametrize("newer", [True, False])
def test_a_bare_start_is_built_again_when_the_builder_is_newer(tmp_path: Path, newer: bool) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n: > {tmp_path}/built\n")
    python.chmod(0o755)
    program = tmp_path / "work" / "dist" / "bare" / "bare"
    program.parent.mkdir(parents=True)
    program.write_text("")
    ready = tmp_path / "venv" / ".ready"
    ready.write_text("")
    os.utime(program, (1000, 1000))
    os.utime(ready, (2000, 2000) if newer else (500, 500))
    assert bootloader.bare(python, tmp_path / "work") == program
    assert (tmp_path / "built").exists() == newer
