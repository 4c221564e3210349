"""`amika auth extract` as a command: flags, output, exit codes. What it finds is tested in tests/local."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys

import pytest
from tests.fakes.homes import ALL, BEYOND, FILLED_IN, FUTURE_MS, PAST_MS, amika, extract, fill

from amika_cli.commands import auth_extract

EVERYTHING = """ANTHROPIC_API_KEY='sk-ant-api03-fake'
CACHED_API_KEY='fake-cached'
CLAUDE_API_KEY='sk-ant-api03-fake'
CODEX_API_KEY='sk-fake-openai'
GROQ_API_KEY='fake-groq'
KEYCHAIN_API_KEY='fake-keychain'
OAUTH_API_KEY='fake-oauth'
OPENAI_API_KEY='sk-fake-openai'
"""


def test_everything(tmp_path):
    ran = extract(fill(tmp_path, ALL))
    assert (ran.code, ran.text, ran.err) == (0, EVERYTHING, "")


def test_nothing(tmp_path):
    ran = extract(tmp_path)
    assert (ran.code, ran.out, ran.err) == (0, b"", "")


def test_a_home_that_is_not_there_is_said_and_no_error(tmp_path):
    ran = extract(tmp_path / "nope")
    assert (ran.code, ran.out) == (0, b"")
    assert ran.err == f"warning: --homedir: there is no {tmp_path / 'nope'}\n"


def test_your_own_home_is_the_default(home):
    fill(home, {".amp/config.json": {"token": "fake"}})
    assert amika("auth", "extract").names == ["ANTHROPIC_API_KEY", "CLAUDE_API_KEY"]
    assert amika("auth", "extract", "--homedir=").names == ["ANTHROPIC_API_KEY", "CLAUDE_API_KEY"]


def test_without_home_the_account_says_where_it_is():
    # only this: the real home is never read in a test
    assert auth_extract._home_of_account() == pwd.getpwuid(os.getuid()).pw_dir


@pytest.mark.parametrize("flag", ["--export", "--export=true", "--export=1", "--export=T"])
def test_export(tmp_path, flag):
    assert extract(fill(tmp_path, {".amp/config.json": {"token": "a"}}), flag).text == (
        "export ANTHROPIC_API_KEY='a'\nexport CLAUDE_API_KEY='a'\n"
    )


def test_a_switch_can_be_turned_off_again(tmp_path):
    fill(tmp_path, ALL)
    assert extract(tmp_path, "--export", "--export=false", "--no-oauth=0").text == EVERYTHING


def test_the_last_home_counts_and_a_relative_one_is_fine(tmp_path, monkeypatch):
    fill(tmp_path / "one", {".amp/config.json": {"token": "one"}})
    fill(tmp_path / "two", {".amp/config.json": {"token": "two"}})
    monkeypatch.chdir(tmp_path)
    assert "'two'" in amika("auth", "extract", "--homedir", "one", "--homedir", "two").text
    assert "'one'" in amika("auth", "extract", "--homedir=one").text
    left_as_it_stands = amika("auth", "extract", "--homedir=~")
    assert (left_as_it_stands.code, left_as_it_stands.text) == (0, "")
    assert "there is no ~" in left_as_it_stands.err


def test_without_oauth(tmp_path):
    fill(tmp_path, {**ALL, ".claude.json": {}, ".amp/config.json": {}})
    assert extract(tmp_path, "--no-oauth").names == [
        "CACHED_API_KEY",
        "CODEX_API_KEY",
        "GROQ_API_KEY",
        "KEYCHAIN_API_KEY",
        "OPENAI_API_KEY",
    ]


def test_fish(tmp_path):
    fill(tmp_path, {".amp/config.json": {"token": "it's a \\ b"}})
    assert extract(tmp_path, "--shell", "fish").text.splitlines()[0] == "set -g ANTHROPIC_API_KEY 'it\\'s a \\\\ b'"
    assert extract(tmp_path, "--shell=fish", "--export").text.startswith("set -gx ANTHROPIC_API_KEY ")


def test_native_names(tmp_path):
    login = {".claude/.credentials.json": ALL[".claude/.credentials.json"], ".local/share/opencode/auth.json": {}}
    assert extract(fill(tmp_path / "a", {**ALL}), "--native-names").names == [
        "ANTHROPIC_API_KEY",
        "CACHED_API_KEY",
        "GROQ_API_KEY",
        "KEYCHAIN_API_KEY",
        "OPENAI_API_KEY",
    ]
    ran = extract(
        fill(tmp_path / "b", {**login, ".codex/auth.json": {"tokens": {"access_token": "t"}}}), "--native-names"
    )
    assert ran.text == "CLAUDE_CODE_OAUTH_TOKEN='sk-ant-oat01-fake'\n"
    assert "openai is left out" in ran.err


def test_beyond_the_eight_fill_in(tmp_path):
    ran = extract(fill(tmp_path, BEYOND))
    assert ran.names == sorted(f"{provider.upper()}_API_KEY" for provider in FILLED_IN)
    assert extract(tmp_path, "--no-oauth").names == ["AMP_API_KEY"]


@pytest.mark.parametrize(
    "argv",
    [
        ["extra"],
        ["--shell", "csh"],
        ["--reveal"],
        ["--export=maybe"],
        ["--nope"],
        ["--homedir"],
        ["--homedir", __file__],
    ],
)
def test_wrong_use_is_exit_2_with_a_line(tmp_path, argv):
    ran = amika("auth", "extract", *argv)
    assert (ran.code, ran.out) == (2, b"")
    assert ran.err.startswith("amika: ")


def test_help_says_how_to_use_it():
    ran = amika("auth", "extract", "--help")
    assert ran.code == 0
    for word in ('eval "$(amika auth extract --export)"', "| source", "--strict", "--reveal"):
        assert word in ran.text


BAD = {".codex/auth.json": "{", ".amp/config.json": {"token": 1}}


def test_a_bad_source_is_a_warning(tmp_path):
    ran = extract(fill(tmp_path, {**ALL, **BAD}))
    assert ran.code == 0
    assert ran.names == ["ANTHROPIC_API_KEY", "CACHED_API_KEY", "CLAUDE_API_KEY"] + [
        f"{name}_API_KEY" for name in ("GROQ", "KEYCHAIN", "OAUTH")
    ]
    lines = ran.err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("warning: ") for line in lines)
    assert f"{tmp_path}/.codex/auth.json is not valid JSON (line 1)" in lines[0]
    assert f"{tmp_path}/.amp/config.json: token is not a text" in lines[1]


def test_strict_prints_the_same_and_exits_5(tmp_path):
    fill(tmp_path, {**ALL, **BAD})
    ran = extract(tmp_path, "--strict")
    assert (ran.code, ran.out) == (5, extract(tmp_path).out)
    assert "2 of the sources could not be used" in ran.err


def test_strict_does_not_mind_what_is_no_fault_of_a_file(tmp_path):
    blank = {"claudeAiOauth": {"accessToken": "", "refreshToken": "", "expiresAt": 0}}
    entries = {"302ai": {"type": "api", "key": "a"}, "old": {"type": "oauth", "access": "t", "expires": PAST_MS}}
    fill(tmp_path, {**ALL, ".claude/.credentials.json": blank, ".local/share/opencode/auth.json": entries})
    ran = extract(tmp_path, "--strict")
    assert ran.code == 0
    assert "empty login" in ran.err
    assert "302ai" in ran.err


def test_an_expired_login_is_no_noise_at_every_start_of_a_shell(tmp_path):
    login = {"claudeAiOauth": {"accessToken": "t", "expiresAt": PAST_MS}}
    ran = extract(fill(tmp_path, {".claude/.credentials.json": login}))
    assert (ran.out, ran.err) == (b"", "")
    assert "expired" in extract(tmp_path, "--explain").text


def test_json_is_masked(tmp_path):
    long = "sk-ant-fake-0123456789-abcdefgh-WXYZ"
    fill(tmp_path, {".claude.json": {"primaryApiKey": long}, ".codex/auth.json": {"OPENAI_API_KEY": "sk-fake-short"}})
    ran = extract(tmp_path, "-o", "json")
    assert ran.code == 0
    assert long not in ran.text
    assert "short" not in ran.text
    found = json.loads(ran.text)
    assert [v["name"] for v in found["variables"]] == [
        "ANTHROPIC_API_KEY",
        "CLAUDE_API_KEY",
        "CODEX_API_KEY",
        "OPENAI_API_KEY",
    ]
    first = found["variables"][0]
    assert first["value"] == "sk-a…WXYZ"
    assert found["variables"][2]["value"] == "****"
    assert (first["provider"], first["kind"], first["source"]) == ("anthropic", "api_key", "claude-api")
    assert first["path"] == str(tmp_path / ".claude.json")
    assert found["problems"] == []
    assert "sources" not in found


def test_json_with_reveal_and_times(tmp_path):
    login = {"claudeAiOauth": {"accessToken": "fake\\value\n2", "expiresAt": FUTURE_MS}}
    ran = extract(fill(tmp_path, {".claude/.credentials.json": login, **BAD}), "--json", "--reveal")
    found = json.loads(ran.text)
    assert found["variables"][0]["value"] == "fake\\value\n2"  # JSON carries what a shell could misread
    assert found["variables"][0]["expires_at"] == "2099-01-01T00:00:00Z"
    assert [p["code"] for p in found["problems"]] == ["malformed", "malformed"]
    assert all(p["remedy"] for p in found["problems"])
    assert "left out" not in ran.err


def test_explain_shows_every_source_masked(tmp_path):
    long = "sk-ant-fake-0123456789-abcdefgh-WXYZ"
    fill(tmp_path, {**ALL, ".claude.json": {"primaryApiKey": long}, ".gemini/oauth_creds.json": "{"})
    ran = extract(tmp_path, "--explain")
    assert ran.code == 0
    assert long not in ran.text
    assert "fake-cached" not in ran.text
    lines = {(line.split()[0], line.split()[1]): line for line in ran.text.splitlines()}
    assert "used" in lines["claude-api", "anthropic"]
    assert "sk-a…WXYZ" in lines["claude-api", "anthropic"]
    assert "shadowed by claude-api" in lines["claude-oauth", "anthropic"]
    assert "shadowed by claude-api" in lines["amp", "anthropic"]
    assert "no such file" in ran.text
    assert "cannot be used" in next(line for line in ran.text.splitlines() if line.startswith("gemini"))
    found = json.loads(extract(tmp_path, "--explain", "-o", "json-pretty").text)
    states = {(s["source"], s["provider"]): s for s in found["sources"]}
    assert states["amp", "anthropic"]["shadowed_by"] == "claude-api"
    assert states["claude-api", "anthropic"]["state"] == "used"
    assert states["codex-keyring", ""]["state"] == "absent"


def test_the_value_comes_back_exactly_whatever_the_locale(tmp_path):
    value = "ké\u2028y \U0001f511"
    fill(tmp_path, {".amp/config.json": {"token": value}})
    for locale in ("C", "C.UTF-8", "POSIX", "de_DE.ISO-8859-1"):
        env = {"PATH": os.environ["PATH"], "LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
        argv = [sys.executable, "-m", "amika_cli.main", "auth", "extract", "--homedir", str(tmp_path)]
        done = subprocess.run(argv, env=env, capture_output=True, check=True)
        assert done.stdout.splitlines()[0] == f"ANTHROPIC_API_KEY='{value}'".encode()


@pytest.mark.parametrize(
    ("redirect", "code", "says"), [(">/dev/full", 5, "cannot write"), (">&-", 0, ""), ("2>&-", 0, "")]
)
def test_nowhere_to_write(tmp_path, redirect, code, says):
    fill(tmp_path, {".amp/config.json": {"token": "fake"}, ".codex/auth.json": "{"})
    command = f'"$0" -m amika_cli.main auth extract --homedir "$1" {redirect}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr


def test_the_reader_goes_away(tmp_path):
    fill(tmp_path, {".cache/amika/env-cache.json": {f"K{i}_API_KEY": "x" * 1000 for i in range(1000)}})
    command = '"$0" -m amika_cli.main auth extract --homedir "$1" | head -c 10'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
