"""`amika tenant use`."""

from amika_cli.accounts.services import own_environment
from amika_cli.flags import Args

USAGE = "NAME|ID"
TEXT = """Works on another tenant of your AKOS account from now on: the session is renewed for it.
`amika tenant list` shows which there are. A token of the environment belongs to one tenant and cannot be moved."""
FLAGS = ()
WORDS = (1, 1)


def run(args: Args) -> int:
    """Move the session to another tenant."""
    from amika_agent.accounts.akos import use_tenant
    from amika_cli.accounts.akos_login import account
    from amika_cli.context import Context
    from amika_cli.render import clean, emit

    with Context(args, env=own_environment(args)) as context:
        where, keeper = account(context)
        chosen = use_tenant(where, context.env, keeper, context.http, args.words[0])
    report = {"service": "akos", "tenant_id": chosen.id, "tenant_name": chosen.name}
    emit(args, report, [f"Working on tenant {clean(chosen.name)} ({clean(chosen.id)})."])
    return 0
