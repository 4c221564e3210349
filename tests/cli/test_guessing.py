"""What is said about a command that there is not."""

from __future__ import annotations

import pytest

from amika_cli.guessing import _ELSEWHERE, guesses
from amika_cli.main import COMMANDS, main


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("stauts", ["status"]),
        ("secret lst", ["secret list"]),
        ("secret cluade push", ["secret claude push"]),
        ("login", ["auth login"]),
        ("logs", ["agent logs"]),
        ("push", ["secret push"]),
        ("vault set K", ["vault put"]),
        ("secret delete x", ["secret claude delete", "secret codex delete"]),
        ("sync list", ["sync rules"]),
        ("auth nonsense", []),
        ("list", []),  # a dozen end with it
        ("zzzz", []),
        ("", []),
        ("  ", []),
    ],
)
def test_what_is_meant(typed: str, meant: list[str]) -> None:
    assert guesses(typed, COMMANDS) == meant


def test_what_other_programs_call_it_is_no_command_here_and_stands_for_one() -> None:
    assert [name for name in _ELSEWHERE if name in COMMANDS] == []
    assert [name for name in _ELSEWHERE.values() if name not in COMMANDS] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["secret", "delete", "x"], "did you mean `amika secret claude delete` or `amika secret codex delete`?"),
        (["-v"], "amika: unknown flag -v; did you mean --version?\n"),
        (["--bogus=fake-value"], "amika: unknown flag --bogus\n"),
        (["--bo\x1b[31m"], "amika: unknown flag …\n"),
        (["status", "--bogus"], "`amika status --help` lists its flags."),
        (["--json"], "which command?"),
    ],
)
def test_a_wrong_word_names_what_helps(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert (said.out, "fake-value" in said.err) == ("", False)


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_the_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("amika ")
