"""Every text a person sees passes the one place where it can be translated."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TRAY = Path(__file__).resolve().parents[2] / "tray" / "amika_tray"
# what shows its first argument
SHOWS = {
    "QPushButton", "QCheckBox", "QLabel", "QAction", "QGroupBox", "Question", "addButton", "addItem", "addRow",
    "button", "explain", "setAccessibleDescription", "setAccessibleName", "setInformativeText",
    "setPlaceholderText", "setPlainText",
    "setText", "setTitle", "setToolTip", "setWindowTitle", "showMessage", "text_label",
}  # fmt: skip
# started before there is Qt or a language: a terminal's texts
TERMINAL = {"main.py", "desktop.py", "instance.py"}


def literals(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        is_text = (
            isinstance(first, ast.Constant) and isinstance(first.value, str) and any(map(str.isalpha, first.value))
        )
        if name in SHOWS and is_text:
            found.append(f"{path.name}:{node.lineno} {name}({first.value!r})")
    return found


def test_no_text_is_shown_that_cannot_be_translated() -> None:
    found = [line for path in TRAY.rglob("*.py") if path.name not in TERMINAL for line in literals(path)]
    assert found == []


def test_texts_are_whole_sentences_for_translators() -> None:
    """A text that is looked up is a constant: a translator cannot see what is put together while it runs."""
    wrong = []
    for path in TRAY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_lookup = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("t", "tn")
            if is_lookup and not isinstance(node.args[0], ast.Constant):
                wrong.append(f"{path.name}:{node.lineno}")
    assert wrong == []


@pytest.mark.parametrize("source", ['QPushButton("Go")', 'x.setText("Hello")', 'text_label("a", bold=True)'])
def test_the_rule_can_fail(tmp_path: Path, source: str) -> None:
    path = tmp_path / "page.py"
    path.write_text(source)
    assert literals(path)
