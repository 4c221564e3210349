"""`make bench`: measures on the real programs and prints one table. Figures are reported, never asserted.

python -m tests.benchmarks [--quick] [--only startup|freshness|idle|storm|rules]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import httpx
from tests.benchmarks import freshness, idle, rules, startup, storm
from tests.benchmarks.table import Missing, Row, machine, render
from tests.benchmarks.world import running_world

PARTS = ("startup", "freshness", "idle", "storm", "rules")


def main() -> int:
    """Measure, print, and return 1 when something could not be measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs, 10 s of idling: a first impression")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part; may be repeated")
    args = parser.parse_args()
    parts = args.only or PARTS
    print(f"on {machine()}", flush=True)
    rows: list[Row | Missing] = []
    if "startup" in parts:
        rows += _or_why("start of a command", lambda: startup.measure(10 if args.quick else 50))
    if "rules" in parts:
        rows += _or_why("the plan as rules grow", lambda: rules.measure(5 if args.quick else 50))
    if set(parts) & {"freshness", "idle", "storm"}:
        rows += _or_why("the running agent", lambda: _with_an_agent(parts, quick=args.quick))
    print(render(rows))
    return 1 if any(isinstance(row, Missing) and "there is no" not in row.why for row in rows) else 0


def _with_an_agent(parts: Sequence[str], *, quick: bool) -> list[Row | Missing]:
    rows: list[Row | Missing] = []
    with running_world() as world:
        if "freshness" in parts:
            rows += _or_why(freshness.REMOTE, lambda: freshness.measure(world, 10 if quick else 500))
        if "idle" in parts:
            rows += _or_why("idle agent", lambda: idle.measure(world, 10 if quick else 60))
        if "storm" in parts:
            rows += _or_why(storm.UNRELATED, lambda: storm.measure(world, 5 if quick else 30))
    return rows


def _or_why(what: str, measure: Callable[[], Sequence[Row | Missing]]) -> list[Row | Missing]:
    """Return the rows, or one that says why there are none: the other parts are still worth their time."""
    try:
        return list(measure())
    except (RuntimeError, OSError, LookupError, ValueError, httpx.HTTPError) as error:
        return [Missing(what, f"{type(error).__name__}: {error}")]


if __name__ == "__main__":
    sys.exit(main())
