"""How our own modules are started as separate processes."""

from __future__ import annotations

import sys


def module_command(module: str, *arguments: str, python_path: bool = False) -> list[str]:
    """Return the command that runs one of our modules with this interpreter.

    `-P` keeps the current directory off the import path: a folder one happens to stand in must not choose the code.
    Nor must a project's PYTHONPATH (`-E`), unless `python_path`: for what the person has put there by name.
    In a bundle the executable itself takes `-m MODULE` and knows neither.
    """
    frozen = getattr(sys, "frozen", False)
    return [sys.executable, *([] if frozen else ["-P"] if python_path else ["-E", "-P"]), "-m", module, *arguments]


def run_as_module(argv: list[str]) -> bool:
    """Run the module that `-m amika_… WORDS` names and return True; False when that is not what was asked.

    Only a bundle needs it: its executables stand in for the interpreter that `module_command` expects.
    """
    if argv[1:2] != ["-m"] or len(argv) < 3 or not argv[2].startswith("amika_"):
        return False
    import runpy

    sys.argv = argv[2:]
    runpy.run_module(argv[2], run_name="__main__", alter_sys=True)
    return True
