"""`inspect` and the compiler's front end are not loaded for commands that do not use them."""

from __future__ import annotations

import subprocess
import sys

import pytest

FRONT_END = {"inspect", "ast", "dis", "opcode"}


def run(script: str) -> str:
    paths = [path for path in sys.path if path]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {paths!r}\n{script}"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="its annotations and dataclasses load them themselves")
@pytest.mark.parametrize(
    "words", [["status"], ["config", "list"], ["run", "--", "true"], ["secret", "extract"]], ids=str
)
@pytest.mark.usefixtures("home")
def test_no_command_loads_it_for_its_dataclasses(words: list[str]) -> None:
    script = f"""
import os, sys
from amika_cli.main import main
def report(*_): print("\\n" + " ".join(n for n, m in sys.modules.items() if type(m).__name__ != "Postponed")); return 0
os.execvpe = os.execve = lambda *a: (report(), sys.stdout.flush(), os._exit(0))
sys.argv = ["amika", *{words!r}]
main()
report()
"""
    loaded = set(run(script).split())
    assert "dataclasses" in loaded
    assert not loaded & FRONT_END


def test_whoever_uses_it_gets_the_real_one() -> None:
    script = """
from amika_cli.late_inspect import postpone
postpone()
import inspect as bound
from dataclasses import dataclass
@dataclass
class Plain:
    x: int
import inspect, sys
print(Plain.__doc__, bound.signature(Plain) == inspect.signature(Plain), type(sys.modules["inspect"]).__name__)
"""
    assert run(script) == "Plain(x: int) True module"


def test_the_annotations_of_a_class_are_told_without_it() -> None:
    script = """
from amika_cli.late_inspect import postpone
postpone()
import inspect as bound, sys
class Plain: x: int
class Heir(Plain): pass
class Text:
    x: "int"
def function(x: int): ...
told = [bound.get_annotations(one) for one in (Plain, Heir, Text)]
loaded = [type(sys.modules["inspect"]).__name__]
told += [bound.get_annotations(Text, eval_str=True), bound.get_annotations(function)]
import inspect
loaded += [type(inspect).__name__]
real = [inspect.get_annotations(one) for one in (Plain, Heir, Text)]
real += [inspect.get_annotations(Text, eval_str=True), inspect.get_annotations(function)]
print(told == real, real[:2], loaded[0] == "Postponed" or sys.version_info >= (3, 14), loaded[1])
"""
    assert run(script) == "True [{'x': <class 'int'>}, {}] True module"


def test_a_loaded_one_stays() -> None:
    script = """
import inspect
from amika_cli.late_inspect import postpone
postpone()
print(sys.modules["inspect"] is inspect)
"""
    assert run(script) == "True"
