"""How long commands take that people run at every shell start, beside what the machine can do at best."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.benchmarks import bootloader
from tests.benchmarks.table import Missing, Row
from tests.benchmarks.world import BIN, ROOT, World

BARE = "python -I -S -c pass"
FLOOR = "python -c pass, same environment"
EXTRACT = "amika auth extract"
LOAD = "python -c json.load of a 20 MB ~/.claude.json"
EXTRACT_BIG = "amika auth extract with that file"
GO, GO_BIG = "the Go program's auth extract", "the Go program's auth extract with that file"
BUNDLED = "bundle: amika auth extract"
LISTED = ("auth extract", "auth status", "status", "run -- true", "shell-init bash")
WARM_UP = 3
BIG = 20_000_000  # bytes; files above 20 MiB are not read
KEY = "sk-ant-api03-" + "bench" * 8


def measure(runs: int) -> list[Row | Missing]:
    """Run each command `runs` times, in turns, so that a slow moment of the machine meets all of them."""
    with tempfile.TemporaryDirectory(prefix="amika-bench-") as folder:
        world = World(Path(folder))
        world.sign_in_to_claude("sk-ant-oat01-" + "start" * 8)
        commands, missing = _commands()
        go, why_not = go_program(os.environ.get("AMIKA_GO", ""), world.env)
        commands |= {GO: go} if go else {}
        missing += why_not
        rows = in_turns(commands, world, runs)
        cold = Row("amika auth extract, files not in memory", "ms")
        for _ in range(max(5, runs // 5)):
            _forget_files()
            cold.values.append(1000 * _time(commands[EXTRACT], world.env))
        shutil.rmtree(world.home / ".claude")  # else the credential there wins and the big file is not even opened
        path = _big_file(world)
        loading = [sys.executable, "-c", f"import json; json.load(open({str(path)!r}))"]
        if KEY not in world.amika("auth", "extract"):
            raise RuntimeError("the key in the big file was not found")
        big = {LOAD: loading, EXTRACT_BIG: commands[EXTRACT], **({GO_BIG: go} if go else {})}
        heavy = in_turns(big, world, max(5, runs // 2))
    against(heavy, LOAD, {EXTRACT_BIG: "at most 1.2 x json.load"}, "json.load")
    light = rows
    bundled = {name: row for name, row in light.items() if name.startswith("bundle: ")}
    if bootloader.WHAT in bundled:
        aims = {BUNDLED: "at most 2.5 x bootloader", bootloader.WHAT: "the floor of the bundle"}
        against(bundled, bootloader.WHAT, aims, "bootloader")
        light |= bundled
    against(light, FLOOR, {EXTRACT: "at most 2.5 x floor", FLOOR: "the floor"}, "floor")
    rows = {**light, **heavy}
    shown = list(rows.values())
    shown.insert(list(rows).index(EXTRACT) + 1, cold)
    return [*shown, *_imports(), *missing]


def in_turns(commands: dict[str, list[str]], world: World, runs: int) -> dict[str, Row]:
    """Time each command `runs` times, one after the other."""
    rows = {what: Row(what, "ms") for what in commands}
    for number in range(WARM_UP + runs):
        for what, command in commands.items():
            spent = _time(command, world.env)
            if number >= WARM_UP:
                rows[what].values.append(1000 * spent)
    return rows


def against(rows: dict[str, Row], floor: str, aims: dict[str, str], name: str) -> None:
    """Fill in how many times the floor each row is."""
    for what, row in rows.items():
        ratio = "" if what == floor else f"{row.median / rows[floor].median:.2f} x {name}"
        rows[what] = replace(row, ratio=row.ratio or ratio, aim=row.aim or aims.get(what, ""))


def _commands() -> tuple[dict[str, list[str]], list[Missing]]:
    amika = str(BIN / "amika")
    commands = {
        "sh -c :": ["sh", "-c", ":"],
        BARE: [sys.executable, "-I", "-S", "-c", "pass"],
        FLOOR: [sys.executable, "-c", "pass"],
        EXTRACT: [amika, "auth", "extract"],
        "amika auth status": [amika, "auth", "status"],
    }
    missing = []
    if node := shutil.which("node"):
        commands["node -e 0"] = [node, "-e", "0"]
    else:
        missing.append(Missing("node -e 0", "there is no node on this machine"))
    bundled = ROOT / "dist" / "amika" / "amika"
    if bundled.exists():
        floor = bootloader.bare()
        if isinstance(floor, Missing):
            missing.append(floor)
        else:
            commands[bootloader.WHAT] = [str(floor)]
        commands["bundle: amika --version"] = [str(bundled), "--version"]
        commands[BUNDLED] = [str(bundled), "auth", "extract"]
    else:
        missing.append(Missing(BUNDLED, "there is no bundle (make bundle)"))
    return commands, missing


def go_program(path: str, env: dict[str, str]) -> tuple[list[str], list[Missing]]:
    """Return the command of the Go program, [] with the reason when there is none or it does not work here."""
    command = [path, "auth", "extract"]
    if not path:
        why = "there is no AMIKA_GO"
    elif not os.path.isfile(path) or not os.access(path, os.X_OK):
        why = f"AMIKA_GO is no program: {path}"
    else:
        try:
            _time(command, env)
        except (OSError, RuntimeError) as error:
            why = str(error)
        else:
            return command, []
    return [], [Missing(what, why) for what in (GO, GO_BIG)]


def _imports() -> list[Row | Missing]:
    return [Row(f"amika {words}, modules loaded", "", [float(len(found))]) for words, found in import_lists().items()]


def import_lists() -> dict[str, list[str]]:
    """Return for the commands of people's start-up files the modules they load beyond those of a bare interpreter."""
    with tempfile.TemporaryDirectory(prefix="amika-bench-") as folder:
        env = World(Path(folder)).env
        bare = _modules(["-c", "pass"], env)
        return {words: sorted(_modules([str(BIN / "amika"), *words.split()], env) - bare) for words in LISTED}


def _modules(command: list[str], env: dict[str, str]) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command], env=env, capture_output=True, text=True, check=False
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def _big_file(world: World) -> Path:
    """Write a ~/.claude.json such as years of projects leave behind."""
    project = {"allowedTools": [], "history": [{"display": "x" * 400, "pastedContents": {}}] * 20, "lastCost": 1.25}
    count = BIG // (len(json.dumps(project)) + len('"/work/project-0000": , '))
    path = world.home / ".claude.json"
    path.write_text(
        json.dumps({"projects": {f"/work/project-{n}": project for n in range(count)}, "primaryApiKey": KEY})
    )
    return path


def _forget_files() -> None:
    """Ask the system to drop our files and the interpreter's from memory; it needs no rights for that."""
    library = Path(os.__file__).parent
    for folder in (ROOT / "agent", ROOT / "shared", library):
        for path in folder.rglob("*.py[c]") if folder != library else library.glob("**/__pycache__/*.pyc"):
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _time(command: list[str], env: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    spent = time.perf_counter() - start
    if done.returncode not in (0, 3):  # 3: nobody is signed in, which is what `auth status` finds here
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')[:300]}")
    return spent
