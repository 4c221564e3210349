"""`amika sync forget RULE`."""

from amika_cli.flags import Args, Flag

USAGE = "RULE"
TEXT = """Stops keeping a stored secret in sync. The secret itself stays as it is; `amika secret claude delete` or
`amika secret codex delete` removes it. `amika sync rules` lists the rules."""
FLAGS = (Flag("yes", "", "accepted for scripts; there is no question", short="y"),)
WORDS = (1, 1)


def run(args: Args) -> int:
    """Remove one rule of the signed-in account."""
    from amika_cli.context import Context
    from amika_cli.render import emit

    with Context(args) as context:
        account = context.account.text
        rule = context.db.rule(account, args.words[0])
        context.forget(rule)
        context.nudge()
        text = [
            f"“{rule.name}” is no longer kept in sync. What is stored stays.",
            f"To remove it: {context.command(f'secret {rule.provider} list')}, then delete it by its id.",
        ]
        emit(args, {"forgotten": rule.id, "name": rule.name, "provider": rule.provider}, text)
        return 0
