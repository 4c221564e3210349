"""`amika sandbox delete NAME…`."""

from amika_cli.flags import Args, Flag

USAGE = "NAME… --remote"
TEXT = "Deletes remote sandboxes with everything in them, after a question."
FLAGS = (
    Flag("remote", "", "those at Amika; local sandboxes are not part of this program"),
    Flag("yes", "", "delete without asking", short="y"),
    Flag("force", "", "same as --yes"),
)
WORDS = (1, -1)


def run(args: Args) -> int:
    """Ask once, delete each, say which ones are left."""
    from amika_cli.children import sandbox
    from amika_cli.context import Context
    from amika_cli.render import emit, note
    from amika_local.errors import AmikaError

    sandbox.require_remote(args)
    with Context(args) as context:
        _ = context.api
        names, them = ", ".join(args.words), "it" if len(args.words) == 1 else "them"
        if not args.has("force") and not context.prompts.confirm(f"Delete {names} with everything in {them}?"):
            note("Nothing was deleted.")
            return 0
        results: list[dict[str, object]] = []
        failed: AmikaError | None = None
        for name in args.words:
            try:
                sandbox.delete(context, name)
                results.append({"name": name, "deleted": True})
            except AmikaError as error:
                failed = error
                results.append({"name": name, "deleted": False, "reason": error.message})
        emit(args, results, [_line(result) for result in results])
        if failed is not None:
            raise failed
        return 0


def _line(result: "dict[str, object]") -> str:
    return f"deleted {result['name']}" if result["deleted"] else f"not deleted: {result['reason']}"
