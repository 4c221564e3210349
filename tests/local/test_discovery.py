from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys

import pytest
from tests.fakes.homes import ALL, BEYOND, FILLED_IN, FUTURE_MS, NOW, PAST_MS, fill, jwt

from amika_local.discovery import discover, watched_files
from amika_local.keychain import Keychain
from amika_local.sources import TABLE

PRIORITIES = {
    "claude-api": 500,
    "claude-oauth": 400,
    "codex": 300,
    "env-cache": 290,
    "keychain": 280,
    "oauth": 270,
    "opencode": 200,
    "amp": 100,
}

# every source can give a key for `anthropic`, except Codex
ANTHROPIC: dict[str, tuple[str, object]] = {
    "claude-api": (".claude.json.api", {"apiKey": "sk-ant-claude-api"}),
    "claude-oauth": (".claude/.credentials.json", {"claudeAiOauth": {"accessToken": "claude-oauth"}}),
    "env-cache": (".cache/amika/env-cache.json", {"CLAUDE_API_KEY": "env-cache"}),
    "keychain": (".local/share/amika/keychain.json", {"ANTHROPIC_API_KEY": "keychain"}),
    "oauth": (".local/state/amika/oauth.json", {"anthropic_api_key": "oauth"}),
    "opencode": (".local/share/opencode/auth.json", {"claude": {"type": "api", "key": "opencode"}}),
    "amp": (".amp/config.json", {"token": "amp"}),
}


def look(home, env=None, **more):
    return discover(str(home), env or {}, now=NOW, **more)


def values(found) -> dict[str, str]:
    return {provider: credential.value.reveal() for provider, credential in found.winners.items()}


def states(found, source) -> list[str]:
    return [reading.state for reading in found.readings if reading.source == source]


def test_the_eight_sources_have_their_documented_priorities():
    assert {row.id: row.priority for row in TABLE if not row.fills} == PRIORITIES
    beyond = [row for row in TABLE if row.fills]
    assert beyond
    assert all(row.priority < min(PRIORITIES.values()) for row in beyond)
    assert len({row.priority for row in TABLE}) == len(TABLE)


def test_every_row_has_its_module_and_a_way_to_sign_in():
    for row in TABLE:
        module = __import__(f"amika_local.sources.{row.module}", fromlist=["parse"])
        assert callable(module.parse)
        # people write these files themselves: there is nothing to sign in to
        assert row.login or row.id in {"env-cache", "keychain", "oauth", "amp"}
        assert (row.identity is None) or callable(module.account)


def test_an_empty_and_a_missing_home(tmp_path):
    for home in (tmp_path, tmp_path / "missing"):
        found = look(home)
        assert (found.winners, found.credentials, found.problems) == ({}, [], [])
        assert set(found.files.values()) == {"absent", "off"}


def test_each_source_alone_and_all_together(tmp_path):
    for source, (name, content) in ANTHROPIC.items():
        found = look(fill(tmp_path / source, {name: content}))
        assert found.winners["anthropic"].source == source
        assert states(found, source).count("used") == 1
    everything = fill(tmp_path / "all", dict(ANTHROPIC.values()))
    for source in sorted(ANTHROPIC, key=lambda source: -PRIORITIES[source]):
        found = look(everything)
        assert found.winners["anthropic"].source == source
        assert [c.source for c in found.credentials] == sorted(
            (c.source for c in found.credentials), key=lambda source: -PRIORITIES[source]
        )
        shadowed = [r for r in found.readings if r.state == "shadowed"]
        assert {r.shadowed_by for r in shadowed} <= {source}
        assert len(shadowed) == len(found.credentials) - 1
        os.unlink(everything / ANTHROPIC[source][0])


def test_without_oauth_its_sources_are_not_opened(tmp_path):
    home = fill(
        tmp_path, {**ALL, **BEYOND, ".claude/.credentials.json": "{broken", ".local/state/amika/oauth.json": "["}
    )
    found = look(home, oauth=False, beyond=True)
    assert found.problems == []
    assert not any(credential.kind == "oauth" for credential in found.credentials)
    assert states(found, "claude-oauth") == ["off", "off"]
    assert states(found, "oauth") == ["off"]
    assert states(found, "gemini") == ["off"]


def test_the_second_file_of_a_source_is_read_only_when_the_first_gives_none(tmp_path):
    second = ".claude-oauth-credentials.json"
    login = {"claudeAiOauth": {"accessToken": "second"}}
    home = fill(tmp_path, {".claude/.credentials.json": {"claudeAiOauth": {"accessToken": "first"}}, second: "{broken"})
    found = look(home)
    assert values(found) == {"anthropic": "first"}
    assert found.problems == []
    assert found.files["claude-oauth", str(home / second)] == "off"
    for first in ({"claudeAiOauth": {"accessToken": "x", "expiresAt": PAST_MS}}, {}, "{broken"):
        fill(tmp_path, {".claude/.credentials.json": first, second: login})
        assert values(look(home)) == {"anthropic": "second"}


def test_a_bad_source_costs_itself(tmp_path):
    for source, (name, _) in ANTHROPIC.items():
        home = fill(
            tmp_path / source, {**dict(ANTHROPIC.values()), name: "{", ".codex/auth.json": {"OPENAI_API_KEY": "x"}}
        )
        found = look(home)
        assert set(found.winners) == {"anthropic", "openai"}
        (problem,) = found.problems
        assert (problem.code, problem.source, problem.path) == ("malformed", source, str(home / name))
        assert str(home / name) in problem.message
        assert problem.remedy
        assert found.files[source, str(home / name)] == "bad"


def test_an_expired_login_is_told_apart(tmp_path):
    home = fill(
        tmp_path,
        {
            ".claude/.credentials.json": {"claudeAiOauth": {"accessToken": "old", "expiresAt": int(NOW * 1000)}},
            ".codex/auth.json": {"tokens": {"access_token": jwt(exp=NOW - 1)}},
            ".amp/config.json": {"token": "amp"},
        },
    )
    found = look(home)
    assert values(found) == {"anthropic": "amp"}
    assert sorted(credential.source for credential in found.expired) == ["claude-oauth", "codex"]
    assert sorted(problem.code for problem in found.problems) == ["expired", "expired"]
    assert states(found, "codex") == ["expired"]
    assert found.files["codex", str(home / ".codex/auth.json")] == "ok"
    later = int(NOW * 1000) + 1
    fill(tmp_path, {".claude/.credentials.json": {"claudeAiOauth": {"accessToken": "new", "expiresAt": later}}})
    assert values(look(home)) == {"anthropic": "new"}


def test_the_account_is_that_of_the_configuration_beside_the_login(tmp_path):
    assert look(fill(tmp_path, ALL)).winners["anthropic"].source == "claude-api"
    claude = next(c for c in look(tmp_path).credentials if c.source == "claude-oauth")
    assert claude.account == "dev@example.com"
    fill(tmp_path, {".claude.json": "{broken"})
    found = look(tmp_path)
    assert found.winners["anthropic"].account is None
    assert [problem.source for problem in found.problems] == ["claude-api"]


_opened: list[str] | None = None


def _note_open(event: str, args: tuple[object, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append(str(args[0]))


@contextlib.contextmanager
def opened_files():
    """Collect every path that this process opens."""
    global _opened  # noqa: PLW0603 -- an audit hook cannot be removed, only told to stop
    if "hooked" not in globals():
        globals()["hooked"] = True
        sys.addaudithook(_note_open)
    _opened = paths = []
    try:
        yield paths
    finally:
        _opened = None


def test_the_identity_is_read_after_the_credential_and_the_large_file_once(tmp_path):
    fill(tmp_path, ALL)
    with opened_files() as paths:
        found = look(tmp_path)
    assert {c.source for c in found.credentials} >= {"claude-api", "claude-oauth"}
    assert paths.count(str(tmp_path / ".claude.json")) == 1
    assert paths.index(str(tmp_path / ".claude/.credentials.json")) < paths.index(str(tmp_path / ".claude.json"))


# variables that move a source


MOVES = [
    ("CLAUDE_CONFIG_DIR", "", ".credentials.json", {"claudeAiOauth": {"accessToken": "moved"}}, "claude-oauth"),
    ("CLAUDE_CONFIG_DIR", "", ".claude.json", {"primaryApiKey": "sk-ant-moved"}, "claude-api"),
    ("CODEX_HOME", "", "auth.json", {"OPENAI_API_KEY": "moved"}, "codex"),
    ("XDG_CACHE_HOME", "amika/", "env-cache.json", {"X_API_KEY": "moved"}, "env-cache"),
    ("XDG_DATA_HOME", "amika/", "keychain.json", {"X_API_KEY": "moved"}, "keychain"),
    ("XDG_STATE_HOME", "amika/", "oauth.json", {"X_API_KEY": "moved"}, "oauth"),
    ("XDG_DATA_HOME", "opencode/", "auth.json", {"x": {"type": "api", "key": "moved"}}, "opencode"),
]


@pytest.mark.parametrize(("variable", "folder", "name", "content", "source"), MOVES)
def test_a_variable_replaces_the_path_at_the_same_priority(tmp_path, variable, folder, name, content, source):
    home = fill(tmp_path / "home", ALL)
    moved = fill(tmp_path / "moved", {folder + name: content})
    found = look(home, {variable: str(moved)})
    mine = [credential for credential in found.credentials if credential.source == source]
    assert [c.value.reveal().removeprefix("sk-ant-") for c in mine] == ["moved"]
    assert mine[0].path == str(moved / folder / name)
    assert mine[0].priority == PRIORITIES[source]
    assert str(moved / folder / name) in watched_files(str(home), {variable: str(moved)})
    # replaced, not added: with nothing there the default path gives nothing either
    os.unlink(moved / folder / name)
    assert source not in [c.source for c in look(home, {variable: str(moved)}).credentials]


@pytest.mark.parametrize(("variable", "folder", "name", "content", "source"), MOVES)
def test_an_empty_variable_moves_nothing_and_a_confined_look_ignores_it(
    tmp_path, variable, folder, name, content, source
):
    home = fill(tmp_path / "home", {**ALL, ".claude.json": {"primaryApiKey": "sk-ant-home"}})
    moved = fill(tmp_path / "moved", {folder + name: content})
    plain = look(home).credentials
    for env, confined in (({variable: ""}, False), ({variable: str(moved)}, True)):
        found = look(home, env, confined=confined)
        assert [c.value for c in found.credentials] == [c.value for c in plain]
        assert not any(path.startswith(str(moved)) for path in watched_files(str(home), env, confined=confined))


def test_a_moved_claude_has_its_own_identity(tmp_path):
    home = fill(tmp_path / "home", ALL)
    work = fill(
        tmp_path / "work",
        {
            ".credentials.json": {"claudeAiOauth": {"accessToken": "work"}},
            ".claude.json": {"oauthAccount": {"emailAddress": "work@example.com"}},
        },
    )
    assert look(home, {"CLAUDE_CONFIG_DIR": str(work)}).winners["anthropic"].account == "work@example.com"


# beyond the eight


def test_beyond_the_eight_only_fills_in(tmp_path):
    home = fill(tmp_path, {**ALL, **BEYOND, ".local/share/opencode/auth.json": {"qwen": {"type": "api", "key": "key"}}})
    found = look(home)
    filled_in = {p: c.source for p, c in found.winners.items() if c.priority < 100}
    assert filled_in == {p: source for p, source in FILLED_IN.items() if p != "qwen"}
    assert found.winners["qwen"].source == "opencode"
    assert states(found, "qwen") == []  # not even opened
    assert found.winners["gemini"].account == "google@example.com"


def test_all_of_them_are_read_when_asked_for(tmp_path):
    home = fill(tmp_path, {**ALL, **BEYOND, ".local/share/opencode/auth.json": {"qwen": {"type": "api", "key": "key"}}})
    found = look(home, beyond=True)
    assert found.winners["qwen"].source == "opencode"
    assert states(found, "qwen") == ["shadowed"]
    assert {row.id for row in TABLE} == {reading.source for reading in found.readings}


def test_a_missing_codex_file_says_nothing_when_the_keyring_holds_the_login(tmp_path):
    path = str(tmp_path / ".codex/auth.json")
    fill(tmp_path, {".codex/config.toml": 'cli_auth_credentials_store = "keyring"\n'})
    assert look(tmp_path).files["codex", path] == "elsewhere"
    # also when somebody else gives openai, and so the keyring could not fill anything in
    fill(tmp_path, {".cache/amika/env-cache.json": {"OPENAI_API_KEY": "x"}})
    found = look(tmp_path)
    assert found.files["codex", path] == "elsewhere"
    assert "elsewhere" in states(found, "codex-keyring")
    fill(tmp_path, {".codex/config.toml": 'cli_auth_credentials_store = "file"\n'})
    assert look(tmp_path).files["codex", path] == "absent"
    fill(tmp_path, {".codex/config.toml": 'cli_auth_credentials_store = "keyring"\n', ".codex/auth.json": {}})
    assert look(tmp_path).files["codex", path] == "ok"


def test_the_keychain_fills_in_anthropic_and_never_for_another_home(tmp_path):
    secret = json.dumps({"claudeAiOauth": {"accessToken": "from-keychain", "expiresAt": FUTURE_MS}}).encode()

    def security(command: list[str]) -> tuple[int, bytes]:
        return 0, secret if command[-1] == "-w" else b"attributes"

    found = look(tmp_path, {"USER": "dev"}, keychain=Keychain(security))
    assert values(found) == {"anthropic": "from-keychain"}
    assert look(tmp_path, {"USER": "dev"}, keychain=Keychain(security), confined=True).winners == {}
    assert look(tmp_path, {"USER": "dev"}, keychain=Keychain(security), oauth=False).winners == {}
    fill(tmp_path, {".amp/config.json": {"token": "amp"}})
    assert values(look(tmp_path, {"USER": "dev"}, keychain=Keychain(security))) == {"anthropic": "amp"}


def codex_item(home, secret):
    """Return the keychain of somebody whose Codex keeps its login there."""
    account = "cli|" + hashlib.sha256(os.path.realpath(home / ".codex").encode()).hexdigest()[:16]

    def security(command: list[str]) -> tuple[int, bytes]:
        if command[2:6] != ["-a", account, "-s", "Codex Auth"]:
            return 44, b""
        return 0, secret if command[-1] == "-w" else b"attributes"

    return Keychain(security)


@pytest.mark.parametrize("mode", ["keyring", "auto"])
def test_codexs_login_in_the_keychain_fills_in(tmp_path, mode):
    fill(tmp_path, {".codex/config.toml": f'cli_auth_credentials_store = "{mode}"\n'})
    token = jwt(exp=FUTURE_MS / 1000)
    keychain = codex_item(tmp_path, json.dumps({"tokens": {"access_token": token, "x": 1}}).encode())
    found = look(tmp_path, keychain=keychain)
    assert values(found) == {"openai": token}
    assert found.winners["openai"].source == "codex-keyring"
    assert json.loads(found.winners["openai"].record.reveal())["tokens"] == {"access_token": token}
    assert look(tmp_path, keychain=keychain, oauth=False).winners == {}
    assert look(tmp_path, keychain=keychain, confined=True).winners == {}
    fill(tmp_path, {".cache/amika/env-cache.json": {"OPENAI_API_KEY": "of somebody else"}})
    assert values(look(tmp_path, keychain=keychain)) == {"openai": "of somebody else"}
    fill(tmp_path, {".codex/auth.json": {"OPENAI_API_KEY": "in the file"}})
    assert values(look(tmp_path, keychain=keychain)) == {"openai": "in the file"}


@pytest.mark.parametrize("mode", ["file", "ephemeral"])
def test_in_another_mode_codexs_keychain_item_is_not_read(tmp_path, mode):
    fill(tmp_path, {".codex/config.toml": f'cli_auth_credentials_store = "{mode}"\n'})
    keychain = codex_item(tmp_path, b'{"OPENAI_API_KEY": "left over"}')
    assert look(tmp_path, keychain=keychain).winners == {}


def test_where_codexs_keyring_is_not_read_it_says_so(tmp_path):
    fill(tmp_path, {".codex/config.toml": 'cli_auth_credentials_store = "keyring"\n'})
    found = look(tmp_path)
    assert "off" in states(found, "codex-keyring")
    odd = look(tmp_path, keychain=codex_item(tmp_path, b"odd"))
    assert [problem.code for problem in odd.problems] == ["malformed"]


def test_an_absent_and_an_odd_keychain_item(tmp_path):
    absent = look(tmp_path, {"USER": "dev"}, keychain=Keychain(lambda _: (44, b"")))
    assert states(absent, "claude-keychain") == ["absent"]
    odd = look(tmp_path, {"USER": "dev"}, keychain=Keychain(lambda _: (0, b"odd")))
    assert [problem.code for problem in odd.problems] == ["malformed"]


# what cannot be carried


def test_names_and_values_no_environment_can_carry_are_left_out(tmp_path):
    names = ["302ai", "a;x=id", "a b\nc", "$(id)", "opena\u0131", "gr\u043eq", "good"]
    entries = {name: {"type": "api", "key": "fake-value"} for name in names}
    entries["nul"] = {"type": "api", "key": "fake\0value"}
    found = look(fill(tmp_path, {".local/share/opencode/auth.json": entries}))
    assert list(found.winners) == ["good"]
    assert sorted(problem.code for problem in found.problems) == ["name"] * 6 + ["value"]
    assert all("fake" not in problem.message for problem in found.problems)
    assert all(problem.message.isascii() and problem.message.isprintable() for problem in found.problems)


def test_two_names_of_one_provider_do_not_depend_on_their_order_in_the_file(tmp_path):
    first = {"a---b": {"type": "api", "key": "three"}, "a--b": {"type": "api", "key": "two"}}
    second = dict(reversed(first.items()))
    for entries in (first, second):
        found = look(fill(tmp_path, {".local/share/opencode/auth.json": entries}))
        assert values(found) == {"a-b": "three"}
        assert len(found.credentials) == 1
        assert sorted(states(found, "opencode")) == ["shadowed", "used"]


def test_a_key_and_a_login_of_one_source_are_both_found(tmp_path):
    both = {"OPENAI_API_KEY": "fake-key", "tokens": {"access_token": "fake-token"}}
    found = look(fill(tmp_path, {".codex/auth.json": both}))
    assert [(c.kind, c.value.reveal()) for c in found.credentials] == [("api_key", "fake-key"), ("oauth", "fake-token")]
    assert values(found) == {"openai": "fake-key"}


def test_nothing_shows_a_value(tmp_path):
    found = look(fill(tmp_path, {**ALL, **BEYOND}), beyond=True)
    shown = repr(found) + repr(found.credentials) + repr(found.readings) + repr(found.problems)
    assert "fake" not in shown.replace(str(tmp_path), "")


def test_watched_files_are_those_of_the_table_each_once(tmp_path):
    files = watched_files(str(tmp_path), {})
    assert len(files) == len(set(files))
    for name in (*ALL, *BEYOND, ".codex/config.toml", ".claude.json.api", ".claude-oauth-credentials.json"):
        assert str(tmp_path / name) in files
    assert all(file.startswith(str(tmp_path)) for file in files)
