"""`amika connections add KIND NAME`, also called `connections provision`."""

from amika_cli.flags import Args, Flag

USAGE = "KIND NAME [--vault-key KEY | --no-auth] [--set FIELD=VALUE]…"
TEXT = """
Defines a connection. It is authenticated by a secret in the vault, named with --vault-key, or not at all; a connection
never holds a secret itself. A field may contain ${vault:KEY}, which is filled in when the connection is used.

Without NAME the fields of KIND are listed, without both the kinds: slack, github, linear, discord, email, cron, file,
webhook, cdc, twilio, sentry, pagerduty, stripe, s3, mcp, llm.

  amika connections add slack team-chat --vault-key SLACK_BOT_TOKEN --set channel=#support
  amika connections add cron nightly --set cron="0 3 * * *" --set timezone=Europe/Vienna"""
FLAGS = (
    Flag("set", "FIELD=VALUE", "a field of this kind; may be repeated", many=True),
    Flag("vault-key", "KEY", "the secret in the vault that authenticates it"),
    Flag("no-auth", "", "it needs no authentication"),
    Flag("scope", "SCOPE", "where the key is: workspace (default) or tenant", choices=("workspace", "tenant")),
    Flag("force", "", "replace the connection of that name"),
)
WORDS = (0, 2)


def run(args: Args) -> int:
    """Check what was given, keep the connection."""
    from amika_cli.context import Context
    from amika_cli.vault import connecting

    with Context(args) as context:
        if len(args.words) < 2:
            connecting.show_kinds(context, args.words[0] if args.words else "")
        return connecting.add(context, *args.words)
