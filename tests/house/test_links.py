"""What the documents point at exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.house.repository import ROOT, committed, name_of, text_of

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
# in the page about the architecture a path is written from the source root: `amika_agent/watch.py`, `tests/fakes/`
PATH = re.compile(r"(?:[A-Za-z0-9_.-]+/)+(?:[A-Za-z0-9_.-]+\.(?:py|md|toml|sh|txt|html|svg))?|pyproject\.toml|Makefile")
ROOTS = ("", "shared", "agent", "tray", "agent/amika_agent", "agent/amika_cli", "agent/amika_local", "docs")


@pytest.mark.parametrize("page", committed("*.md"), ids=name_of)
def test_every_relative_link_and_image_exists(page: Path) -> None:
    text = FENCE.sub("", text_of(page))
    targets = [target for target in LINK.findall(text) if not re.match(r"[a-z]+:|#", target)]
    assert [t for t in targets if not (page.parent / t.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("page", committed("*.md"), ids=name_of)
def test_every_link_to_a_heading_has_its_heading(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", text_of(page))):
        file, sign, heading = target.partition("#")
        if sign and not re.match(r"[a-z]+:", file):
            other = page.parent / file if file else page
            assert heading in {_anchor(line) for line in text_of(other).splitlines() if line.startswith("#")}, target


def _anchor(line: str) -> str:
    words = line.lstrip("#").strip().lower().replace("`", "")
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def test_every_file_the_architecture_names_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = {word for code in CODE.findall(FENCE.sub("", text)) for word in PATH.findall(code) if word == code}
    assert len(named) > 20, "the page names its files in backticks"
    assert {name for name in named if not any((ROOT / root / name).exists() for root in ROOTS)} == set()
