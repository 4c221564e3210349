"""`amika sandbox list`."""

from amika_cli.flags import Args, Flag

USAGE = "--remote"
TEXT = "Lists your remote sandboxes."
FLAGS = (Flag("remote", "", "those at Amika; local sandboxes are not part of this program"),)
WORDS = (0, 0)


def run(args: Args) -> int:
    """List the sandboxes of the account."""
    from amika_cli.children import sandbox
    from amika_cli.context import Context
    from amika_cli.render import emit, table, terminal_width

    sandbox.require_remote(args)
    with Context(args) as context:
        found = context.api.list_sandboxes()
        rows = [
            (box.name, box.state, sandbox.text(box.raw, "repo_url"), sandbox.text(box.raw, "branch")) for box in found
        ]
        lines = table(("NAME", "STATE", "REPOSITORY", "BRANCH"), rows, width=terminal_width(), keep=(0,))
        empty = [f"There are no remote sandboxes. `{context.command('sandbox create --remote')}` creates one."]
        emit(
            args,
            [{"name": box.name, "state": box.state, **sandbox.told(box.raw)} for box in found],
            lines if rows else empty,
        )
        return 0
