"""`amika sync rules`."""

from amika_cli.flags import Args

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_agent.sync.rules import Rule

USAGE = "[FLAGS]"
TEXT = """Lists what is kept in sync: each rule says which credential of this machine goes to which stored secret.
`amika sync add`, `amika secret claude push` and `amika secret codex push` make rules, `amika sync set RULE` changes
one, `amika sync pause RULE` pauses one, `amika sync forget RULE` removes one."""
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """List the rules of the signed-in account."""
    from amika_cli.context import Context
    from amika_cli.render import ago, emit, table, terminal_width

    with Context(args) as context:
        account = context.account.text
        rules, pushed = context.db.rules(account), context.db.pushed(account)
        now = context.clock.now()
        rows = []
        for rule in rules:
            last = pushed.get(rule.id)
            when = "not yet" if last is None else ago(last.pushed_at, now) if last.pushed_at else "adopted"
            when = "paused" if _is_paused(rule, now) else when
            rows.append(
                (rule.id, rule.name, f"{rule.provider} {rule.type}", rule.scope, when, rule.on_removal,
                 context.short(rule.path))
            )  # fmt: skip
        heads = ("RULE", "SECRET", "KIND", "SCOPE", "PUSHED", "IF IT GOES", "FROM")
        lines = table(heads, rows, width=terminal_width(), keep=(0, 3), below=(6,))
        value = [
            {
                **vars(rule),
                "paused": _is_paused(rule, now),
                "pushed_at": (pushed[rule.id].pushed_at or None) if rule.id in pushed else None,
            }
            for rule in rules
        ]
        emit(args, value, lines if rows else ["Nothing is kept in sync."])
        return 0


def _is_paused(rule: "Rule", now: float) -> bool:
    return rule.paused_until is not None and rule.paused_until > now
