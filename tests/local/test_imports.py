"""People run `auth extract` at every start of a shell: what it loads is fixed here, module by module.

A module added to one of these lists is a decision: measure first (`python -X importtime -m amika_cli.main …`).
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.homes import ALL, BEYOND, fill

import amika_local

# C modules of the interpreter cost next to nothing, and which of them it has loaded anyway differs from build to build
PROBE = """
import sys
before = set(sys.modules)
from amika_cli.main import main
code = main(sys.argv[1:])
def is_source(name):
    origin = getattr(sys.modules[name].__spec__, "origin", None) or ""
    return origin.endswith((".py", ".pyc")) or not origin.endswith((".so", ".pyd", "built-in", "frozen"))
print(*sorted(name for name in set(sys.modules) - before if is_source(name)), file=sys.stderr, sep="\\n")
sys.exit(code)
"""

COMMAND_LINE = {"amika_cli", "amika_cli.commands", "amika_cli.flags", "amika_cli.main"}
EXTRACT = COMMAND_LINE | {
    "amika_cli.commands.auth_extract",
    "amika_local",
    "amika_local.credential",
    "amika_local.discovery",
    "amika_local.document",
    "amika_local.errors",
    "amika_local.findings",
    "amika_local.providers",
    "amika_local.quoting",
    "amika_local.regular_file",
    "amika_local.secret",
    "amika_local.sources",
    "amika_local.sources.place",
    "amika_local.strict_json",
}
# only what the files that are there need
EXTRACT_EIGHT = EXTRACT | {
    "amika_cli.mirrored",
    "amika_local.expiry",
    "amika_local.jwt_claims",
    "amika_local.rfc3339",
    "amika_local.sources.amika_stores",
    "amika_local.sources.amp",
    "amika_local.sources.claude_api",
    "amika_local.sources.claude_oauth",
    "amika_local.sources.codex",
    "amika_local.sources.opencode",
}
EXTRACT_ALL = EXTRACT_EIGHT | {
    "amika_local.sources.amp_secrets",
    "amika_local.sources.gemini",
    "amika_local.sources.kimi",
    "amika_local.sources.oauth_file",
    "amika_local.sources.qwen",
}

# (command, files of the home, what it loads beyond the bare interpreter)
CASES = [
    pytest.param("auth extract", {}, EXTRACT, id="auth extract, empty home"),
    pytest.param("auth extract --export --shell fish", ALL, EXTRACT_EIGHT, id="auth extract, all eight sources"),
    pytest.param("auth extract", {**ALL, **BEYOND}, EXTRACT_ALL, id="auth extract, every source"),
]


@pytest.mark.parametrize(("command", "files", "modules"), CASES)
def test_what_a_command_loads(home, command, files, modules):
    fill(home, files)
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *command.split()], capture_output=True, text=True, check=True, cwd=home
    )
    assert set(done.stderr.split()) == set(modules)


# what amika_local may import from the standard library, and what only inside a function, where it is rarely needed
AT_THE_TOP = {"_json", "binascii", "codecs", "gc", "io", "os", "stat", "sys", "time"}
INSIDE_FUNCTIONS = {"hashlib", "subprocess", "tomllib", "unicodedata"}
FOR_TYPES = {"collections"}
FILES = sorted(Path(amika_local.__file__).parent.rglob("*.py"))


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        assert not node.level, "relative import"
        return {(node.module or "").partition(".")[0]}
    return set()


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_amika_local_imports_a_handful_of_modules_only(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top, inside, types = set(), set(), set()
    todo: list[tuple[ast.AST, set[str]]] = [(tree, top)]
    while todo:
        node, into = todo.pop()
        into |= imported(node)
        if is_for_types(node):
            into = types
        elif isinstance(node, ast.FunctionDef):
            into = inside
        todo += [(child, into) for child in ast.iter_child_nodes(node)]
    assert top <= AT_THE_TOP | {"amika_local"}
    assert inside <= AT_THE_TOP | INSIDE_FUNCTIONS | {"amika_local"}
    assert types <= FOR_TYPES | {"amika_local"}


def test_the_walk_sees_the_files_it_is_about():
    names = {path.relative_to(Path(amika_local.__file__).parent).as_posix() for path in FILES}
    assert {"discovery.py", "document.py", "sources/__init__.py", "sources/codex.py"} <= names
