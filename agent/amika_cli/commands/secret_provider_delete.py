"""`amika secret claude delete ID` and `amika secret codex delete ID`."""

from amika_cli.flags import Args, Flag

USAGE = "ID"
TEXT = """Deletes a stored credential by its id (see `list`). New sandboxes no longer get it; nothing on this machine
changes. A rule that keeps it in sync is removed too, or it would come back."""
FLAGS = (Flag("yes", "", "accepted for scripts; there is no question", short="y"),)
WORDS = (1, 1)


def run(args: Args) -> int:
    """Delete one provider secret, and the rule that would store it again."""
    from amika_cli.context import Context
    from amika_cli.render import emit
    from amika_cli.secrets.provider import listed, provider_of, rules_by_secret

    provider = provider_of(args)
    with Context(args) as context:
        secret = listed(context, provider, args.words[0])
        rule = rules_by_secret(context, provider).get((secret.name, secret.scope))
        context.remote.delete(provider, secret.id)
        if rule:
            context.remote.forget(rule)
            context.diary.note("rule_forgotten", rule, "its secret was deleted", account=context.email)
        context.diary.note("deleted", f"{secret.name} ({secret.scope})", "asked for", account=context.email)
        context.nudge()
        text = [f"deleted {secret.name} ({secret.type}, scope {secret.scope})"]
        if rule:
            text.append(f"The rule {rule}, which kept it in sync, is removed too.")
        emit(args, {"deleted": secret.id, "name": secret.name, "forgotten_rule": rule}, text)
        return 0
