"""Every command that a message names is one that exists: a remedy that cannot be typed is none."""

from __future__ import annotations

import re

import pytest
from tests.house.repository import ROOT, committed

from amika_cli.main import COMMANDS

FILES = [
    path
    for pattern in ("*.py", "*.md")
    for path in committed(pattern)
    if path.relative_to(ROOT).parts[0] in ("agent", "shared", "tray", "docs", "README.md")
]
# `amika secret list`, "…: amika auth login": after a mark that says "type this"
NAMED = re.compile(r"(?:[`\"']|[:;(] |or |with )amika ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)")
OURS = re.compile(r"\.command\(f?[\"']([a-z][a-z-]*(?: [a-z][a-z-]*)*)")
HEADS = {name.split(" ", 1)[0] for name in COMMANDS}
# sentences, not commands: the purpose of a key, a program that is missing
PROSE = {"workspace orders", "is not installed beside amika-tray"}
GROUPS = {name.rsplit(" ", 1)[0] for name in COMMANDS if " " in name}


def known(words: str) -> bool:
    """Tell whether the words begin with a command, or are the beginning of some."""
    parts = words.split(" ")
    if parts[0] not in HEADS:
        return False
    if parts[:1] == ["secrets"] and parts[1:2] not in (["set"], ["list"]):
        parts[0] = "secret"
    return any(" ".join(parts[:count]) in COMMANDS for count in range(1, 4)) or " ".join(parts) in GROUPS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_named_command_exists(path) -> None:
    text = path.read_text(encoding="utf-8")
    named = {match[1] for pattern in (NAMED, OURS) for match in pattern.finditer(text)}
    assert {words for words in named if not known(words)} <= PROSE


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert known("sync resolve")
    assert known("secret claude push now")
    assert known("sync")
    assert not known("snyc forget")
    assert NAMED.search("Try `amika nonsense now`")


@pytest.mark.parametrize(
    "words", ["sync resolve", "sync forget", "sync set", "sync pause", "sync resume", "pause", "resume"]
)
def test_what_a_rule_asks_can_be_answered(words: str) -> None:
    assert words in COMMANDS
