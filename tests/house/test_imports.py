"""Who may import whom, where import-linter's contracts cannot say it: as a list of what is allowed."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from tests.house.repository import ROOT

# package -> (third parties, packages of ours); stdlib is free, except in amika_local: tests/local/test_imports.py
ALLOWED = {
    "shared/amika_shared": ({"platformdirs"}, {"amika_shared"}),
    "agent/amika_local": (set(), {"amika_local"}),
    "agent/amika_agent": (
        {"certifi", "cryptography", "httpx", "jinja2", "keyring", "starlette", "tomlkit", "uvicorn", "watchdog"},
        {"amika_agent", "amika_local", "amika_shared"},
    ),
    "agent/amika_cli": (set(), {"amika_cli", "amika_agent", "amika_local", "amika_shared"}),
    "tray/amika_tray": ({"PySide6", "segno"}, {"amika_tray", "amika_shared"}),
}


def imports(path: Path) -> set[str]:
    """Return the top-level names of the modules a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_what_it_may(package: str) -> None:
    third_parties, ours = ALLOWED[package]
    allowed = third_parties | ours | sys.stdlib_module_names | {"__future__"}
    assert files(package)
    imported = {(path.name, name) for path in files(package) for name in imports(path)}
    assert {(file, name) for file, name in imported if name not in allowed} == set()
    assert third_parties | ours <= {name for _, name in imported}, "allowed, but nobody needs it"
