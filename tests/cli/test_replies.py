"""A reply says what has happened and what comes next, in words that are true after it happened."""

from __future__ import annotations

import pytest
from tests.cli.conftest import write

from amika_cli.rules.outcome_text import became


@pytest.fixture
def groq(home):
    def save(key: str = "fake-groq-key"):
        return write(home / ".local/share/opencode/auth.json", {"groq": {"type": "api", "key": key}})

    return save


def test_a_secret_that_is_kept_from_now_on(amika, server, groq):
    groq()
    ran = amika("sync", "add", "opencode/groq", "--yes")
    assert ran.out.splitlines() == [
        "stored “GROQ_API_KEY” (generic secret, scope user): for the first time",
        "It is kept in sync with ~/.local/share/opencode/auth.json from now on; when that goes, what is stored stays.",
        "To stop that: amika sync forget generic-groq-api-key",
        "No agent is running; this starts it: amika agent start",
    ]
    assert "nothing to do for “GROQ_API_KEY” (generic secret, scope user): equal" in amika("sync").out
    groq("fake-groq-other")
    assert "replaced “GROQ_API_KEY” (generic secret, scope user): the value here has changed" in amika("sync").out


def test_a_name_that_was_in_use_is_said_to_be_replaced(amika, server, groq):
    groq()
    amika("secret", "push", "GROQ_API_KEY=fake-by-hand", "--yes")
    ran = amika("sync", "add", "opencode/groq", "--yes")
    assert "replaced “GROQ_API_KEY” (generic secret, scope user): the name was in use" in ran.out


def test_no_reply_tells_the_plan_as_the_result(amika, server, groq, claude):
    groq()
    claude()
    said = [
        amika("sync", "add", "opencode/groq", "--yes", "--json").out,
        amika("sync", "add", "claude-oauth", "--yes").out,
        amika("sync", "resolve", "claude-oauth", "accept").out,
        amika("sync").out,
        amika("sync", "--json").out,
        amika("activity").out,
    ]
    for text in said:
        assert "not pushed yet" not in text
        assert "created: created" not in text
        assert "replaced: replaced" not in text
    assert "stored “Claude OAuth” (Claude oauth, scope user): for the first time" in said[1]


@pytest.mark.parametrize(
    ("did", "line"),
    [
        ("waiting", "“A” (Codex api_key, scope org) waits: because"),
        ("blocked", "“A” (Codex api_key, scope org) needs you: because"),
        ("failed", "“A” (Codex api_key, scope org) failed: because"),
        ("swept", "deleted a left-over of “A” (Codex api_key, scope org): because"),
        ("something new", "something new “A” (Codex api_key, scope org): because"),
    ],
)
def test_what_became_of_it(did, line):
    assert became(did, "A", "codex", "api_key", "org", "because") == line


def test_without_a_name_the_kind_is_told():
    assert became("failed", "", "claude", "", "", "no answer") == "Claude failed: no answer"


def test_what_is_to_be_taken_back_is_told_before_and_after(amika, server, groq, claude):
    groq()
    claude()
    amika("sync", "add", "opencode/groq", "--yes")
    amika("sync", "add", "claude-oauth", "--yes")
    asked = amika("sync", "forget", "--everything")
    assert asked.code == 2
    assert "will be emptied: “GROQ_API_KEY” (generic secret, scope user)" in asked.out
    assert "will be deleted: “Claude OAuth” (Claude oauth, scope user)" in asked.out
    assert "will be taken out: our entries of ~/.cache/amika/env-cache.json" in asked.out
    done = amika("sync", "forget", "--everything", "--yes").out.splitlines()
    assert "deleted “Claude OAuth” (Claude oauth, scope user)" in done
    emptied = "a generic secret cannot be deleted, so its value is empty now"
    assert f"emptied “GROQ_API_KEY” (generic secret, scope user): {emptied}" in done


def test_nobody_signed_in_is_said_beside_any_problem(amika, home):
    write(home / ".codex" / "auth.json", "{ damaged")
    ran = amika("sync")
    assert ran.code == 0
    assert "Nothing was pushed: nobody is signed in (amika auth login)." in ran.out


def test_a_password_in_a_proxys_address_is_not_repeated(amika):
    for words in ([], ["--json"]):
        ran = amika("config", "set", "network.proxy", "http://me:fake-password@127.0.0.1:9", *words)
        assert (ran.code, "fake-password" in ran.all) == (0, False)


def test_a_path_inside_a_sentence_is_shortened_too(amika, server, claude, home):
    claude()
    assert amika("secret", "claude", "push", "--type", "oauth").code == 0
    (home / ".claude").rename(home / "elsewhere")
    moved = {"CLAUDE_CONFIG_DIR": str(home / "elsewhere")}
    why = "the rule was made for ~/.claude/.credentials.json; the credential is now in ~/elsewhere/.credentials.json"
    for words in (["sync"], ["sync", "--dry-run"], ["status"], ["sync", "resolve", "claude-oauth", "restore"]):
        ran = amika(*words, env=moved)
        assert why in ran.all
        assert str(home) not in ran.all, words
    what = amika("activity")
    assert "~/.claude/.credentials.json is kept as “Claude OAuth” (user): asked for" in what.out
    assert str(home) not in what.out
