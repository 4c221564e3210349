"""What a command says to do next can be typed as it stands, in the local profile too."""

from __future__ import annotations

import pytest

from amika_cli.main import COMMANDS, main
from amika_cli.profile_words import with_local


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sign in: amika auth login", "Sign in: amika auth login --local"),
        ("Sign in: amika auth login almyty", "Sign in: amika auth login almyty --local"),
        ("sign in again (amika auth login akos).", "sign in again (amika auth login akos --local)."),
        ("amika auth login --org NAME", "amika auth login --local --org NAME"),
        ("`amika vault put KEY` stores it", "`amika vault put --local KEY` stores it"),
        ("amika agent start. `amika vault list` too", "amika agent start --local. `amika vault list --local` too"),
        ("amika auth login --local, or amika sync", "amika auth login --local, or amika sync"),
        ("Start amika again", "Start amika again"),
        ("amika is away", "amika is away"),
        ("", ""),
    ],
)
def test_every_command_named_gets_the_profile(text: str, expected: str) -> None:
    assert with_local(text, COMMANDS) == expected


@pytest.mark.parametrize("service", ["almyty", "akos"])
def test_an_error_under_local_says_local(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["whoami", service, "--local"]) == 3
    assert f"amika auth login {service} --local" in capsys.readouterr().err
    assert main(["whoami", service]) == 3
    assert "--local" not in capsys.readouterr().err


def test_the_page_of_the_local_profile_says_local(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--local"]) == 0
    assert "(amika auth login --local)" in capsys.readouterr().out
