"""A push for the whole organization: consent, and whose record it would take."""

from __future__ import annotations

import os

from tests.cli.conftest import FUTURE_MS
from tests.fakes.terminal import Terminal


def test_org_scope_asks_and_replaces_with_consent(amika, claude, server, stored):
    claude()
    asked = amika("secret", "claude", "push", "--type", "oauth", "--scope", "org")
    assert asked.code == 2
    assert "amika sync add claude-oauth/anthropic --generic --scope org" in asked.err
    assert server.records("claude") == []
    ran = amika("secret", "claude", "push", "--type", "oauth", "--scope", "org", "--yes")
    assert ran.code == 0, ran.err
    assert "there is none for a moment" in ran.err
    assert list(stored("claude")) == [("Claude OAuth", "org")]
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    assert amika("secret", "claude", "push", "--type", "oauth", "--scope", "org", "--yes").code == 0
    assert "fake-two" in stored("claude")["Claude OAuth", "org"]
    assert list(stored("claude")) == [("Claude OAuth", "org")]


def test_org_scope_names_what_it_would_take_over(claude, server, stored):
    claude()
    server.put("claude", name="Theirs", value="sk-ant-fake", type="api_key", scope="org")
    with Terminal(["secret", "claude", "push", "--type", "oauth", "--scope", "org"], dict(os.environ)) as terminal:
        terminal.expect("Replace “Theirs” (api_key) by “Claude OAuth” for everyone in the organization? [y/N]")
        terminal.type("n")
        assert terminal.end() == 0
    assert list(stored("claude")) == [("Theirs", "org")]
    with Terminal(["secret", "claude", "push", "--type", "oauth", "--scope", "org"], dict(os.environ)) as terminal:
        terminal.expect("[y/N]")
        terminal.type("y")
        assert terminal.end() == 0
    assert list(stored("claude")) == [("Claude OAuth", "org")]


def test_an_org_api_key_is_offered_as_a_generic_secret_first(amika, server):
    ran = amika("secret", "claude", "push", "--value", "-", "--scope", "org", "--yes", stdin="sk-ant-api03-fake")
    assert ran.code == 0, ran.err
    assert "amika secret push --scope org" in ran.err
