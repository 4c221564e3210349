from __future__ import annotations

import os

import pytest
from tests.fakes.homes import ALL, fill
from tests.fakes.terminal import Terminal


def test_the_report_holds_nothing_that_must_not_be_shown(amika, home, server):
    fill(home, ALL)
    amika("secret", "claude", "push", "--value", "-", stdin="sk-ant-api03-fake-given")
    amika("config", "set", "network.proxy", "http://me:fake-password@proxy.example.com:3128")
    for words in (["doctor"], ["doctor", "-o", "json"]):
        ran = amika(*words, env={"GROQ_API_KEY": "fake-env", "ANTHROPIC_API_KEY": "sk-ant-fake-env"})
        assert ran.code == 0
        for secret in ("fake", "dev@example.com", "example.com", str(home), server.url, os.path.basename(str(home))):
            assert secret not in ran.all, secret


def test_it_names_what_helps(amika, home):
    fill(home, ALL)
    (home / ".codex" / "auth.json").chmod(0o644)
    report = amika("doctor", "--json", env={"ANTHROPIC_API_KEY": "x"}).json
    assert report["profile"] == "default"
    assert "ANTHROPIC_API_KEY" in report["variables_set"]
    assert {"claude-oauth", "codex", "opencode", "amp"} <= {source["source"] for source in report["sources"]}
    held = {row["path"]: row for row in report["holds_values"]}
    assert "~/.claude/.credentials.json" in held
    assert "chmod 600" in held["~/.codex/auth.json"]["remark"]
    text = amika("doctor").out
    assert "HOLDS VALUES" in text
    assert "~/.codex/auth.json" in text


def test_on_an_empty_home_it_changes_nothing(amika, home):
    ran = amika("doctor")
    assert ran.code == 0
    assert "no sources were found" in ran.out
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_with_a_damaged_everything(amika, home):
    for name in ALL:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff{ sk-fake-secret dev@example.com")
    state = home / ".local" / "state" / "amika"
    (state / "workos-session.json").write_text("{")
    ran = amika("doctor", env={"AMIKA_API_URL": "http://u:fake-password@example.com"})
    assert ran.code == 0
    assert "fake" not in ran.all
    assert "problem malformed" in ran.out


@pytest.mark.parametrize("columns", [60, 80])
def test_on_a_narrow_terminal_it_is_folded_and_nothing_of_it_is_left_out(amika, home, columns):
    fill(home, ALL)
    (home / ".codex" / "auth.json").chmod(0o644)
    (home / ".local" / "state" / "amika" / "workos-session.json").write_text("{")
    whole = amika("doctor").out
    assert max(len(line) for line in whole.splitlines()) > 80
    narrow = {**os.environ, "COLUMNS": "60"} if columns == 60 else dict(os.environ)
    with Terminal(["doctor"], narrow, columns=80) as terminal:
        assert terminal.end() == 0
    lines = terminal.seen.splitlines()
    assert [line for line in lines if len(line) > columns and " " in line.strip()] == []
    heads = ("·", "PATH", "DETAIL", "WHAT", "REMARK")  # of columns that stand below their rows
    assert sorted(w for w in terminal.seen.split() if w not in heads) == sorted(
        w for w in whole.split() if w not in heads
    )


def test_the_env_files_of_the_shells_are_places_that_hold_values(amika, home):
    fill(home, ALL)
    for shell in ("bash", "fish"):
        assert amika("shell-init", shell, "--install").code == 0
    held = {os.path.basename(row["path"]): row for row in amika("doctor", "--json").json["holds_values"]}
    assert {held[name]["mode"] for name in ("env.bash", "env.fish")} == {"0600"}
    assert not {name for name in held if name.startswith("hook.")}


def test_what_waits_sealed_and_what_a_kill_left_are_places_that_hold_values(amika, home):
    data, cache = ".local/share/amika-desktop/default", ".cache/amika/env-cache.json"
    left = [
        f"{data}/sync.db.pending/txn_1.sealed",
        f"{data}/sync.db.pending/key",
        f"{data}/akos-session.json.tmp-0011aabb",
        f"{cache}.tmp-0011aabb",
        ".local/state/amika/.session.next",
    ]
    fill(home, dict.fromkeys((*left, f"{cache}.lock"), b""))
    held = [row["path"] for row in amika("doctor", "--json").json["holds_values"]]
    assert sorted(held) == sorted(f"~/{name}" for name in left)
