"""Help on a narrow terminal."""

from __future__ import annotations

import importlib
import os

import pytest
from tests.fakes.terminal import Terminal

from amika_cli.folding import folded
from amika_cli.main import COMMANDS, _help


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("width", [60, 80])
def test_no_word_is_lost_and_only_an_example_is_wider_than_the_terminal(name, width):
    module = importlib.import_module("amika_cli.commands." + COMMANDS[name][0])
    text = _help(name, module.USAGE, module.TEXT, module.FLAGS)
    lines = folded(text, width).split("\n")
    assert " ".join(lines).split() == text.split()
    wide = [line for line in lines if len(line) > width]
    assert all(line.startswith("  ") and line in text.split("\n") for line in wide), wide


def test_text_stays_under_its_column():
    text = "usage: x\n\nOne sentence\nof two lines.\n\nflags:\n  -y, --yes   do it without a question\n  amika x --y"
    assert folded(text, 24).split("\n") == [
        "usage: x",
        "",
        "One sentence of two",
        "lines.",
        "",
        "flags:",
        "  -y, --yes",
        "      do it without a",
        "      question",
        "  amika x --y",
    ]
    assert folded(text, 30).split("\n")[5:8] == [
        "  -y, --yes   do it without a",
        "              question",
        "  amika x --y",
    ]


def test_what_fits_and_what_goes_into_a_pipe_is_as_it_was_written():
    text = "A sentence\nof two lines."
    assert folded(text, 20) == text
    assert folded(text, None) == text


def test_a_narrow_terminal_gets_folded_help(home):
    with Terminal(["auth", "login", "--help"], dict(os.environ), columns=60) as terminal:
        said = terminal.expect("show this help")
        assert terminal.end() == 0
    assert max(len(line) for line in said.splitlines() if not line.startswith("  ")) <= 60
