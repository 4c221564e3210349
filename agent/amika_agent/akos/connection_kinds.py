"""The sixteen kinds of connections, as data: fields, types, defaults. Values are checked by `connection_fields`."""

from __future__ import annotations

from dataclasses import dataclass

TEXT = "text"  # one line
WORD = "word"  # letters, digits and . _ : - /
CHOICE = "choice"
CHOICES = "choices"  # several, separated by commas
REPO = "repo"  # owner/name
PATH = "path"  # of a file or folder
ROUTE = "route"  # path part of a URL
CRON = "cron"
ZONE = "zone"  # Europe/Vienna
PHONE = "phone"  # +43…
URL = "url"
DIGITS = "digits"
BUCKET = "bucket"
COMMAND = "command"  # with its arguments


@dataclass(frozen=True)
class Field:
    """One field of a kind.

    name      as given to --set
    type      one of the words above
    text      what it is, for a person, with an example where that helps
    required  False: may be left out
    default   used when it is left out; "" for none
    choices   for "choice" and "choices"
    """

    name: str
    type: str
    text: str
    required: bool = True
    default: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of connection.

    name    what commands call it
    text    what it connects to
    fields  in the order in which they are shown
    one_of  fields of which exactly one has to be given; empty when that rule does not apply
    key     the vault key that it usually takes; "" when it needs no authentication
    """

    name: str
    text: str
    fields: tuple[Field, ...]
    one_of: tuple[str, ...] = ()
    key: str = ""

    def field(self, name: str) -> Field | None:
        """Return the field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)


def _event(text: str, *choices: str, default: str = "") -> Field:
    return Field("event", CHOICE if choices else WORD, text, default=default, choices=choices)


KINDS = (
    Kind(
        "slack",
        "messages of a Slack channel",
        (
            Field("channel", TEXT, "channel, like #support"),
            _event("what to listen to", "message", "mention", "reaction", default="message"),
        ),
        key="SLACK_BOT_TOKEN",
    ),
    Kind(
        "github",
        "events of a GitHub repository",
        (
            Field("repo", REPO, "OWNER/NAME"),
            _event("what to listen to", "pull_request", "issues", "push", "release", "workflow_run"),
        ),
        key="GITHUB_TOKEN",
    ),
    Kind(
        "linear",
        "issues of a Linear team",
        (
            Field("team", WORD, "the team's key, like ENG"),
            _event("what to listen to", "issue.create", "issue.update", "comment.create", default="issue.create"),
        ),
        key="LINEAR_API_KEY",
    ),
    Kind(
        "discord",
        "events of a Discord channel",
        (
            Field("channelId", DIGITS, "the channel's id, digits"),
            _event("what to listen to, like message", default="message"),
        ),
        key="DISCORD_BOT_TOKEN",
    ),
    Kind(
        "email",
        "mail that arrives in a mailbox",
        (
            Field("mailbox", TEXT, "mailbox, like INBOX or support@example.com"),
            Field("filter", TEXT, "only mail that matches this", required=False),
        ),
        key="EMAIL_PASSWORD",
    ),
    Kind(
        "cron",
        "a time plan",
        (
            Field("cron", CRON, 'five fields, like "0 9 * * 1-5"'),
            Field("timezone", ZONE, "like Europe/Vienna; the machine's own without it", required=False),
        ),
    ),
    Kind(
        "file",
        "files that change",
        (
            Field("path", PATH, "folder or file to watch"),
            Field("events", CHOICES, "what to listen to", default="add,change", choices=("add", "change", "unlink")),
            Field("glob", TEXT, "only files that match, like *.md", required=False),
        ),
    ),
    Kind(
        "webhook",
        "requests that arrive at a path",
        (
            Field("path", ROUTE, "path of the URL, like /hooks/build"),
            Field("method", CHOICE, "HTTP method", default="POST", choices=("GET", "POST", "PUT", "PATCH", "DELETE")),
            Field(
                "signing",
                CHOICE,
                "check signatures made with the secret in the vault",
                required=False,
                choices=("hmac-sha256",),
            ),
        ),
        key="WEBHOOK_SECRET",
    ),
    Kind(
        "cdc",
        "rows that change in a database",
        (
            Field("source", CHOICE, "database", choices=("postgres", "supabase", "mysql")),
            Field("connection", URL, "address, like postgres://app:${vault:DB_PASSWORD}@db.example.com/shop"),
            Field("table", WORD, "table, like public.orders"),
            Field("operations", CHOICES, "what to listen to", default="insert", choices=("insert", "update", "delete")),
        ),
        key="DATABASE_PASSWORD",
    ),
    Kind(
        "twilio",
        "messages and calls to a number",
        (
            Field("channel", CHOICE, "how it comes in", default="sms", choices=("sms", "whatsapp", "voice")),
            Field("toNumber", PHONE, "your number, like +4312345678"),
        ),
        key="TWILIO_AUTH_TOKEN",
    ),
    Kind(
        "sentry",
        "issues of a Sentry project",
        (Field("project", WORD, "the project's slug"), _event("what to listen to, like issue.created")),
        key="SENTRY_AUTH_TOKEN",
    ),
    Kind(
        "pagerduty",
        "incidents of a PagerDuty service",
        (
            Field("service", WORD, "the service's id, like PABC123"),
            _event("what to listen to, like incident.triggered"),
        ),
        key="PAGERDUTY_API_KEY",
    ),
    Kind(
        "stripe",
        "events of a Stripe account",
        (
            Field("account", WORD, "the account's id, like acct_123"),
            _event("what to listen to, like invoice.paid"),
        ),
        key="STRIPE_API_KEY",
    ),
    Kind(
        "s3",
        "objects of an S3 bucket",
        (
            Field("bucket", BUCKET, "name of the bucket"),
            Field("prefix", TEXT, "only objects whose name begins so", required=False),
            Field("events", CHOICES, "what to listen to", default="created", choices=("created", "removed")),
        ),
        key="AWS_SECRET_ACCESS_KEY",
    ),
    Kind(
        "mcp",
        "an MCP server",
        (
            Field("endpoint", URL, "its address, like https://mcp.example.com/sse", required=False),
            Field("command", COMMAND, "or the command that starts it", required=False),
        ),
        one_of=("endpoint", "command"),
        key="MCP_TOKEN",
    ),
    Kind(
        "llm",
        "a language model",
        (
            Field("provider", CHOICE, "who runs it", choices=("openai", "anthropic", "gemini", "ollama", "lmstudio")),
            Field("model", WORD, "name of the model"),
        ),
        key="OPENAI_API_KEY",
    ),
)

NAMES = tuple(kind.name for kind in KINDS)
