"""Pause, rules and taking back, as real processes."""

from __future__ import annotations

import json
import os

import pytest
from tests.cli.conftest import FUTURE_MS, write
from tests.fakes.agents import AgentProcess


def whats(amika):
    return [event["what"] for event in amika("activity", "--json").json["events"]]


def push(amika):
    done = amika("secret", "claude", "push", "--type", "oauth")
    assert done.code == 0, done.err


def test_while_paused_nothing_is_written_and_nothing_is_pushed(amika, claude, codex, server, stored, home):
    claude()
    push(amika)
    amika("sync")
    cache = home / ".cache" / "amika" / "env-cache.json"
    before, sent = cache.read_bytes(), server.history("claude")
    paused = amika("pause", "1h")
    assert paused.code == 0
    assert "for 60 min" in paused.out
    assert "amika resume" in paused.out
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    codex()
    ran = amika("sync")
    assert ran.code == 0, ran.err
    assert "Paused" in ran.out
    assert (cache.read_bytes(), server.history("claude")) == (before, sent)
    for command in (
        ("secret", "claude", "push", "--type", "oauth"),
        ("secret", "push", "A=fake", "--yes"),
        ("secret", "extract", "--push", "--yes"),
    ):
        refused = amika(*command)
        assert refused.code == 5, command
        assert "amika resume" in refused.err
    status = amika("status", "--json").json
    assert (status["state"], status["env_cache"]["state"]) == ("paused", "behind")
    assert status["paused_until"]
    assert "Paused     for another" in amika("status").out
    (home / ".claude" / ".credentials.json").unlink()
    assert amika("resume").out.startswith("Everything goes on.")
    assert amika("resume").out == "Nothing was paused.\n"
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    assert amika("sync").code == 0
    assert "fake-two" in stored("claude")["Claude OAuth", "user"]


def test_a_running_agent_follows_a_pause_and_a_restart_does_not_end_it(amika, codex, home, until):
    cache = home / ".cache" / "amika" / "env-cache.json"
    agent = AgentProcess().up()
    try:
        codex("sk-fake-openai-one")
        until(lambda: cache.exists() and "openai-one" in cache.read_text(), "the env cache")
        told = amika("pause", "--json")
        assert told.json == {"paused": True, "until": None, "rule": ""}
        assert amika("status", "--json").json["state"] == "paused"
        codex("sk-fake-openai-two")
        until(lambda: amika("status", "--json").json["env_cache"]["state"] == "behind", "the look")
        assert "openai-one" in cache.read_text()
    finally:
        assert agent.end() == 0
    agent = AgentProcess().up()
    try:
        assert "Paused     until resumed" in amika("status").out
        assert "openai-one" in cache.read_text()
        assert amika("resume").code == 0
        until(lambda: "openai-two" in cache.read_text(), "the env cache")
    finally:
        assert agent.end() == 0
    events = amika("activity", "--json").json["events"]
    told = [(event["what"], event["subject"]) for event in events]
    assert ("found", "codex/openai") in told
    assert ("changed", "codex/openai") in told
    assert told.count(("cached", "OPENAI_API_KEY")) == 2
    assert ("paused", "everything") in told
    assert ("resumed", "everything") in told
    (paused,) = [event for event in events if event["what"] == "paused"]
    assert "(pid " in paused["caller"]


@pytest.mark.parametrize("words", [("1x",), ("0s",), ("",), ("-1h",), ("2000d",), ("1h", "2h")])
def test_what_is_no_length_of_time_is_refused(amika, words):
    assert amika("pause", *words).code == 2
    assert amika("status", "--json").json["state"] != "paused"


def test_one_rule_is_paused_and_resumed(amika, claude, server, stored):
    claude()
    push(amika)
    assert amika("sync", "pause", "claude-oauth", "2h").code == 0
    assert amika("sync", "pause", "nope").code == 4
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    plan = amika("sync", "--dry-run", "--json").json["actions"][0]
    assert (plan["kind"], plan["code"], plan["remedy"]) == ("wait", "paused", "amika sync resume claude-oauth")
    assert amika("sync").code == 0
    assert "fake-two" not in stored("claude")["Claude OAuth", "user"]
    (rule,) = amika("sync", "rules", "--json").json
    assert rule["paused"] is True
    assert "paused" in amika("sync", "rules").out
    assert amika("status", "--json").json["rules"][0]["state"] == "paused"
    assert amika("sync", "resume", "claude-oauth").code == 0
    assert amika("sync").code == 0
    assert "fake-two" in stored("claude")["Claude OAuth", "user"]


def test_add_makes_a_rule_and_pushes(amika, claude, codex, server, stored):
    claude()
    codex()
    refused = amika("sync", "add", "claude-oauth")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert "share one login" in refused.err
    added = amika("sync", "add", "claude-oauth", "--on-removal", "delete", "--yes", "--json")
    assert "share one login" in added.err, "who was refused is told again"
    assert added.code == 0, added.err
    assert added.json["rule"] == "claude-oauth"
    assert "single-use token" in refused.err, "said before the question, once"
    assert ("Claude OAuth", "user") in stored("claude")
    again = amika("sync", "add", "claude-oauth", "--yes")
    assert again.code == 5
    assert "share one login" not in again.err, "who went on knows it"
    generic = amika("sync", "add", "codex/openai", "--generic", "--yes", "--json")
    assert generic.json["rule"] == "generic-openai-api-key"
    assert stored()["OPENAI_API_KEY", "user"] == "sk-fake-openai-0123456789"
    assert [rule["on_removal"] for rule in amika("sync", "rules", "--json").json] == ["delete", "keep"]
    assert whats(amika).count("rule_added") == 2
    assert whats(amika).count("created") == 2


def test_add_for_an_organization_asks_a_second_time(claude, server, stored):
    from tests.fakes.terminal import Terminal

    claude()
    with Terminal(["sync", "add", "claude-oauth", "--scope", "org"], dict(os.environ)) as terminal:
        terminal.expect("[y/N]")
        terminal.type("y")
        terminal.expect("for everyone in the organization")
        terminal.type("n")
        assert terminal.end() == 0
        assert "Nothing was changed" in terminal.seen
    assert stored("claude") == {}


@pytest.mark.parametrize(("wanted", "code"), [("nope", 4), ("", 4), ("anthropic", 0), ("claude-oauth/anthropic", 0)])
def test_add_takes_as_much_as_names_one(amika, claude, server, wanted, code):
    claude()
    assert amika("sync", "add", wanted, "--yes").code == code


def test_add_names_all_that_a_word_may_mean(amika, server, home):
    tokens = {"id_token": "a.b.c", "access_token": "fake-access", "refresh_token": "fake-refresh"}
    write(home / ".codex" / "auth.json", {"OPENAI_API_KEY": "sk-fake-openai-0123456789", "tokens": tokens})
    ids = [line["id"] for line in amika("status", "--json").json["credentials"]]
    assert len(ids) == len(set(ids))
    several = amika("sync", "add", "codex", "--yes")
    assert several.code == (2 if len(ids) > 1 else 0)
    if len(ids) > 1:
        assert all(name in several.err for name in ids)


def test_set_changes_what_happens_when_the_source_goes(amika, claude, server, stored, home):
    claude()
    push(amika)
    nothing = amika("sync", "set", "claude-oauth")
    assert nothing.code == 2
    assert "--without-refresh-token" in nothing.err
    assert amika("sync", "set", "claude-oauth", "--on-removal", "burn").code == 2
    assert amika("sync", "set", "nope", "--on-removal", "ask").code == 4
    assert amika("sync", "set", "claude-oauth", "--on-removal", "ask").code == 0
    (home / ".claude" / ".credentials.json").unlink()
    asks = amika("status")
    assert "sync resolve claude-oauth keep|delete" in asks.out
    assert amika("sync", "set", "claude-oauth", "--without-refresh-token", "--with-refresh-token").code == 2
    claude()
    assert amika("sync", "set", "claude-oauth", "--without-refresh-token", "--on-removal", "keep").code == 0
    assert amika("sync").code == 0
    assert "ort01" not in stored("claude")["Claude OAuth", "user"]
    assert "rule_changed" in whats(amika)


def test_everything_is_taken_back(amika, claude, codex, server, stored, home):
    write(home / ".cache" / "amika" / "env-cache.json", {"GROQ_API_KEY": "their-own"})
    claude()
    codex()
    push(amika)
    assert amika("sync", "add", "codex/openai", "--generic", "--yes").code == 0
    amika("config", "set", "sync.auto_push", "claude,codex")
    amika("sync")
    assert amika("sync", "forget", "--everything").code == 2
    assert amika("sync", "forget", "claude-oauth", "--keep-env-cache").code == 2
    done = amika("sync", "forget", "--everything", "--yes")
    assert done.code == 0, done.err
    assert stored("claude") == {}
    assert stored("codex") == {}
    assert stored() == {("OPENAI_API_KEY", "user"): ""}
    assert amika("sync", "rules", "--json").json == []
    assert json.loads((home / ".cache" / "amika" / "env-cache.json").read_text()) == {"GROQ_API_KEY": "their-own"}
    assert amika("sync").code == 0
    assert stored("claude") == {}, "auto_push does not begin anew"
    assert {"rule_forgotten", "deleted", "uncached"} <= set(whats(amika))


def test_a_forgotten_rule_does_not_come_back_by_itself(amika, claude, server, stored):
    claude()
    amika("config", "set", "sync.auto_push", "claude")
    assert amika("sync").code == 0
    assert "sync.auto_push" in amika("sync", "forget", "claude-oauth").out
    assert amika("sync").code == 0
    assert amika("sync", "rules", "--json").json == []


def test_a_question_is_shown_without_an_agent(amika, claude, server, home):
    write(home / ".claude.json", {"oauthAccount": {"emailAddress": "ada@example.com"}})
    claude()
    push(amika)
    write(home / ".claude.json", {"oauthAccount": {"emailAddress": "eve@example.com"}})
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    shown = amika("status")
    assert "eve@example.com" in shown.out
    assert "amika sync resolve claude-oauth accept" in shown.out


def test_a_secret_that_was_replaced_elsewhere_is_adopted(amika, claude, server):
    claude()
    push(amika)
    (record,) = server.records("claude")
    server.remove(record["id"])
    server.put("claude", name=record["name"], value="{}", type=record["type"])
    asked = amika("sync")
    assert asked.code == 5
    assert "“Claude OAuth”: another machine or person replaced it" in asked.err
    wrong = amika("sync", "resolve", "claude-oauth", "take")
    assert wrong.code == 2
    assert "restore, adopt" in wrong.err
    adopted = amika("sync", "resolve", "claude-oauth", "adopt")
    assert adopted.code == 0, adopted.err
    assert "what is stored there counts as ours" in adopted.out
    (rule,) = amika("status", "--json").json["rules"]
    assert (rule["state"], rule["pushed_at"]) == ("in_sync", None)
    assert "adopted" in amika("sync", "rules").out
    assert amika("sync").code == 0


def test_a_choice_that_there_is_not_is_refused_before_anything_else(amika):
    assert amika("sync", "resolve", "some-rule", "take").code == 2


def test_uninstalling_takes_our_entries_out_of_the_env_cache(amika, codex, home):
    cache = home / ".cache" / "amika" / "env-cache.json"
    assert amika("agent", "uninstall", "--json").json["withdrawn"] == []
    write(cache, {"GROQ_API_KEY": "their-own"})
    codex()
    assert amika("sync").code == 0
    agent = AgentProcess().up()
    try:
        kept = amika("agent", "uninstall")
        assert kept.code == 0, kept.err
        assert "amika agent stop" in kept.out
        assert "_amika" in json.loads(cache.read_text())
    finally:
        assert agent.end() == 0
    gone = amika("agent", "uninstall")
    assert gone.code == 0, gone.err
    assert "OPENAI_API_KEY" in gone.out
    assert json.loads(cache.read_text()) == {"GROQ_API_KEY": "their-own"}
