"""`amika sync add CREDENTIAL`."""

from amika_cli.flags import Args, Flag

USAGE = "CREDENTIAL [FLAGS]"
TEXT = """Keeps a credential of this machine stored from now on: a Claude or Codex credential as the provider's secret,
any other (or with --generic) as a generic secret, which is a variable in sandboxes. CREDENTIAL is an id of
`amika status --json`, like claude-oauth/anthropic, or as much of it as names one: codex, groq.

`amika sync set RULE` changes it later, `amika sync forget RULE` ends it."""
FLAGS = (
    Flag("generic", "", "store the bare key or token as a generic secret"),
    Flag("name", "NAME", "name of the stored secret; for a generic one, the variable"),
    Flag("scope", "SCOPE", "user (default) or org: everyone in the organization; asks a second time",
         choices=("user", "org")),
    Flag("on-removal", "WHAT", "when the credential goes from here: keep (default), delete or ask",
         choices=("keep", "delete", "ask")),
    Flag("without-refresh-token", "", "what is stored cannot renew itself"),
    Flag("yes", "", "do not ask", short="y"),
)  # fmt: skip
WORDS = (1, 1)


def run(args: Args) -> int:
    """Make a rule and push for the first time."""
    from amika_cli.context import Context
    from amika_cli.rules.adding import add

    with Context(args) as context:
        return add(context, args.words[0])
