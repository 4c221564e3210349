"""Who may import whom, where import-linter's contracts cannot say it: as a list of what is allowed."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from tests.house.repository import ROOT

OURS = {"amika_shared", "amika_local", "amika_agent", "amika_cli", "amika_tray"}
# package -> (third parties, packages of ours); stdlib is free, except in amika_local
ALLOWED = {
    "shared/amika_shared": ({"platformdirs"}, {"amika_shared"}),
    "agent/amika_local": (set(), {"amika_local"}),
    "agent/amika_agent": (
        {
            "certifi", "cryptography", "httpx", "jinja2", "keyring", "platformdirs", "starlette", "tomlkit", "uvicorn",
            "watchdog",
        },
        {"amika_agent", "amika_local", "amika_shared"},
    ),
    "agent/amika_cli": ({"platformdirs"}, {"amika_cli", "amika_agent", "amika_local", "amika_shared"}),
    "tray/amika_tray": ({"PySide6", "segno", "shiboken6"}, {"amika_tray", "amika_shared"}),
}  # fmt: skip
# what a command at every shell start may pay for: built in, loaded anyway, or a millisecond
AT_START = {"_json", "_thread", "binascii", "codecs", "errno", "gc", "io", "json", "os", "stat", "sys", "time"}


def imports(path: Path, *, top_level: bool) -> set[str]:
    """Return the top-level names of modules a file imports; with `top_level` only those that load with it."""
    tree = ast.parse(path.read_text())
    nodes = _loading(tree) if top_level else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _loading(tree: ast.Module) -> list[ast.AST]:
    """Nodes that run at import: not the bodies of functions, not what is for the type checker alone."""
    waiting: list[ast.AST] = [tree]
    found: list[ast.AST] = []
    while waiting:
        node = waiting.pop()
        found.append(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
            continue
        waiting.extend(ast.iter_child_nodes(node))
    return found


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_what_it_may(package: str) -> None:
    third_parties, ours = ALLOWED[package]
    allowed = third_parties | ours | sys.stdlib_module_names | {"__future__"}
    assert files(package)
    strangers = {(path.name, name) for path in files(package) for name in imports(path, top_level=False) - allowed}
    assert strangers == set()


def test_reading_this_machine_loads_a_handful_of_modules() -> None:
    heavy = {
        (path.name, name)
        for path in files("agent/amika_local")
        for name in imports(path, top_level=True) - AT_START - {"amika_local", "__future__"}
    }
    assert heavy == set()


def test_starting_the_command_line_loads_no_agent() -> None:
    """Only `main` and what it imports: a command's own module may load what it needs."""
    loaded = imports(ROOT / "agent/amika_cli/main.py", top_level=True) | imports(
        ROOT / "agent/amika_cli/flags.py", top_level=True
    )
    assert loaded <= AT_START | {"amika_cli", "amika_local"}


def test_types_are_not_loaded_for_their_own_sake(tmp_path: Path) -> None:
    """The rules above see what loads, and only that."""
    sample = tmp_path / "sample.py"
    sample.write_text(
        "import os\nTYPE_CHECKING = False\nif TYPE_CHECKING:\n    import typing\n"
        "def f():\n    import dataclasses\nclass C:\n    import stat\n"
    )
    assert imports(sample, top_level=True) == {"os", "stat"}
    assert imports(sample, top_level=False) == {"os", "typing", "dataclasses", "stat"}
