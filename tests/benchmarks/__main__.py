"""`make bench`: measures on the real programs and prints one table. Figures are reported, never asserted.

python -m tests.benchmarks [--quick] [--write] [--only PART]…
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks import agent, bundle, crowd, freshness, idle, rules, shells, startup, storm, tray
from tests.benchmarks.table import Missing, Row, machine, markdown, render
from tests.benchmarks.world import ROOT, World, running_world

PARTS = ("startup", "shells", "agent", "freshness", "idle", "storm", "rules", "crowd", "tray", "bundle")
BEGIN, END = "<!-- make bench ARGS=--write -->", "<!-- end -->"
DOCUMENT = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    """Measure, print, and return 1 when something could not be measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs, 10 s of idling: a first impression")
    parser.add_argument("--write", action="store_true", help="write the table to docs/benchmarks.md as well")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part; may be repeated")
    parser.add_argument("--changes", type=int, default=500, help="changed files to follow, two seconds each (500)")
    args = parser.parse_args()
    parts = args.only or PARTS
    print(f"on {machine()}", flush=True)
    rows: list[Row | Missing] = []
    if "startup" in parts:
        rows += _or_why("start of a command", lambda: startup.measure(10 if args.quick else 50))
    if "shells" in parts:
        rows += _or_why(
            "the hook in a shell", lambda: _in_a_home(lambda w: shells.measure(w, 10 if args.quick else 50))
        )
    if "rules" in parts:
        rows += _or_why("the plan as rules grow", lambda: rules.measure(5 if args.quick else 50))
    if "crowd" in parts:
        rows += _or_why("very many credentials", lambda: crowd.measure(3 if args.quick else 10))
    if set(parts) & {"agent", "freshness", "idle", "storm"}:
        rows += _or_why("the running agent", lambda: _with_an_agent(parts, args.changes, quick=args.quick))
    if "tray" in parts:
        rows += _or_why("the tray", lambda: tray.measure(3 if args.quick else 10))
    if "bundle" in parts:
        rows += _or_why("the bundle", lambda: bundle.measure(10 if args.quick else 60, 3 if args.quick else 10))
    print(render(rows))
    if args.write:
        DOCUMENT.write_text(_written(rows), encoding="utf-8")
    return 1 if any(isinstance(row, Missing) and "there is no" not in row.why for row in rows) else 0


def _in_a_home(measure: Callable[[World], list[Row | Missing]]) -> list[Row | Missing]:
    with tempfile.TemporaryDirectory(prefix="amika-bench-") as folder:
        return measure(World(Path(folder)))


def _written(rows: list[Row | Missing]) -> str:
    """Return the document with the new table; what people wrote around it stays."""
    text = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\nMeasured on {machine()}.\n\n{markdown(rows)}\n\n{_lists()}\n{END}{tail}"


def _lists() -> str:
    """Return the modules that commands load, folded away until somebody wants to know."""
    lines = ["<details><summary>Modules that a command loads, beyond those of a bare interpreter</summary>", ""]
    for words, found in startup.import_lists().items():
        lines += [f"- `amika {words}` ({len(found)}): {', '.join(found) or 'none'}"]
    return "\n".join([*lines, "", "</details>"])


def _with_an_agent(parts: Sequence[str], changes: int, *, quick: bool) -> list[Row | Missing]:
    rows: list[Row | Missing] = []
    with running_world() as world:
        if "agent" in parts:
            rows += _or_why("commands beside a running agent", lambda: agent.measure(world, 10 if quick else 50))
        if "freshness" in parts:
            rows += _or_why(freshness.REMOTE, lambda: freshness.measure(world, 10 if quick else changes))
        if "idle" in parts:
            rows += _or_why("idle agent", lambda: idle.measure(world, 10 if quick else 60))
        if "storm" in parts:
            rows += _or_why(storm.UNRELATED, lambda: storm.measure(world, 5 if quick else 30))
    return rows


def _or_why(what: str, measure: Callable[[], Sequence[Row | Missing]]) -> list[Row | Missing]:
    """Return the rows, or one that says why there are none: the other parts are still worth their time."""
    try:
        return list(measure())
    except Exception as error:  # noqa: BLE001 -- also a mistake of ours in one part
        return [Missing(what, f"{type(error).__name__}: {error}")]


if __name__ == "__main__":
    sys.exit(main())
