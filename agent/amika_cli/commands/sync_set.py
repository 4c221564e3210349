"""`amika sync set RULE`."""

from amika_cli.flags import Args, Flag

USAGE = "RULE [--on-removal keep|delete|ask] [--without-refresh-token | --with-refresh-token]"
TEXT = """Changes what a rule does.

--on-removal says what becomes of the stored secret when the credential goes from this machine: keep it (what happens
when nothing is said), delete it too, or ask. A generic secret cannot be deleted; it is emptied."""
FLAGS = (
    Flag("on-removal", "WHAT", "keep, delete or ask", choices=("keep", "delete", "ask")),
    Flag("without-refresh-token", "", "what is stored cannot renew itself; it is replaced whenever it is renewed here"),
    Flag("with-refresh-token", "", "what is stored can renew itself, and may sign this machine out by that"),
)
WORDS = (1, 1)


def run(args: Args) -> int:
    """Change a rule of the signed-in account."""
    from amika_cli.context import Context
    from amika_cli.render import emit
    from amika_local.errors import UsageError

    without, with_ = args.has("without-refresh-token"), args.has("with-refresh-token")
    if without and with_:
        raise UsageError("--with-refresh-token and --without-refresh-token exclude each other")
    if not (without or with_ or args.has("on-removal")):
        remedy = "Pass --on-removal keep|delete|ask, --without-refresh-token or --with-refresh-token."
        raise UsageError("what is to be changed?", remedy=remedy)
    with Context(args) as context:
        account = context.account.text
        rule = context.db.rule(account, args.words[0])
        if (without or with_) and rule.type != "oauth":
            raise UsageError("only logins of Claude and Codex have a refresh token")
        wanted: dict[str, object] = {"on_removal": args.get("on-removal")} if args.has("on-removal") else {}
        if without or with_:
            wanted["without_refresh_token"] = without
        changed = context.db.change_rule(account, rule.id, **wanted)
        context.diary.rules([rule], [changed], "", context.email)
        context.nudge()
        slim = changed.without_refresh_token
        lines = [f"“{rule.name}”: when its source goes: {changed.on_removal}."]
        lines += [f"Its refresh token is {'left out' if slim else 'sent along'}."] if changed.type == "oauth" else []
        value = {"rule": rule.id, "on_removal": changed.on_removal, "without_refresh_token": slim}
        emit(args, value, lines)
        return 0
