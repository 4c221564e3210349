"""What `amika secret claude|codex push` sends, and what is kept in sync from then on."""

from __future__ import annotations

import json
import time

from tests.cli.conftest import FUTURE_MS, write
from tests.fakes.echoing_server import EchoingServer
from tests.fakes.homes import fill
from tests.fakes.session_files import go_session, write_session

NAME = ("Claude OAuth", "user")

OTHER = '{"claudeAiOauth":{"accessToken":"sk-ant-oat01-fake-other","refreshToken":"r","expiresAt":4070908800000}}'


def test_a_found_login_is_cut_to_what_a_receiver_needs_and_kept_in_sync(amika, claude, server, stored):
    claude()
    ran = amika("secret", "claude", "push", "--type", "oauth")
    assert ran.code == 0, ran.err
    sent = json.loads(stored("claude")[NAME])
    assert list(sent) == ["claudeAiOauth"]
    assert sent["claudeAiOauth"]["accessToken"] == "sk-ant-oat01-fake-one"
    assert "Not sent" in ran.err
    assert "mcpOAuth" in ran.err
    assert "claude setup-token" in ran.err
    assert "--without-refresh-token" in ran.err
    assert "amika sync forget claude-oauth" in ran.out
    assert "fake-one" not in ran.all


def test_it_is_said_once_that_a_login_is_shared(amika, claude, server):
    claude()
    assert "single-use token" in amika("secret", "claude", "push", "--type", "oauth").err
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    assert "single-use token" not in amika("secret", "claude", "push", "--type", "oauth").err


def test_a_change_replaces_it_and_there_is_never_none(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    ran = amika("secret", "claude", "push", "--type", "oauth", "-o", "json")
    assert ran.json["action"] == "replaced"
    assert ran.json["rule"] == "claude-oauth"
    assert "fake-two" in stored("claude")[NAME]
    assert list(stored("claude")) == [NAME]
    assert all(state for state in server.history("claude"))
    again = amika("secret", "claude", "push", "--type", "oauth")
    assert "is stored already" in again.out


def test_once_makes_no_rule(amika, claude, server, stored):
    claude()
    ran = amika("secret", "claude", "push", "--type", "oauth", "--once", "--name", "mine", "--json")
    assert ran.json["kept_in_sync"] is False
    assert ran.json["rule"] is None
    assert list(stored("claude")) == [("mine", "user")]
    assert amika("sync", "rules", "--json").json == []


def test_once_of_what_is_kept_in_sync_already_is_no_contradiction(amika, claude, server, stored):
    claude()
    assert amika("secret", "claude", "push", "--type", "oauth", "--yes").code == 0
    again = amika("secret", "claude", "push", "--type", "oauth", "--once", "--yes", "--json")
    assert (again.code, again.json["action"], again.json["rule"]) == (0, "unchanged", "claude-oauth")
    given = amika("secret", "claude", "push", "--type", "oauth", "--value", "-", stdin=OTHER)
    assert (given.code, "would be changed back" in given.err) == (5, True)


def test_without_refresh_token(amika, claude, server, stored):
    claude()
    ran = amika("secret", "claude", "push", "--type", "oauth", "--without-refresh-token")
    assert ran.code == 0
    assert "single-use" not in ran.err
    assert "refreshToken" not in stored("claude")[NAME]
    refused = amika("secret", "codex", "push", "--value", "-", "--without-refresh-token", stdin="sk-fake-key")
    assert refused.code == 2


def test_codex_login_and_key(amika, home, server, stored):
    tokens = {"access_token": "fake-access", "refresh_token": "fake-refresh", "id_token": "fake-id"}
    write(
        home / ".codex" / "auth.json",
        {"auth_mode": "chatgpt", "OPENAI_API_KEY": None, "tokens": tokens, "last_refresh": "2026-01-01T00:00:00Z"},
    )
    ran = amika("secret", "codex", "push", "--type", "oauth")
    assert ran.code == 0, ran.err
    sent = json.loads(stored("codex")["Codex OAuth", "user"])
    assert sent == {
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": None,
        "tokens": tokens,
        "last_refresh": "2026-01-01T00:00:00Z",
    }
    key = amika("secret", "codex", "push", "--type", "api_key", env={"OPENAI_API_KEY": "sk-fake-from-environment"})
    assert key.code == 0
    assert stored("codex")["Codex API Key", "user"] == "sk-fake-from-environment"


def test_a_given_value(amika, server, stored):
    ran = amika("secret", "claude", "push", "--value", "-", stdin="sk-ant-api03-fake-key\n")
    assert ran.code == 0, ran.err
    assert stored("claude") == {("Claude API Key", "user"): "sk-ant-api03-fake-key"}
    assert "visible" not in ran.err
    shown = amika("secret", "codex", "push", "--value", "sk-fake-on-argv", "--name", "x")
    assert shown.code == 0
    assert "visible to other programs" in shown.err
    assert "fake-on-argv" not in shown.all


def test_a_given_file(amika, claude, home, server, stored):
    path = claude()
    ran = amika("secret", "claude", "push", "--from-file", str(path), "--name", "from file")
    assert ran.code == 0, ran.err
    assert list(json.loads(stored("claude")["from file", "user"])) == ["claudeAiOauth"]
    assert "mcpOAuth" in ran.err
    assert "fake" not in ran.all
    keyed = write(home / "auth.json", {"OPENAI_API_KEY": "sk-fake-in-file"})
    assert amika("secret", "codex", "push", "--from-file", str(keyed)).code == 0
    assert stored("codex") == {("Codex API Key", "user"): "sk-fake-in-file"}


def test_what_a_rule_leaves_out_it_goes_on_leaving_out(amika, claude, server, stored):
    claude()
    assert amika("secret", "claude", "push", "--type", "oauth", "--without-refresh-token").code == 0
    again = amika("secret", "claude", "push", "--type", "oauth")
    assert again.code == 0, again.err
    assert "single-use" not in again.err
    assert "refreshToken" not in stored("claude")["Claude OAuth", "user"]


def test_a_login_that_cannot_renew_needs_no_warning(amika, home, server):
    given = write(home / "given", {"claudeAiOauth": {"accessToken": "fake"}})
    ran = amika("secret", "claude", "push", "--from-file", str(given))
    assert ran.code == 0, ran.err
    assert "single-use" not in ran.err


def test_the_key_of_the_environment_is_said_and_not_kept(amika, server, stored):
    key = "sk-ant-api03-fake-exported"
    ran = amika("secret", "claude", "push", "--type", "api_key", env={"ANTHROPIC_API_KEY": key})
    assert ran.code == 0, ran.err
    assert "API key sk-a…rted from $ANTHROPIC_API_KEY" in ran.err
    assert "not kept in sync" in ran.out
    assert stored("claude") == {("Claude API Key", "user"): key}
    assert amika("sync", "rules", "--json").json == []


def test_another_home_is_stored_once(amika, claude, home, server, stored):
    write(home / "other" / ".claude.json", {"primaryApiKey": "sk-ant-fake-of-another-home"})
    ran = amika("secret", "claude", "push", "--type", "api_key", "--homedir", "other")
    assert ran.code == 0, ran.err
    assert "not kept in sync" in ran.out
    assert stored("claude") == {("Claude API Key", "user"): "sk-ant-fake-of-another-home"}
    assert amika("sync", "rules", "--json").json == []


def test_what_was_deleted_elsewhere_is_stored_again_by_a_push(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    server.remove(server.records("claude")[0]["id"])
    assert amika("sync").code == 5
    assert server.records("claude") == []
    assert amika("secret", "claude", "push", "--type", "oauth").code == 0
    assert list(stored("claude")) == [NAME]


def test_where_it_goes_is_said_for_a_folder_may_name_another_login(amika, home, monkeypatch):
    """A project's environment may lead to a login that lies in the project, and is not the person's own."""
    state = home / "project" / "state"
    write_session(state, go_session(iat=time.time(), lifetime=3600, email="other@example.com"))
    fill(home, {".codex/auth.json": {"OPENAI_API_KEY": "sk-fake-openai"}})
    with EchoingServer() as server:
        for name in ("AMIKA_API_URL", "AMIKA_WORKOS_URL"):
            monkeypatch.setenv(name, server.url)
        monkeypatch.setenv("AMIKA_STATE_DIRECTORY", str(state))
        pushed = amika("secret", "codex", "push", "--type", "api_key", "--yes")
        asked = amika("secret", "push", "A=1")
    assert pushed.code == 0
    assert "Storing for other@example.com, org_1: the API key" in pushed.err
    assert asked.code == 2
    assert "Store 1 secret in scope user for other@example.com, org_1?" in asked.err
