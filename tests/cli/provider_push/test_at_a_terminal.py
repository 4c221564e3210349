"""A push by a person at a terminal: choosing, typing unseen, typing ahead."""

from __future__ import annotations

import os

from tests.fakes.terminal import Terminal


def test_a_person_chooses(claude, server, stored):
    claude()
    env = {**os.environ, "ANTHROPIC_API_KEY": "sk-ant-api03-fake-0123456789"}
    with Terminal(["secret", "claude", "push"], env) as terminal:
        seen = terminal.expect("Which one? [1-3]")
        assert "1) login from ~/.claude/.credentials.json" in seen
        assert "2) API key sk-a…6789 from $ANTHROPIC_API_KEY" in seen
        terminal.type("7")
        terminal.expect("Please type a number from 1 to 3.")
        terminal.type("2")
        assert terminal.end() == 0
    assert stored("claude") == {("Claude API Key", "user"): "sk-ant-api03-fake-0123456789"}


def test_a_person_types_a_key_and_it_is_not_shown(server, stored):
    with Terminal(["secret", "codex", "push"], dict(os.environ)) as terminal:
        assert "1) an API key that you type in" in terminal.expect("Which one? [1-1]")
        terminal.type("1")
        terminal.expect("Codex API key (not shown):")
        terminal.type("sk-fake-typed-in")
        assert terminal.end() == 0
        assert "fake-typed" not in terminal.seen
    assert stored("codex") == {("Codex API Key", "user"): "sk-fake-typed-in"}


def test_a_value_from_stdin_is_typed_unseen_on_a_terminal(server, stored):
    words = ["secret", "claude", "push", "--value", "-"]
    with Terminal(words, dict(os.environ)) as terminal:
        terminal.expect("Claude key or login (not shown):")
        terminal.type("sk-ant-fake-typed")
        assert terminal.end() == 0
        assert "fake-typed" not in terminal.seen
    assert stored("claude") == {("Claude API Key", "user"): "sk-ant-fake-typed"}


def test_answers_typed_ahead_are_not_lost(claude, server, stored):
    claude()
    with Terminal(["secret", "claude", "push", "--scope", "org"], dict(os.environ)) as terminal:
        terminal.type("1")
        terminal.type("y")
        assert terminal.end() == 0, terminal.seen
    assert list(stored("claude")) == [("Claude OAuth", "org")]
