"""Where we differ from the Go program on purpose: one test for each line of that list."""

from __future__ import annotations

import os

import pytest
from tests.fakes.homes import ALL, FUTURE, FUTURE_MS, PAST_MS, amika, extract, fill, jwt

OPENCODE = ".local/share/opencode/auth.json"
AMP = ".amp/config.json"


def api(**entries: str) -> dict[str, object]:
    return {name: {"type": "api", "key": key} for name, key in entries.items()}


@pytest.mark.parametrize("name", ALL)
def test_a_bad_source_costs_itself_and_strict_tells_by_exit_5(tmp_path, name):
    good = extract(fill(tmp_path / "good", {other: ALL[other] for other in ALL if other != name}))
    bad = fill(tmp_path / "bad", {**ALL, name: "{broken"})
    ran = extract(bad)
    assert (ran.code, ran.out) == (0, good.out)
    assert name in ran.err
    assert extract(bad, "--strict").code == 5


@pytest.mark.parametrize(
    "name", ["a;x=id;b", "$(id)", "302ai", "a b\n;id;", "x`id`", "-", "a'b", 'a"b', "a\\b", "PATH="]
)
def test_only_names_that_are_variables_are_printed(tmp_path, name):
    ran = extract(fill(tmp_path, {OPENCODE: api(**{name: "fake-value"}, groq="fake")}))
    assert ran.text == "GROQ_API_KEY='fake'\n"
    assert ("left out" in ran.err) == (name != "-")
    assert "fake-value" not in ran.err


def test_another_home_is_not_mixed_with_the_variables_of_this_one(tmp_path, monkeypatch):
    mine = fill(
        tmp_path / "mine", {"amika/env-cache.json": {"MINE_API_KEY": "fake"}, "auth.json": {"OPENAI_API_KEY": "x"}}
    )
    for variable in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.setenv(variable, str(mine))
    assert extract(fill(tmp_path / "theirs", ALL)).names == extract(fill(tmp_path / "same", ALL)).names
    assert "MINE_API_KEY" not in extract(tmp_path / "theirs").names
    assert "MINE_API_KEY" in amika("auth", "extract").names


@pytest.mark.parametrize("name", ["opena\u0131", "openai\u0307", "\uff4fpenai", "\u212aimi"])
def test_only_ascii_names(tmp_path, name):
    ran = extract(fill(tmp_path, {OPENCODE: api(**{name: "fake-other"}), ".codex/auth.json": {}}))
    assert ran.out == b""
    assert "left out" in ran.err
    ran = extract(
        fill(tmp_path, {OPENCODE: {}, ".cache/amika/env-cache.json": {f"{name.upper()}x\u0131_API_KEY": "v"}})
    )
    assert ran.out == b""


def test_the_output_does_not_depend_on_the_order_in_a_file(tmp_path):
    names = ["a---b", "a--b", "A_-B", "a-_b", "a----b"]
    printed = set()
    for turn in range(len(names)):
        turned = names[turn:] + names[:turn]
        printed.add(extract(fill(tmp_path, {OPENCODE: api(**{name: f"fake-{name}" for name in turned})})).out)
    assert printed == {b"A_B_API_KEY='fake-A_-B'\n"}


def test_only_regular_files_up_to_20_mebibytes(tmp_path):
    fill(tmp_path, {OPENCODE: api(groq="fake")})
    os.mkdir(tmp_path / ".claude")
    os.mkfifo(tmp_path / ".claude/.credentials.json")
    os.symlink("/dev/zero", tmp_path / ".claude.json")
    os.makedirs(tmp_path / ".codex/auth.json")
    fill(tmp_path, {AMP: b'{"token": "fake"}'.ljust((20 << 20) + 1)})
    ran = extract(tmp_path)
    assert (ran.code, ran.text) == (0, "GROQ_API_KEY='fake'\n")
    assert len(ran.err.splitlines()) == 4
    assert "larger than 20 MiB" in ran.err
    fill(tmp_path, {AMP: b'{"token": "fake"}'.ljust(20 << 20)})
    assert "ANTHROPIC_API_KEY" in extract(tmp_path).names


def test_a_byte_order_mark_is_fine(tmp_path):
    assert extract(fill(tmp_path, {AMP: b'\xef\xbb\xbf{"token": "fake"}'})).names == [
        "ANTHROPIC_API_KEY",
        "CLAUDE_API_KEY",
    ]


def test_an_expiry_in_seconds_is_understood(tmp_path):
    for expires, names in ((int(FUTURE), 2), (FUTURE_MS, 2), (PAST_MS // 1000, 0), (PAST_MS, 0)):
        login = {"claudeAiOauth": {"accessToken": "fake", "expiresAt": expires}}
        assert len(extract(fill(tmp_path, {".claude/.credentials.json": login})).names) == names
        entry = {"anthropic": {"type": "oauth", "access": "fake", "expires": expires}}
        assert len(extract(fill(tmp_path / "other", {OPENCODE: entry})).names) == names


def test_the_end_of_codexs_token_is_honoured(tmp_path):
    for end, names in ((FUTURE, ["CODEX_API_KEY", "OPENAI_API_KEY"]), (PAST_MS / 1000, [])):
        assert extract(fill(tmp_path, {".codex/auth.json": {"tokens": {"access_token": jwt(exp=end)}}})).names == names


def test_a_value_with_nul_is_left_out(tmp_path):
    ran = extract(fill(tmp_path, {OPENCODE: api(groq="fake\0value", xai="fake")}), "--shell", "posix")
    assert ran.text == "XAI_API_KEY='fake'\n"
    assert "NUL" in ran.err
    assert "value'" not in ran.err


def test_a_value_with_a_backslash_needs_a_shell_to_be_named(tmp_path):
    fill(tmp_path, {OPENCODE: api(groq="fake\\'value", xai="fake")})
    ran = extract(tmp_path)
    assert (ran.code, ran.text) == (0, "XAI_API_KEY='fake'\n")
    assert "GROQ_API_KEY is left out" in ran.err
    assert "--shell" in ran.err
    assert extract(tmp_path, "--shell", "posix").text.splitlines()[0] == "GROQ_API_KEY='fake\\'\\''value'"
    assert extract(tmp_path, "--shell", "fish").text.splitlines()[0] == "set -g GROQ_API_KEY 'fake\\\\\\'value'"


def test_variables_that_move_a_source_replace_its_path(home, tmp_path, monkeypatch):
    fill(home, {**ALL, ".claude.json": {}})
    fill(tmp_path, {".credentials.json": {"claudeAiOauth": {"accessToken": "fake-moved"}}})
    fill(tmp_path, {"auth.json": {"OPENAI_API_KEY": "fake-moved"}, "opencode/auth.json": api(groq="fake-moved")})
    for variable in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    lines = amika("auth", "extract").text.splitlines()
    for name in ("ANTHROPIC", "OPENAI", "GROQ"):
        assert f"{name}_API_KEY='fake-moved'" in lines
    for name in (".credentials.json", "auth.json", "opencode/auth.json"):
        os.unlink(tmp_path / name)
    names = amika("auth", "extract").names
    assert "OPENAI_API_KEY" not in names
    assert "GROQ_API_KEY" not in names
    assert "ANTHROPIC_API_KEY='fake-amp-config'" in amika("auth", "extract").text.splitlines()


def test_extra_words_are_refused(tmp_path):
    assert extract(tmp_path, "anthropic").code == 2
