"""`amika secrets set|list`: the vault through the running agent."""

from __future__ import annotations

import json

import pytest
from tests.cli.vaults import with_keyring
from tests.fakes.agents import AgentProcess

from amika_shared.client import AgentError

TOKEN = "ghp_fakefakefakefake0123"


def test_without_an_agent_that_is_said_before_anything_is_read(amika):
    for words in (("secrets", "set", "KEY"), ("secrets", "list")):
        ran = amika(*words, stdin=TOKEN)
        assert ran.code == 5
        assert "no agent is running" in ran.err
        assert "amika agent start" in ran.err
        assert "amika vault" in ran.err
    assert amika("secrets", "list", "--local").err.count("--local") == 2


@pytest.mark.process
def test_values_go_in_and_names_come_out(amika, monkeypatch, home):
    with_keyring(monkeypatch, home)
    agent = AgentProcess().up()
    try:
        stored = amika("secrets", "set", "GITHUB_TOKEN", stdin=TOKEN + "\n")
        assert (stored.code, stored.out) == (0, "Stored GITHUB_TOKEN (workspace) in the vault: os-keychain.\n")
        assert amika("secrets", "set", "OTHER", "--scope", "tenant", stdin="x").code == 0
        listed = amika("secrets", "list", "--json")
        assert listed.json[-1]["key"] == "GITHUB_TOKEN"
        assert TOKEN not in listed.all
        assert amika("vault", "list", "--json").json == listed.json
        assert "ghp_…0123" in amika("vault", "get", "GITHUB_TOKEN").out
        with agent.client() as client:
            raw = "\udcff\udc80 bytes\n"
            client.call("secret_put", {"key": "RAW", "value": raw})
            for bad in (
                {"key": "lower", "value": "x"},
                {"key": "K"},
                {"key": "K", "value": 3},
                {"key": "K", "value": ""},
            ):
                with pytest.raises(AgentError) as caught:
                    client.call("secret_put", bad)
                assert caught.value.code == "usage"
            assert "value" not in json.dumps(client.call("secret_list"))
            assert client.call("connections") == {"connections": []}
            snapshot = json.dumps(client.call("status"))
        assert TOKEN not in snapshot
        assert TOKEN not in agent.log()
        assert "secret_put GITHUB_TOKEN" in agent.log()
        events = amika("activity", "--json").json["events"]
        assert next(e["subject"] for e in events if e["what"] == "stored") == "GITHUB_TOKEN (workspace)"
        assert "pid" in events[-1]["caller"]
    finally:
        agent.end()


@pytest.mark.process
def test_a_damaged_vault_is_told_through_the_agent(amika, monkeypatch, home):
    from tests.cli.vaults import vault_file

    with_keyring(monkeypatch, home)
    vault_file(home).parent.mkdir(parents=True)
    vault_file(home).write_text("{")
    agent = AgentProcess().up()
    try:
        ran = amika("secrets", "set", "KEY", stdin=TOKEN)
        assert ran.code == 5
        assert "vault.json" in ran.err
        assert vault_file(home).read_text() == "{"
    finally:
        agent.end()


@pytest.mark.process
def test_connections_are_told_with_what_they_lack_and_a_vault_without_passphrase_too(amika):
    fields = ("--set", "channel=#a")
    amika("connections", "add", "slack", "team", "--vault-key", "SLACK_BOT_TOKEN", *fields)
    agent = AgentProcess().up()
    try:
        (told,) = agent.ask("connections")["connections"]
        assert (told["name"], told["missing_keys"]) == ("team", ["SLACK_BOT_TOKEN"])
        ran = amika("secrets", "set", "KEY", stdin=TOKEN)
        assert ran.code == 5
        assert "Start it with AMIKA_VAULT_PASSPHRASE_FILE" in ran.err
    finally:
        agent.end()


def test_help_of_the_group_says_what_the_others_mean(amika):
    text = amika("secrets", "--help").out
    assert "secrets set" in text
    assert "means `amika secret" in text
    assert "usage: amika secret push" in amika("secrets", "push", "--help").out
    assert amika("secrets").code == 2
