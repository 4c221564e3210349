from __future__ import annotations

from typing import Any

import pytest

from amika_agent.akos.connection_fields import checked_fields, checked_name, kind_of, references_of
from amika_agent.akos.connection_kinds import CHOICE, CHOICES, KINDS, NAMES
from amika_local.errors import UsageError

GOOD: dict[str, tuple[list[str], dict[str, str]]] = {
    "slack": (["channel=#support"], {"channel": "#support", "event": "message"}),
    "github": (["repo=acme/shop", "event=push"], {"repo": "acme/shop", "event": "push"}),
    "linear": (["team=ENG"], {"team": "ENG", "event": "issue.create"}),
    "discord": (["channelId=123456789012345678"], {"channelId": "123456789012345678", "event": "message"}),
    "email": (["mailbox=a@example.com"], {"mailbox": "a@example.com"}),
    "cron": (["cron=0 9 * * 1-5", "timezone=Europe/Vienna"], {"cron": "0 9 * * 1-5", "timezone": "Europe/Vienna"}),
    "file": (["path=/data", "glob=*.md"], {"path": "/data", "events": "add,change", "glob": "*.md"}),
    "webhook": (["path=/hooks/build"], {"path": "/hooks/build", "method": "POST"}),
    "cdc": (
        ["source=postgres", "connection=postgres://app:${vault:DB}@db.example.com/x", "table=public.orders"],
        {
            "source": "postgres",
            "connection": "postgres://app:${vault:DB}@db.example.com/x",
            "table": "public.orders",
            "operations": "insert",
        },
    ),
    "twilio": (["toNumber=+4312345678"], {"channel": "sms", "toNumber": "+4312345678"}),
    "sentry": (["project=web", "event=issue.created"], {"project": "web", "event": "issue.created"}),
    "pagerduty": (["service=PABC", "event=incident.triggered"], {"service": "PABC", "event": "incident.triggered"}),
    "stripe": (["account=acct_123", "event=invoice.paid"], {"account": "acct_123", "event": "invoice.paid"}),
    "s3": (["bucket=logs", "prefix=2026/"], {"bucket": "logs", "prefix": "2026/", "events": "created"}),
    "mcp": (["endpoint=https://mcp.example.com/sse"], {"endpoint": "https://mcp.example.com/sse"}),
    "llm": (["provider=ollama", "model=llama3:8b"], {"provider": "ollama", "model": "llama3:8b"}),
}  # fmt: skip


def fields(kind: str, *given: str) -> dict[str, str]:
    return checked_fields(kind_of(kind), given, lambda words: f"amika {words}")


def test_there_are_sixteen_kinds_and_each_is_tried_here() -> None:
    assert len(NAMES) == len(set(NAMES)) == 16
    assert set(GOOD) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_good_values_pass_and_defaults_are_filled_in(name: str) -> None:
    given, wanted = GOOD[name]
    assert fields(name, *given) == wanted


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_defaults_are_themselves_valid_and_choices_have_words(kind: Any) -> None:
    for field in kind.fields:
        assert bool(field.choices) == (field.type in (CHOICE, CHOICES))
        assert set(filter(None, field.default.split(","))) <= set(field.choices or [field.default])


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        ("slack", [], "slack needs channel"),
        ("slack", ["channel=#a", "chanel=#b"], "did you mean channel?"),
        ("slack", ["channel"], "FIELD=VALUE"),
        ("slack", ["channel=#a", "channel=#b"], "given twice"),
        ("slack", ["channel="], "is empty"),
        ("slack", ["channel=#a", "event=mesage"], "did you mean message?"),
        ("slack", ["channel=a\nb"], "line breaks"),
        ("slack", ["channel=" + "x" * 3000], "longer than"),
        ("github", ["repo=shop", "event=push"], "OWNER/NAME"),
        ("github", ["repo=a/b"], "github needs event"),
        ("cron", ["cron=tomorrow"], "five fields"),
        ("cron", ["cron=0 3 * * *", "timezone=vienna"], "zone"),
        ("file", ["path=/x", "events=add,touch"], "add, change, unlink"),
        ("webhook", ["path=hooks"], "path like"),
        ("webhook", ["path=/a", "method=BREW"], "GET, POST"),
        ("cdc", ["source=oracle", "connection=x://y", "table=t"], "postgres, supabase, mysql"),
        ("cdc", ["source=mysql", "connection=db", "table=t"], "address"),
        ("twilio", ["toNumber=12345"], "number like"),
        ("mcp", [], "exactly one of: endpoint, command"),
        ("mcp", ["endpoint=https://x.example", "command=run"], "exactly one of"),
        ("llm", ["provider=openai"], "llm needs model"),
    ],
)
def test_bad_values_are_refused_with_the_reason(kind: str, given: list[str], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        fields(kind, *given)
    assert says in caught.value.message
    assert caught.value.exit_code == 2


TOKENS = [
    "sk-proj-fake_0123-456789abcdef",
    "sk-ant-api03-fakefakefake",
    "sk_live_fakefakefake0123",
    "github_pat_fakefake_0123456789",
    "ghp_fakefakefakefakefake0123",
    "gho_fakefakefakefakefake0123",
    "AIzaFakeFakeFakeFakeFakeFake",
    "xapp-1-A0-0123456789-fakefake",
    "xoxb-0123456789-fakefakefake",
    "lin_api_fakefakefakefakefake",
    "almyty_fakefakefake0123",
    "MTIzNDU2Nzg5MDEyMzQ1Njc4.GfakeF.fakefakefakefakefakefakefake",
    "X-API-Key: fakefakefake0123",
    "Bearer fakefakefake0123",
    "-----BEGIN PRIVATE KEY-----",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJmYWtlIn0.c2ln",
    "AKIAFAKEFAKEFAKEFAKE",
    "https://user:fakepassword@host.example/x",
    "postgres://app:fake${vault:DB}@host.example/x",
]


@pytest.mark.parametrize("token", TOKENS)
def test_what_looks_like_a_token_is_refused_with_the_command_that_stores_it(token: str) -> None:
    with pytest.raises(UsageError) as caught:
        fields("email", f"mailbox={token}")
    assert "looks like a token" in caught.value.message
    assert "amika vault put KEY" in caught.value.remedy
    assert token not in caught.value.message + caught.value.remedy


@pytest.mark.parametrize(
    "value", ["postgres://app@db.example/x", "postgres://app:${vault:DB}@db.example/x", "${vault:URL}"]
)
def test_a_user_name_and_a_reference_are_no_token(value: str) -> None:
    assert fields("cdc", "source=mysql", f"connection={value}", "table=t")["connection"] == value


def test_kinds_and_names() -> None:
    with pytest.raises(UsageError, match="did you mean github"):
        kind_of("gihub")
    for name in ("", "-x", "a b", "a/b", "x" * 65, "é", "ghp_fakefakefakefakefake0123"):
        with pytest.raises(UsageError):
            checked_name(name)
    assert checked_name("team-chat.2") == "team-chat.2"
    assert references_of({"a": "${vault:A}", "b": "x${vault:B}${vault:A}"}) == ["A", "B"]
