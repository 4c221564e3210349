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
        ("cron", ["cron=60 3 * * *"], "minute that is none"),
        ("cron", ["cron=0 24 * * *"], "hour that is none"),
        ("cron", ["cron=0 3 0 * *"], "day that is none"),
        ("cron", ["cron=0 3 * 13 *"], "month that is none"),
        ("cron", ["cron=0 3 * * FOO"], "weekday that is none"),
        ("cron", ["cron=5-1 3 * * *"], "minute that is none"),
        ("cron", ["cron=*/0 3 * * *"], "minute that is none"),
        ("cron", ["cron=*/99 3 * * *"], "minute that is none"),
        ("cron", ["cron=1,,2 3 * * *"], "minute that is none"),
        ("cron", ["cron=61 0 3 * * *"], "second that is none"),
        ("cron", ["cron=0 3 * * *", "timezone=vienna"], "zone"),
        ("cron", ["cron=0 3 * * *", "timezone=Mars/Phobos"], "no zone that this machine knows"),
        ("cron", ["cron=0 3 * * *", "timezone=Europe/Viena"], "did you mean Europe/Vienna?"),
        ("discord", ["channelId=general"], "must be digits"),
        ("s3", ["bucket=My/Bucket"], "name of a bucket"),
        ("webhook", ["path=/a", "method=post"], "did you mean POST?"),
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
    "ak_live_fakefakefake0123",
    "hooks.slack.com/services/T0FAKE/B0FAKE/fakefakefake0123",
    "fFaKe0fAkE1fFaKe2fAkE3fFaKe4",  # of no known shape
    "0123456789abcdef0123456789abcdef",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
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


@pytest.mark.parametrize(
    "value",
    [
        "npx server --api-key abcd1234",
        "npx server --token=abcd1234",
        "env API_TOKEN=abcd1234 npx server",
        "npx server --db-password hunter22",
    ],
)
def test_a_value_after_a_telling_name_in_a_command_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="looks like a token"):
        fields("mcp", f"command={value}")
    with pytest.raises(UsageError, match="looks like a token"):
        fields("mcp", "endpoint=https://mcp.example.com/sse?token=abcd1234")


@pytest.mark.parametrize(
    "value",
    [
        "npx -y @modelcontextprotocol/server-filesystem /home/dev",
        "npx server --api-key ${vault:MCP_TOKEN} --verbose",
        "env API_TOKEN=${vault:MCP_TOKEN} npx server",
        "npx server --token-file /run/secrets/token",
        "npx github:acme/server#0123456789abcdef0123456789abcdef01234567",
        "docker run acme/server@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "npx token-counter --tokens",
    ],
)
def test_a_command_without_a_secret_is_taken(value: str) -> None:
    assert fields("mcp", f"command={value}")["command"] == value


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("sentry", ["project=550e8400-e29b-41d4-a716-446655440000", "event=issue.created"]),
        ("stripe", ["account=acct_1032D82eZvKYlo2C", "event=invoice.paid"]),
        ("llm", ["provider=anthropic", "model=claude-sonnet-4-5-20250929"]),
        ("s3", ["bucket=company-logs-2026-eu-west-1", "prefix=partition_key=2026/"]),
        ("email", ["mailbox=INBOX", "filter=subject:token"]),
        ("file", ["path=/home/dev/Projects/customer-portal-2026/Documents"]),
        ("slack", ["channel=C0123456789"]),
    ],
)
def test_ids_and_names_are_no_tokens(kind: str, given: list[str]) -> None:
    assert fields(kind, *given)


@pytest.mark.parametrize(
    "plan",
    ["* * * * *", "*/5 0-6,22-23 1,15 JAN-MAR MON-FRI", "0 0 L * ?", "0 0 15W * 5#3", "30 0 9 * * 1-5", "0 0 * * 7"],
)
def test_time_plans_that_are_in_use_are_taken(plan: str) -> None:
    assert fields("cron", f"cron={plan}")["cron"] == plan


def test_kinds_and_names() -> None:
    with pytest.raises(UsageError, match="did you mean github"):
        kind_of("gihub")
    for name in ("", "-x", "a b", "a/b", "x" * 65, "é", "ghp_fakefakefakefakefake0123"):
        with pytest.raises(UsageError):
            checked_name(name)
    assert checked_name("team-chat.2") == "team-chat.2"
    assert references_of({"a": "${vault:A}", "b": "x${vault:B}${vault:A}"}) == ["A", "B"]
