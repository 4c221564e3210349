"""`amika tenant list`."""

from amika_cli.accounts.services import own_environment
from amika_cli.flags import Args

USAGE = "[FLAGS]"
TEXT = "Lists the tenants of your AKOS account; the one you work on is marked with *. `amika tenant use` changes it."
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """List tenants."""
    from amika_agent.accounts.akos import tenants
    from amika_cli.accounts.akos_login import account
    from amika_cli.context import Context
    from amika_cli.render import emit, table, terminal_width

    with Context(args, env=own_environment(args)) as context:
        where, keeper = account(context)
        found = tenants(where, context.env, keeper, context.http)
    rows = [("*" if one.current else "", one.name, one.id) for one in found]
    lines = table(("", "NAME", "ID"), rows, width=terminal_width(), keep=(2,)) if rows else ["There are no tenants."]
    report = [{"id": one.id, "name": one.name, "current": one.current} for one in found]
    emit(args, {"service": "akos", "tenants": report}, lines)
    return 0
