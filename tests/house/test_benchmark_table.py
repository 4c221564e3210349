"""The table of `make bench`: its arithmetic, and that it reads in a terminal."""

from __future__ import annotations

from tests.benchmarks.table import Missing, Row, render


def test_percentiles_are_measured_values() -> None:
    row = Row("x", "ms", [float(n) for n in range(1, 101)])
    assert (row.median, row.at(90), row.at(99)) == (50.5, 90.0, 99.0)
    assert Row("x", "ms", [3.0]).at(99) == 3.0


def test_columns_are_aligned_and_nothing_is_left_out() -> None:
    text = render(
        [Row("one", "ms", [1.0, 2.0, 3.0], aim="under 9"), Row("a longer name", "MB", [25.51]), Missing("z", "no")]
    )
    lines = text.splitlines()
    assert len(lines) == 5
    assert lines[2].split() == ["one", "3", "2", "3", "3", "ms", "under", "9"]
    assert lines[3].split() == ["a", "longer", "name", "1", "25.5", "MB"]
    assert "not measured: no" in lines[4]
    unit = lines[0].index("unit")
    assert lines[2][unit : unit + 2] == "ms"
    assert lines[3][unit : unit + 2] == "MB"
