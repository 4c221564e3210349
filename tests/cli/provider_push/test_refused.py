"""What is not pushed, with the reason, and what --force accepts."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import FUTURE_MS, write

NAME = ("Claude OAuth", "user")


@pytest.mark.parametrize(
    ("content", "words", "says"),
    [
        ("", [], "blank"),
        ("  \n", [], "blank"),
        ("{", [], "not valid JSON"),
        ('{"claudeAiOauth": 3}', [], "no claudeAiOauth object"),
        ('{"other": {}}', [], "no claudeAiOauth object"),
        ('{"claudeAiOauth": {"accessToken": "", "expiresAt": 0}}', [], "blank"),
        ('{"claudeAiOauth": {"accessToken": "fake", "expiresAt": 1000}}', [], "expired"),
        ('{"claudeAiOauth": {"accessToken": "fake"}}', ["--type", "api_key"], "holds no Claude API key"),
        ("sk-ant-api03-fake", ["--type", "oauth"], "must be a JSON object"),
        ("sk-ant-oat01-fake", [], "an OAuth token, not an API key"),
        ("two words", [], "no blanks"),
        (
            '{"claudeAiOauth": {"accessToken": "fake", "expiresAt": "2001-01-01T00:00:00Z"}}',
            [],
            "given: the login expired",
        ),
        ('{"claudeAiOauth": {"accessToken": "fake", "expiresAt": "soon"}}', [], "claudeAiOauth.expiresAt"),
        ("fake", ["--name", " "], "name of the secret is empty"),
        ("fake", ["--value", "x"], "two answers"),
        ("fake", ["--type", "password"], "--type takes oauth or api_key"),
        ("fake", ["--scope", "org"], "--yes"),
    ],
)
def test_refused_before_anything_is_sent(amika, home, server, content, words, says):
    path = home / "given"
    path.write_text(content)
    ran = amika("secret", "claude", "push", "--from-file", str(path), *words)
    assert ran.code == 2
    assert says in ran.err
    assert "fake" not in ran.all
    assert server.records("claude") == []


def test_blank_is_refused_even_with_force(amika, home, server):
    path = write(home / "given", {"claudeAiOauth": {"accessToken": "", "expiresAt": 0}})
    assert amika("secret", "claude", "push", "--from-file", str(path), "--force").code == 2
    assert server.records("claude") == []


def test_a_blank_or_expired_or_malformed_login_is_refused_with_the_reason(amika, claude, home, server):
    for make, says in (
        (lambda: claude("", 0), "empty login"),
        (lambda: claude("sk-ant-oat01-fake", 1000), "expired"),
        (lambda: write(home / ".claude" / ".credentials.json", "{"), ".credentials.json"),
    ):
        make()
        ran = amika("secret", "claude", "push", "--type", "oauth")
        assert ran.code == 5, ran.err
        assert says in ran.err
    assert server.records("claude") == []


def test_force_stores_an_expired_login_once(amika, claude, server, stored):
    claude("sk-ant-oat01-fake-old", 1000)
    ran = amika("secret", "claude", "push", "--type", "oauth", "--force")
    assert ran.code == 0, ran.err
    assert "not kept in sync" in ran.out
    assert "sk-ant-oat01-fake-old" in stored("claude")["Claude OAuth", "user"]
    assert amika("sync", "rules", "--json").json == []


def test_an_older_login_is_refused_and_force_accepts_it(amika, claude, server, stored):
    claude("sk-ant-oat01-fake-new", FUTURE_MS)
    amika("secret", "claude", "push", "--type", "oauth")
    claude("sk-ant-oat01-fake-old", FUTURE_MS - 60_000)
    ran = amika("secret", "claude", "push", "--type", "oauth")
    assert ran.code == 5
    assert "older" in ran.err
    assert "fake-new" in stored("claude")[NAME]
    forced = amika("secret", "claude", "push", "--type", "oauth", "--force")
    assert forced.code == 0, forced.err
    assert "fake-old" in stored("claude")[NAME]
    assert all(state for state in server.history("claude"))


def test_nothing_to_push(amika, server):
    ran = amika("secret", "claude", "push", "--type", "oauth")
    assert ran.code == 4
    assert "no Claude login" in ran.err


def test_which_one_is_a_question(amika, claude, server):
    claude()
    ran = amika("secret", "claude", "push", env={"ANTHROPIC_API_KEY": "sk-ant-api03-fake-0123456789"})
    assert ran.code == 2
    assert "--type oauth" in ran.err
    assert server.records("claude") == []


def test_a_rule_is_not_fought_by_a_push_beside_it(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    given = json.dumps({"claudeAiOauth": {"accessToken": "sk-ant-oat01-fake-given"}})
    ran = amika("secret", "claude", "push", "--value", "-", stdin=given)
    assert ran.code == 5
    assert "amika sync forget claude-oauth" in ran.err
    assert "fake-given" not in stored("claude")[NAME] + ran.all


def test_a_refused_value_leaves_no_rule_behind(amika, claude, server):
    claude()
    server.faults.add("status", method="POST", path="/secrets/claude", times=-1, status=422)
    ran = amika("secret", "claude", "push", "--type", "oauth")
    assert ran.code == 5
    assert amika("sync", "rules", "--json").json == []
