"""`amika sync resolve`: what it did is told as it was, and it changes nothing that nobody asked about."""

from __future__ import annotations

import pytest
from tests.cli.conftest import write

RULE = "claude-oauth"


@pytest.fixture
def kept(amika, claude, server):
    """A Claude login that is kept stored, and `sync resolve` on its rule."""
    claude()
    assert amika("secret", "claude", "push", "--type", "oauth").code == 0

    def resolve(*words: str):
        return amika("sync", "resolve", RULE, *words)

    return resolve


def on_removal(amika) -> str:
    (rule,) = amika("sync", "rules", "--json").json
    return str(rule["on_removal"])


def test_what_is_restored_is_not_stored_for_the_first_time(amika, server, kept):
    server.remove(server.records("claude")[0]["id"])
    ran = kept("restore")
    assert ran.out == "stored “Claude OAuth” (Claude oauth, scope user): again, since it was no longer there\n"
    stored = [event["why"] for event in amika("activity", "--json").json["events"] if event["what"] == "created"]
    assert stored == ["for the first time", "again, since it was no longer there"]


def test_a_generic_secret_is_put_back_though_nothing_changed_here(amika, server, home):
    write(home / ".local/share/opencode/auth.json", {"groq": {"type": "api", "key": "fake-groq-key"}})
    assert amika("sync", "add", "opencode/groq", "--yes").code == 0
    ran = amika("sync", "resolve", "generic-groq-api-key", "restore")
    assert ran.code == 0, ran.err
    assert "what is here counts, whatever was stored" in ran.out
    assert "has changed" not in ran.out


@pytest.mark.parametrize("choice", ["keep", "delete"])
def test_an_answer_to_no_question_is_refused_and_changes_nothing(amika, kept, choice):
    amika("sync", "set", RULE, "--on-removal", "ask")
    ran = kept(choice, "--local=false")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "amika: the credential of this rule is still on this machine: nothing is asked",
        f"  To decide for when it goes: amika sync set {RULE} --on-removal {choice}",
    ]
    assert on_removal(amika) == "ask"


def test_a_file_that_cannot_be_read_has_not_gone(amika, kept, home):
    write(home / ".claude" / ".credentials.json", "{")
    assert kept("delete").code == 2
    assert on_removal(amika) == "keep"


def test_an_answer_that_holds_from_now_on_says_so(amika, server, kept, home):
    amika("sync", "set", RULE, "--on-removal", "ask")
    (home / ".claude" / ".credentials.json").unlink()
    assert f"sync resolve {RULE} keep|delete" in amika("sync").err
    ran = kept("keep")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[1:] == [
        "The same from now on, for ~/.claude/.credentials.json: when that goes, what is stored stays.",
        f"To be asked again: amika sync set {RULE} --on-removal ask",
    ]
    assert on_removal(amika) == "keep"
    told = kept("delete", "--json")
    assert (told.code, told.json["on_removal"]) == (0, "delete")
    assert on_removal(amika) == "delete"
