"""What the hook costs inside a shell: when one starts, and at each prompt. Processor time of the shell itself (Linux).

Many rounds run in one process: the start of a process varies by more than the hook costs. For the same reason the last
rows, which start each shell anew with the line in its start-up file and without, need many starts and compare in turns.
"""

from __future__ import annotations

import os
import shlex
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from tests.benchmarks.startup import go_program
from tests.benchmarks.table import Missing, Row
from tests.benchmarks.world import World

from amika_agent.shell import rc_file
from amika_agent.shell.folder import Folder

ROUNDS = 1000  # of which one measurement is the mean: the system counts in ticks of up to 4 ms
GROUP = 50  # pairs of starts, with and without, of which the middle difference counts
KEYS = ("GROQ_API_KEY", "OPENAI_API_KEY", "XAI_API_KEY")
OURS = ("_AMIKA_API_KEYS", *KEYS)

_POSIX = """
line() {{ [[ ! -f "$env" || ! -O "$env" ]] || \\. "$env"; }}
forget() {{ unset {ours}; }}
nothing() {{ :; }}
both() {{ forget; line; }}
first() {{ both; __amika_prompt; }}
time_of() {{
  local a b i
  read -r a _ </proc/self/schedstat
  for ((i = 0; i < {rounds}; i++)); do $1; done
  read -r b _ </proc/self/schedstat
  printf '%s ' $(( (b - a) / {rounds} ))
}}
line
for ((n = 0; n < {runs}; n++)); do
  for what in both forget first __amika_prompt nothing; do time_of $what; done
  printf '\\n'
done
"""
_FISH = """
function line; test -O $env; and source $env; end
function forget; set -e {ours}; end
function nothing; end
function both; forget; line; end
function first; both; __amika_prompt; end
function time_of
    read -l a _ </proc/self/schedstat
    for i in (seq {rounds}); $argv[1]; end
    read -l b _ </proc/self/schedstat
    printf '%s ' (math "($b - $a) / {rounds}")
end
line
for n in (seq {runs})
    for what in both forget first __amika_prompt nothing; time_of $what; end
    printf '\\n'
end
"""
_NULL = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
_QUIET = {"bash": ["bash", "--norc", "-c"], "zsh": ["zsh", "-f", "-c"], "fish": ["fish", "--no-config", "-c"]}


def measure(world: World, runs: int) -> list[Row | Missing]:
    """Return for each shell what the hook adds to its start and to its prompt, and the alternative beside them."""
    world.save_keys(KEYS)
    rows: list[Row | Missing] = []
    for shell, command in _QUIET.items():
        if shutil.which(shell) is None:
            rows.append(Missing(f"hook in {shell}", f"there is no {shell} on this machine"))
            continue
        world.amika("shell-init", shell, "--install")
        rows += _added(world, shell, command, runs)
        rows.append(_whole_start(world, shell, runs * GROUP))
        world.amika("shell-init", shell, "--uninstall")
    return [*rows, *_eager(world, runs)]


def _eager(world: World, runs: int) -> list[Row | Missing]:
    """Return what people do without a hook: evaluate the output of a program at each start."""
    programs = {"amika": "amika auth extract --export"}
    go, why_not = go_program(os.environ.get("AMIKA_GO", ""), world.env)
    if go:
        programs["the Go program"] = shlex.join([*go, "--export"])
    rows = {name: Row(f'bash start with eval "$({name} auth extract --export)", added', "ms") for name in programs}
    bare = ["bash", "--norc", "-c", ":"]
    for _ in range(runs):
        for name, words in programs.items():
            eager = ["bash", "--norc", "-c", f'eval "$({words})"']
            rows[name].values.append(1000 * (_wall(eager, world) - _wall(bare, world)))
    missing = [Missing("bash start with eval of the Go program's auth extract", one.why) for one in why_not[:1]]
    return [*rows.values(), *missing]


def _added(world: World, shell: str, command: list[str], runs: int) -> list[Row | Missing]:
    script = (_FISH if shell == "fish" else _POSIX).format(ours=" ".join(OURS), rounds=ROUNDS, runs=runs)
    env = Folder(str(world.hooks)).env(shell)
    assign = f"set env {env}" if shell == "fish" else f"env={env}"
    done = subprocess.run(
        [*command, f"{assign}\n{script}"], env=world.env, capture_output=True, text=True, timeout=300, check=True
    )
    start = Row(f"{shell} start, added by the hook ({len(KEYS)} keys)", "ms", aim="at most 0.1")
    opening = Row(f"{shell} prompt, the first, added by the hook", "ms", aim="at most 0.05")
    prompt = Row(f"{shell} prompt, added by the hook", "ms", aim="at most 0.05")
    for line in done.stdout.splitlines():
        both, forget, first, once, nothing = (float(word) / 1e6 for word in line.split())
        start.values.append(both - forget)
        opening.values.append(first - both)
        prompt.values.append(once - nothing)
    return [start, opening, prompt]


def _whole_start(world: World, shell: str, starts: int) -> Row:
    """Return what the line adds to the processor time of a new shell; one measurement is the median of 50 pairs."""
    line = rc_file.line(shell, Folder(str(world.hooks)))
    # of the same length, or their environments and so all addresses on the stack would differ
    folders = [world.home / f"rc-{shell}-{name}" for name in ("none", "line")]
    for folder, text in zip(folders, ("", line + "\n"), strict=True):
        (folder / "fish").mkdir(parents=True)
        for name in (".bashrc", ".zshrc", "fish/config.fish"):
            (folder / name).write_text(text)
    medians, without = [], []
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(processors)})  # a start that changes processors finds cold caches, now and then
    for _ in range(starts // GROUP):
        added = []
        for turn in range(GROUP):
            first = turn % 2  # neither always runs after the other
            spent = {index: 1000 * _processor_time(shell, folders[index], world) for index in (first, 1 - first)}
            added.append(spent[1] - spent[0])
            without.append(spent[0])
        medians.append(statistics.median(added))
    os.sched_setaffinity(0, processors)
    what = f"{shell} start, added by the hook, new process"
    ratio = f"{statistics.median(medians) / statistics.median(without):.3f} x without"
    return Row(what, "ms", medians, aim="at most 0.1", ratio=ratio)


def _processor_time(shell: str, folder: Path, world: World) -> float:
    start = {
        "bash": ["bash", "--rcfile", f"{folder}/.bashrc", "-i", "-c", ":"],
        "zsh": ["zsh", "-i", "-c", ":"],
        "fish": ["fish", "-c", "true"],
    }[shell]
    env = {**world.env, "ZDOTDIR": str(folder), "XDG_CONFIG_HOME": str(folder)}
    pid = os.posix_spawnp(start[0], start, env, file_actions=_NULL)
    usage = os.wait4(pid, 0)[2]
    return usage.ru_utime + usage.ru_stime


def _wall(command: list[str], world: World) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=world.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start
