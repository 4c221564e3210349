"""The button beside a problem."""

from __future__ import annotations

import pytest

from amika_shared.snapshot import read_snapshot
from amika_tray.remedies import remedies, remedy, suggested


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


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("If that is right: amika sync resolve claude-oauth accept", {"Push it": "claude-oauth accept"}),
        (
            "Let one machine keep it (amika sync forget r1 on the other), or: amika sync resolve r1 restore|adopt",
            {"Store ours again": "r1 restore", "Keep what is stored": "r1 adopt"},
        ),
        ("amika sync resolve r1 keep|delete", {"Leave it stored": "r1 keep", "Delete what is stored…": "r1 delete"}),
        (
            "Restore it: amika sync resolve r1 restore — or stop: amika sync forget r1",
            {"Store ours again": "r1 restore"},
        ),
        ("`amika sync resolve r1 accept`", {"Push it": "r1 accept"}),
        ("amika sync resolve --all accept", {"Copy command": "amika sync resolve --all accept"}),
        ("amika sync resolve r1 acceptance", {"Copy command": "amika sync resolve r1 acceptance"}),
    ],
)
def test_every_answer_to_what_a_rule_asks_is_a_button(text: str, offered: dict[str, str]) -> None:
    (problem,) = read_snapshot({"problems": [{"code": "x", "remedy": text, "path": "/x"}]})["problems"]
    assert {found.label: found.target for found in remedies(problem)} == offered


@pytest.mark.parametrize("text", ["", "`\x1b[31m`", "``", "the file is damaged", "`X`", "the amika session is over"])
def test_only_what_looks_like_a_command_is_one(text: str) -> None:
    assert suggested(text) == ""
