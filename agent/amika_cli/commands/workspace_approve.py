"""`amika workspace approve`: decide on a sign-in from a terminal."""

from amika_cli.flags import Args, Flag

USAGE = "CODE [--data DIR]"
TEXT = """
Approves the sign-in that shows CODE at the local workspace; capitals, spaces and the dash do not matter.
Approve only a sign-in that you started yourself.
"""
FLAGS = (Flag("data", "DIR", "the workspace's data directory (default: that of the local profile)"),)
WORDS = (1, 1)


def run(args: Args) -> int:
    """Approve the code."""
    return decide(args, approve=True)


def decide(args: Args, *, approve: bool) -> int:
    """Approve or deny the code of the command line, and say so."""
    from amika_agent.workspace import launch
    from amika_cli import render
    from amika_cli.commands.workspace_serve import data_dir

    code = args.words[0]
    launch.decide(data_dir(args), code, approve)
    state = "approved" if approve else "denied"
    render.emit(args, {"state": state}, [f"The sign-in is {state}."])
    return 0
