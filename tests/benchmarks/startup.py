"""How long commands take that people run at every shell start, beside what the machine can do at best."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.table import Missing, Row
from tests.benchmarks.world import BIN, World

FLOOR = "python -c pass, same environment"
EXTRACT = "amika auth extract"
WARM_UP = 3


def measure(runs: int) -> list[Row | Missing]:
    """Run each command `runs` times, in turns, so that a slow moment of the machine meets all of them."""
    with tempfile.TemporaryDirectory(prefix="amika-bench-") as folder:
        world = World(Path(folder))
        world.sign_in_to_claude("sk-ant-oat01-" + "start" * 8)
        commands, missing = _commands()
        rows = {what: Row(what, "ms") for what in commands}
        for number in range(WARM_UP + runs):
            for what, command in commands.items():
                spent = _time(command, world.env)
                if number >= WARM_UP:
                    rows[what].values.append(1000 * spent)
    floor = rows[FLOOR].median
    return [
        *(
            Row(
                row.what,
                row.unit,
                row.values,
                ratio="" if row.what == FLOOR else f"{row.median / floor:.2f} x floor",
                aim="at most 2.5 x floor" if row.what == EXTRACT else "the floor" if row.what == FLOOR else "",
            )
            for row in rows.values()
        ),
        *missing,
    ]


def _commands() -> tuple[dict[str, list[str]], list[Missing]]:
    commands = {
        "sh -c :": ["sh", "-c", ":"],
        "python -I -S -c pass": [sys.executable, "-I", "-S", "-c", "pass"],
        FLOOR: [sys.executable, "-c", "pass"],
        EXTRACT: [str(BIN / "amika"), "auth", "extract"],
        "amika auth status": [str(BIN / "amika"), "auth", "status"],
    }
    missing = []
    if node := shutil.which("node"):
        commands["node -e 0"] = [node, "-e", "0"]
    else:
        missing.append(Missing("node -e 0", "there is no node on this machine"))
    if go := os.environ.get("AMIKA_GO"):
        commands["the Go program's auth extract"] = [go, "auth", "extract"]
    return commands, missing


def _time(command: list[str], env: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    spent = time.perf_counter() - start
    if done.returncode not in (0, 3):  # 3: nobody is signed in, which is what `auth status` finds here
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')[:300]}")
    return spent
