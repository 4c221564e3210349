"""One table of measurements, as text."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One measured thing.

    what      what was measured
    unit      "ms", "MB" …
    values    every single measurement
    aim       what we want, in words; reported beside the figure, never asserted
    ratio     how many times another row's median this one's is, with that row's name; "" for none
    """

    what: str
    unit: str
    values: list[float] = field(default_factory=list)
    aim: str = ""
    ratio: str = ""

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def at(self, percent: int) -> float:
        """Return the value that `percent` of a hundred stay at or below (nearest rank)."""
        ranked = sorted(self.values)
        return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


@dataclass(frozen=True)
class Missing:
    """Something that could not be measured, and why."""

    what: str
    why: str


HEADINGS = ("what", "runs", "median", "p90", "p99", "unit", "ratio", "aim")
NUMBERS = range(1, 5)


def render(rows: list[Row | Missing]) -> str:
    """Return the table; columns are aligned, so that it reads in a terminal and in a report."""
    lines = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    rule = ["-" * width for width in widths]
    return "\n".join(_line(line, widths) for line in (lines[0], rule, *lines[1:]))


def markdown(rows: list[Row | Missing]) -> str:
    """Return the table for a document."""
    rule = ["---:" if index in NUMBERS else "---" for index in range(len(HEADINGS))]
    lines = [HEADINGS, rule, *(_cells(row) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    aligned = [
        cell.rjust(width) if index in NUMBERS else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()


def machine() -> str:
    """Return what the figures depend on."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, load {load:.1f}, {platform.system()} {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def _cells(row: Row | Missing) -> tuple[str, ...]:
    if isinstance(row, Missing):
        return (row.what, "-", "-", "-", "-", "", "", f"not measured: {row.why}")
    single = len(row.values) == 1
    spread = ("", "") if single else (_number(row.at(90)), _number(row.at(99)))
    return (row.what, str(len(row.values)), _number(row.median), *spread, row.unit, row.ratio, row.aim)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}" if value >= 0.01 or value == 0 else f"{value:.1g}"
