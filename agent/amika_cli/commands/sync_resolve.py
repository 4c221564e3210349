"""`amika sync resolve RULE CHOICE`."""

from amika_cli.flags import Args

USAGE = "RULE accept|restore|adopt|keep|delete"
TEXT = """Answers what a rule asks; `amika status` shows the question.

  accept    what is on this machine is right: another account, another file, an older value, the gap of a replacement
  restore   store ours again: it was deleted or replaced elsewhere
  adopt     what is stored is right: take it for ours
  keep      the credential is gone here: leave what is stored
  delete    the credential is gone here: delete what is stored too

keep and delete hold for the next time as well: `amika sync set RULE --on-removal` changes that, or decides before."""
FLAGS = ()
WORDS = (2, 2)


def run(args: Args) -> int:
    """Record the answer, then act on it."""
    from amika_agent.sync.resolve import CHOICES
    from amika_cli.context import Context
    from amika_cli.render import emit
    from amika_cli.rules.outcome_text import GOES, became
    from amika_cli.status_text import within
    from amika_local.errors import Failed, UsageError

    if args.words[1] not in CHOICES:
        raise UsageError(f"the choice must be one of: {', '.join(CHOICES)}")
    with Context(args) as context:
        rule = context.db.rule(context.account.text, args.words[0])
        discovery = context.discover()
        context.remote.resolve(rule.id, args.words[1], discovery)
        outcomes = context.remote.run(discovery, again=context.discover, only=[rule.id])
        context.nudge()
        context.diary.note("resolved", rule.id, f"answered: {args.words[1]}", account=context.email)
        context.diary.outcomes({}, outcomes, context.email)
        mine = next((outcome for outcome in outcomes if outcome.rule == rule.id), None)
        did, reason = (mine.did, mine.reason) if mine is not None else ("recorded", "nothing is to be done")
        kept = context.db.rule(context.account.text, rule.id).on_removal
        value = {"rule": rule.id, "choice": args.words[1], "action": did, "detail": reason, "on_removal": kept}
        lines = [became(did, rule.name, rule.provider, rule.type, rule.scope, within(reason, context.short))]
        if args.words[1] == kept:
            lines += [
                f"The same from now on, for {context.short(rule.path)}: {GOES[kept]}.",
                f"To be asked again: {context.command(f'sync set {rule.id} --on-removal ask')}",
            ]
        emit(args, value, lines)
        if mine is not None and mine.problem is not None:
            raise Failed(f"not solved yet: {within(mine.problem.message, context.short)}", remedy=mine.problem.remedy)
        return 0
