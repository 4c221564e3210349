from __future__ import annotations

import json

import pytest
from tests.cli.vaults import with_keyring

from amika_cli.main import main

TOKEN = "xoxb-0123456789-fakefakefake"
CDC = ("cdc", "db", "--no-auth", "--set", "source=mysql", "--set", "table=t")


@pytest.fixture
def ring(monkeypatch, home):
    return with_keyring(monkeypatch, home)


def test_add_inspect_list_remove(amika, ring):
    added = amika("connections", "add", "slack", "team", "--vault-key", "SLACK_BOT_TOKEN", "--set", "channel=#a")
    assert added.code == 0
    assert "amika vault put SLACK_BOT_TOKEN" in added.err
    (listed,) = amika("connections", "list", "--json").json
    assert listed["missing_keys"] == ["SLACK_BOT_TOKEN"]
    absent = amika("connections", "inspect", "team", "--json").json
    assert absent["auth"] == {
        "vault_key": "SLACK_BOT_TOKEN", "scope": "workspace", "exists": False, "source": None, "value": None,
    }  # fmt: skip
    amika("vault", "put", "SLACK_BOT_TOKEN", stdin=TOKEN)
    present = amika("connections", "inspect", "team")
    assert "xoxb…fake, os-keychain" in present.out
    assert "message" in present.out, "the default of event"
    assert TOKEN not in present.all
    assert "ready" in amika("connections", "list").out
    assert "team" in amika("vault", "delete", "SLACK_BOT_TOKEN").err
    gone = amika("connections", "remove", "team")
    assert "SLACK_BOT_TOKEN stays in the vault" in gone.out
    assert [e["key"] for e in amika("vault", "list", "--json").json] == ["SLACK_BOT_TOKEN"]
    assert amika("connections", "remove", "team").code == 4


def test_references_are_filled_in_once_and_masked(amika, ring):
    amika("vault", "put", "DB", stdin="${vault:OTHER}-0123456789")
    amika("vault", "put", "OTHER", stdin="never-reached-0123456789")
    added = amika("connections", "add", *CDC, "--set", "connection=mysql://app:${vault:DB}@h.example/${vault:NOPE}")
    assert "NOPE" in added.err
    seen = amika("connections", "inspect", "db", "--json").json
    assert seen["used"]["connection"] == "mysql://app:${va…6789@h.example/${vault:NOPE}"
    assert seen["missing_keys"] == ["NOPE"]
    assert "never-reached" not in json.dumps(seen)


def test_provision_is_another_name(amika, ring):
    words = ("connections", "provision", "cron", "nightly", "--set", "cron=0 3 * * *", "--json")
    assert amika(*words).json["vault_key"] is None
    again = amika(*words)
    assert again.code == 5
    assert "--force" in again.err
    assert amika(*words, "--force").code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["slak", "x"], "did you mean slack?"),
        (["slack", "x", "--vault-key", "K", "--set", "chanel=#a"], "did you mean channel?"),
        (["slack", "x", "--vault-key", "K", "--set", f"channel={TOKEN}"], "looks like a token"),
        (["slack", "x", "--vault-key", TOKEN, "--set", "channel=#a"], "name of a secret"),
        (["slack", TOKEN, "--vault-key", "K", "--set", "channel=#a"], "looks like a token"),
        (["slack", "x", "--vault-key", "lower", "--set", "channel=#a"], "A-Z"),
        (["slack", "x", "--set", "channel=#a"], "--vault-key KEY (usually SLACK_BOT_TOKEN), or --no-auth"),
        (["slack", "x", "--vault-key", "K", "--no-auth", "--set", "channel=#a"], "exclude each other"),
        (["slack"], "needs a name"),
        ([], "which kind?"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_kept(words, says, capsys, home):
    assert main(["connections", "add", *words]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert TOKEN not in said.out + said.err
    assert not list(home.rglob("connections.json"))


def test_without_a_name_the_kinds_and_fields_are_listed(capsys):
    from amika_agent.akos.connection_kinds import KINDS

    main(["connections", "add"])
    text = capsys.readouterr().out
    assert all(kind.name in text for kind in KINDS)
    main(["connections", "add", "twilio"])
    text = capsys.readouterr().out
    assert "toNumber" in text
    assert "sms, whatsapp, voice" in text
    assert "TWILIO_AUTH_TOKEN" in text


def test_none_yet(capsys):
    assert main(["connections", "list"]) == 0
    assert "amika connections add" in capsys.readouterr().out
    assert main(["connections", "inspect", "x"]) == 4
