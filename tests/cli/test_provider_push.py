from __future__ import annotations

import json
import os
import time

import pytest
from tests.cli.conftest import FUTURE_MS, write
from tests.fakes.terminal import Terminal

NAME = ("Claude OAuth", "user")


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


def test_what_has_to_wait_says_once_how_it_goes_on(amika, claude, server):
    claude()
    server.faults.add("status", method="POST", path="/secrets/claude", status=429, retry_after=60)
    ran = amika("secret", "claude", "push", "--type", "oauth")
    assert ran.code == 5
    assert ran.err.count("amika sync") == 1
    assert "goes on when an agent runs" in ran.err


def test_what_has_to_wait_is_known_to_the_agent_at_once_and_goes_on_by_itself(amika, claude, server):
    claude()
    assert amika("agent", "start").code == 0
    try:
        server.faults.add("status", method="GET", path="/secrets/claude", status=500, times=-1)
        ran = amika("secret", "claude", "push", "--type", "oauth")
        assert ran.code == 5
        assert "goes on by itself" in ran.err
        end = time.monotonic() + 40  # an agent that was not told looks after a minute
        while not (shown := amika("status", "--json").json)["rules"]:
            assert time.monotonic() < end, "the agent does not know of it"
        assert shown["agent"]["used"]
        assert shown["rules"][0]["state"] == "pending"
    finally:
        assert amika("agent", "stop").code == 0


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


def test_a_person_chooses(claude, server, stored):
    claude()
    env = {**os.environ, "ANTHROPIC_API_KEY": "sk-ant-api03-fake-0123456789"}
    with Terminal(["secret", "claude", "push"], env) as terminal:
        seen = terminal.expect("Which one? [1-3]")
        assert "1) login from ~/.claude/.credentials.json" in seen
        assert "2) API key sk-a…6789 from $ANTHROPIC_API_KEY" in seen
        terminal.type("7")
        terminal.expect("Please type a number from 1 to 3.")
        terminal.type("2")
        assert terminal.end() == 0
    assert stored("claude") == {("Claude API Key", "user"): "sk-ant-api03-fake-0123456789"}


def test_a_rule_is_not_fought_by_a_push_beside_it(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    given = json.dumps({"claudeAiOauth": {"accessToken": "sk-ant-oat01-fake-given"}})
    ran = amika("secret", "claude", "push", "--value", "-", stdin=given)
    assert ran.code == 5
    assert "amika sync forget claude-oauth" in ran.err
    assert "fake-given" not in stored("claude")[NAME] + ran.all


def test_forget_leaves_the_secret(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    assert [rule["id"] for rule in amika("sync", "rules", "--json").json] == ["claude-oauth"]
    ran = amika("sync", "forget", "claude-oauth")
    assert ran.code == 0
    assert amika("sync", "rules", "--json").json == []
    assert list(stored("claude")) == [NAME]
    assert amika("sync", "forget", "claude-oauth").code == 4


def test_forget_deletes_the_secret_when_asked(amika, claude, codex, server, stored):
    claude()
    codex()
    amika("secret", "claude", "push", "--type", "oauth")
    amika("secret", "claude", "push", "--value", "sk-ant-fake", "--name", "By hand")
    amika("secret", "extract", "--push", "--only", "OPENAI_API_KEY", "--yes")
    amika("config", "set", "sync.auto_push", "claude")
    ran = amika("sync", "forget", "claude-oauth", "--delete")
    assert ran.code == 0, ran.err
    assert "What was stored is deleted." in ran.out
    assert "sync.auto_push" in ran.out
    assert [record["name"] for record in server.records("claude")] == ["By hand"]
    assert all(stored().values()), "another rule's secret stays"
    (generic,) = [rule["id"] for rule in amika("sync", "rules", "--json").json]
    assert "emptied" in amika("sync", "forget", generic, "--delete").out
    assert stored() == {("OPENAI_API_KEY", "user"): ""}
    assert amika("sync", "rules", "--json").json == []
    assert amika("sync").code == 0
    assert [record["name"] for record in server.records("claude")] == ["By hand"], "auto_push does not begin anew"


def test_a_secret_that_cannot_be_deleted_keeps_its_rule(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    server.faults.add("status", method="DELETE", status=500)
    ran = amika("sync", "forget", "claude-oauth", "--delete")
    assert ran.code == 5
    assert "The rule stays; run it again." in ran.err
    assert [rule["id"] for rule in amika("sync", "rules", "--json").json] == ["claude-oauth"]
    server.faults.clear()
    assert amika("sync", "forget", "claude-oauth", "--delete").code == 0
    assert server.records("claude") == []


def test_delete_is_for_one_rule(amika):
    ran = amika("sync", "forget", "--everything", "--delete", "--yes")
    assert ran.code == 2
    assert "--delete" in ran.err


def test_list_and_delete(amika, claude, server):
    assert "amika secret claude push" in amika("secret", "claude", "list").out
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    (row,) = amika("secret", "claude", "list", "--json").json
    assert (row["name"], row["type"], row["scope"], row["rule"]) == ("Claude OAuth", "oauth", "user", "claude-oauth")
    by_name = amika("secret", "claude", "delete", "Claude OAuth")
    assert by_name.code == 4
    assert row["id"] in by_name.err
    gone = amika("secret", "claude", "delete", row["id"])
    assert gone.code == 0
    assert server.records("claude") == []
    assert amika("sync", "rules", "--json").json == []
    assert amika("secret", "claude", "delete", "../../secrets").code == 4
    assert amika("secret", "codex", "delete", row["id"]).code == 4


def test_a_refused_value_leaves_no_rule_behind(amika, claude, server):
    claude()
    server.faults.add("status", method="POST", path="/secrets/claude", times=-1, status=422)
    ran = amika("secret", "claude", "push", "--type", "oauth")
    assert ran.code == 5
    assert amika("sync", "rules", "--json").json == []


def test_a_value_that_the_server_does_not_take_now_is_exit_5_and_goes_in_the_second_time(amika, server, stored):
    words = ("secret", "claude", "push", "--value", "-", "--name", "Work")
    assert amika(*words, stdin="sk-ant-api03-fake-one-fake-one-fake").code == 0
    server.faults.add("status", method="POST", path="/secrets/claude", times=-1, status=429)
    ran = amika(*words, stdin="sk-ant-api03-fake-two-fake-two-fake")
    assert ran.code == 5
    assert "not stored yet" in ran.err
    assert ran.out == ""
    assert "one" in stored("claude")["Work", "user"]
    server.faults.clear()
    assert amika(*words, stdin="sk-ant-api03-fake-two-fake-two-fake").code == 0
    assert list(stored("claude")) == [("Work", "user")]
    assert "two" in stored("claude")["Work", "user"]


def test_offline_is_recorded_and_finished_later(amika, claude, server, stored):
    claude()
    server.faults.add("refuse", times=-1)
    ran = amika("secret", "claude", "push", "--type", "oauth")
    assert ran.code == 5
    assert "amika sync" in ran.err
    server.faults.clear()
    assert amika("sync").code == 0
    assert list(stored("claude")) == [NAME]


def test_a_credential_that_has_just_changed_is_waited_for(amika, claude, server):
    claude()
    started = time.monotonic()
    assert amika("secret", "claude", "push", "--type", "oauth").code == 0
    assert time.monotonic() - started < 30


def test_org_scope_asks_and_replaces_with_consent(amika, claude, server, stored):
    claude()
    asked = amika("secret", "claude", "push", "--type", "oauth", "--scope", "org")
    assert asked.code == 2
    assert "amika sync add claude-oauth/anthropic --generic --scope org" in asked.err
    assert server.records("claude") == []
    ran = amika("secret", "claude", "push", "--type", "oauth", "--scope", "org", "--yes")
    assert ran.code == 0, ran.err
    assert "there is none for a moment" in ran.err
    assert list(stored("claude")) == [("Claude OAuth", "org")]
    claude("sk-ant-oat01-fake-two", FUTURE_MS + 1000)
    assert amika("secret", "claude", "push", "--type", "oauth", "--scope", "org", "--yes").code == 0
    assert "fake-two" in stored("claude")["Claude OAuth", "org"]
    assert list(stored("claude")) == [("Claude OAuth", "org")]


def test_org_scope_names_what_it_would_take_over(claude, server, stored):
    claude()
    server.put("claude", name="Theirs", value="sk-ant-fake", type="api_key", scope="org")
    with Terminal(["secret", "claude", "push", "--type", "oauth", "--scope", "org"], dict(os.environ)) as terminal:
        terminal.expect("Replace “Theirs” (api_key) by “Claude OAuth” for everyone in the organization? [y/N]")
        terminal.type("n")
        assert terminal.end() == 0
    assert list(stored("claude")) == [("Theirs", "org")]
    with Terminal(["secret", "claude", "push", "--type", "oauth", "--scope", "org"], dict(os.environ)) as terminal:
        terminal.expect("[y/N]")
        terminal.type("y")
        assert terminal.end() == 0
    assert list(stored("claude")) == [("Claude OAuth", "org")]


def test_an_org_api_key_is_offered_as_a_generic_secret_first(amika, server):
    ran = amika("secret", "claude", "push", "--value", "-", "--scope", "org", "--yes", stdin="sk-ant-api03-fake")
    assert ran.code == 0, ran.err
    assert "amika secret push --scope org" in ran.err


def test_what_was_deleted_elsewhere_is_stored_again_by_a_push(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    server.remove(server.records("claude")[0]["id"])
    assert amika("sync").code == 5
    assert server.records("claude") == []
    assert amika("secret", "claude", "push", "--type", "oauth").code == 0
    assert list(stored("claude")) == [NAME]


def test_resolve(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    server.remove(server.records("claude")[0]["id"])
    ran = amika("sync", "resolve", "claude-oauth", "restore")
    assert ran.code == 0, ran.err
    assert list(stored("claude")) == [NAME]
    assert amika("sync", "resolve", "claude-oauth", "nonsense").code == 2
    assert amika("sync", "resolve", "nope", "restore").code == 4


def test_forget_everything(amika, claude, codex, server, stored):
    claude()
    codex()
    amika("secret", "claude", "push", "--type", "oauth")
    amika("secret", "extract", "--push", "--only", "OPENAI_API_KEY", "--yes")
    assert amika("sync", "forget").code == 2
    assert amika("sync", "forget", "claude-oauth", "--everything").code == 2
    assert amika("sync", "forget", "--everything").code == 2
    assert len(server.records("claude")) == 1
    ran = amika("sync", "forget", "--everything", "--yes")
    assert ran.code == 0, ran.err
    assert server.records("claude") == []
    assert stored() == {("OPENAI_API_KEY", "user"): ""}
    assert amika("sync", "rules", "--json").json == []


def test_a_person_types_a_key_and_it_is_not_shown(server, stored):
    with Terminal(["secret", "codex", "push"], dict(os.environ)) as terminal:
        assert "1) an API key that you type in" in terminal.expect("Which one? [1-1]")
        terminal.type("1")
        terminal.expect("Codex API key (not shown):")
        terminal.type("sk-fake-typed-in")
        assert terminal.end() == 0
        assert "fake-typed" not in terminal.seen
    assert stored("codex") == {("Codex API Key", "user"): "sk-fake-typed-in"}


def test_a_value_from_stdin_is_typed_unseen_on_a_terminal(server, stored):
    words = ["secret", "claude", "push", "--value", "-"]
    with Terminal(words, dict(os.environ)) as terminal:
        terminal.expect("Claude key or login (not shown):")
        terminal.type("sk-ant-fake-typed")
        assert terminal.end() == 0
        assert "fake-typed" not in terminal.seen
    assert stored("claude") == {("Claude API Key", "user"): "sk-ant-fake-typed"}


def test_answers_typed_ahead_are_not_lost(claude, server, stored):
    claude()
    with Terminal(["secret", "claude", "push", "--scope", "org"], dict(os.environ)) as terminal:
        terminal.type("1")
        terminal.type("y")
        assert terminal.end() == 0, terminal.seen
    assert list(stored("claude")) == [("Claude OAuth", "org")]
