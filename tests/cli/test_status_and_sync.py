from __future__ import annotations

import json
import os

import pytest
from tests.cli.conftest import FUTURE_MS, write
from tests.fakes.terminal import Terminal


def files(home):
    return sorted(str(p.relative_to(home)) for p in home.rglob("*") if p.is_file())


def test_status_of_an_empty_home_writes_nothing(amika, home):
    ran = amika("status")
    assert ran.code == 0
    assert "nobody is signed in (amika auth login)" in ran.out
    assert "not running (amika agent start)" in ran.out
    assert "No credentials were found" in ran.out
    assert files(home) == []


def test_status_shows_what_is_found_and_that_the_cache_is_behind(amika, claude, codex, home):
    claude()
    codex()
    before = files(home)
    ran = amika("status", "--json")
    assert [c["id"] for c in ran.json["credentials"]] == ["claude-oauth/anthropic", "codex/openai"]
    assert ran.json["credentials"][0]["expires_at"] == "2099-01-01T00:00:00Z"
    assert ran.json["env_cache"]["state"] == "behind"
    assert ran.json["agent"] == {"running": False, "used": False, "reason": "no agent is running"}
    assert files(home) == before
    assert "fake" not in ran.all


def test_status_names_each_problem_with_its_remedy(amika, home):
    write(home / ".codex" / "auth.json", "{")
    ran = amika("status")
    assert ran.code == 0
    assert "Problems" in ran.out
    assert "~/.codex/auth.json" in ran.out
    assert "→" in ran.out


def test_status_with_an_account(amika, claude, server):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    ran = amika("status")
    assert "AMIKA_API_KEY" in ran.out
    assert "in sync: Claude OAuth" in ran.out
    before = len(server.requests)
    assert amika("status", "--json").json["rules"][0]["state"] == "in_sync"
    assert len(server.requests) == before, "status asks no server"


def test_status_names_every_service_and_what_is_wrong_with_its_login(amika, home):
    (home / ".almyty").mkdir(mode=0o700)
    (home / ".almyty" / "credentials.json").write_text("{")
    shown = amika("status", env={"AKOS_TOKEN": "fake"})
    assert shown.code == 0
    assert "AKOS       somebody · a token of the environment" in shown.out
    assert "almyty     nobody is signed in (amika auth login almyty)" in shown.out
    assert "~/.almyty/credentials.json is not valid JSON" in shown.out
    assert "→ Sign in again: amika auth login almyty" in shown.out


def test_status_of_a_damaged_session(amika, home):
    write(home / ".local" / "state" / "amika" / "workos-session.json", "{")
    (problem,) = amika("status", "--json").json["problems"]
    assert problem["message"].endswith("workos-session.json is damaged: not JSON")
    assert problem["remedy"] == "Sign in: amika auth login"


def test_who_needs_the_account_of_a_damaged_session_is_told_that_it_is_damaged(amika, home):
    write(home / ".local" / "state" / "amika" / "workos-session.json", "{")
    ran = amika("secret", "list")
    assert ran.code == 3
    assert "workos-session.json is damaged" in ran.err
    assert "Sign in: amika auth login" in ran.err


@pytest.mark.parametrize("words", [("status",), ("up", "--once", "--local"), ("up", "--local"), ("agent", "start")])
@pytest.mark.parametrize("path", ["", "not-there"])
def test_a_home_that_is_not_there_is_refused_and_not_made(amika, home, words, path):
    ran = amika(*words, f"--homedir={path}")
    assert ran.code == 2
    assert "--homedir needs a directory that exists" in ran.err
    assert files(home) == []


def test_an_env_cache_that_cannot_be_written_is_a_failure_with_and_without_an_account(amika, claude, home):
    claude()
    cache = write(home / ".cache" / "amika" / "env-cache.json", "{")
    for words in (("sync",), ("up", "--once", "--local", "--yes")):
        ran = amika(*words)
        assert ran.code == 5, (words, ran)
        assert "env-cache.json" in ran.err
        assert "sign in again" not in ran.all, "nobody signs in to that file"
    assert cache.read_text() == "{"


def test_status_with_a_refused_server(amika, home):
    ran = amika("status", env={"AMIKA_API_URL": "http://example.com"})
    assert ran.code == 0
    assert "AMIKA_API_URL must be https" in ran.out


def test_dry_run_writes_and_sends_nothing(amika, claude, server, home):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    before = server.history("claude")
    ran = amika("sync", "--dry-run", "--json")
    assert ran.code == 0
    assert ran.json["env_cache"]["would_change"] == ["CLAUDE_CODE_OAUTH_TOKEN"]
    (action,) = ran.json["actions"]
    assert (action["kind"], action["name"]) in (("replace", "Claude OAuth"), ("wait", "Claude OAuth"))
    assert server.history("claude") == before
    assert not (home / ".cache" / "amika" / "env-cache.json").exists()
    text = amika("sync", "--dry-run")
    assert "would change: CLAUDE_CODE_OAUTH_TOKEN" in text.out
    assert "fake" not in text.all


def test_sync_signed_out_does_the_local_part(amika, claude, home):
    claude()
    dry = amika("sync", "--dry-run")
    assert dry.code == 0
    assert "nobody is signed in" in dry.out
    ran = amika("sync")
    assert ran.code == 0
    assert "env cache current: 1 entry" in ran.out
    assert "nobody is signed in" in ran.out
    cache = json.loads((home / ".cache" / "amika" / "env-cache.json").read_text())
    assert list(cache["_amika"]["env"]) == ["CLAUDE_CODE_OAUTH_TOKEN"]


def test_sync_pushes_what_changed(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    ran = amika("sync", "--json")
    assert ran.code == 0, ran.err
    assert [push["action"] for push in ran.json["pushes"]] == ["replaced"]
    assert "fake-two" in stored("claude")["Claude OAuth", "user"]


def test_sync_that_cannot_reach_the_server(amika, claude, server):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    server.faults.add("refuse", times=-1)
    ran = amika("sync")
    assert ran.code == 5
    assert "env cache current" in ran.out


def test_rules(amika, claude, server):
    assert "Nothing is kept in sync" in amika("sync", "rules").out
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    text = amika("sync", "rules").out
    assert "claude-oauth" in text
    assert "~/.claude/.credentials.json" in text
    assert amika("sync", "forget").code == 2
    assert amika("sync", "forget", "nope").code == 4


def test_rules_need_an_account(amika, home):
    assert amika("sync", "rules").code == 3


def test_what_changed_since_the_push_is_waiting(amika, claude, server):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    (rule,) = amika("status", "--json").json["rules"]
    assert rule["state"] == "pending"


def test_status_fits_the_terminal(claude, home):
    claude()
    with Terminal(["status"], dict(os.environ), columns=60) as terminal:
        assert terminal.end() == 0
        assert all(len(line) <= 60 for line in terminal.seen.splitlines() if "credentials.json" in line)
        assert "anthropic" in terminal.seen
