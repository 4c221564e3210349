"""The button beside a problem."""

from __future__ import annotations

import pytest

from amika_shared.snapshot import read_snapshot
from amika_tray.remedies import remedy, suggested


@pytest.mark.parametrize(
    ("text", "path", "label", "action", "target"),
    [
        ("Sign in: amika auth login", "", "Sign in…", "sign_in", "amika"),
        ("Sign in again: `amika auth login akos`", "", "Sign in…", "sign_in", "akos"),
        ("Restart it: amika agent restart", "", "Restart the agent", "restart_agent", ""),
        ("amika resume", "", "Resume", "resume", ""),
        ("Correct the file, or run `amika config set`.", "/x", "Open settings", "open", "settings"),
        ("Ask `amika doctor`.", "", "Open diagnostics", "open", "diagnostics"),
        ("Run `claude setup-token` once.", "/x", "Copy command", "copy_text", "claude setup-token"),
        ("Confirm it: amika sync resolve r3 accept", "", "Copy command", "copy_text", "amika sync resolve r3 accept"),
        ("Repair the file.", "/home/dev/.x/auth.json", "Show file", "show_file", "/home/dev/.x/auth.json"),
        ("It is tried again.", "", "Try again", "sync", ""),
        ("", "", "Try again", "sync", ""),
    ],
)
def test_one_click_does_the_most_helpful_thing(text: str, path: str, label: str, action: str, target: str) -> None:
    (problem,) = read_snapshot({"problems": [{"code": "x", "remedy": text, "path": path}]})["problems"]
    found = remedy(problem)
    assert (found.label, found.action, found.target) == (label, action, target)


@pytest.mark.parametrize("text", ["", "`\x1b[31m`", "``", "the file is damaged", "`X`", "the amika session is over"])
def test_only_what_looks_like_a_command_is_one(text: str) -> None:
    assert suggested(text) == ""
