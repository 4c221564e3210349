"""`amika workspace deny`: refuse a sign-in from a terminal."""

from amika_cli.commands.workspace_approve import decide
from amika_cli.flags import Args, Flag

USAGE = "CODE [--data DIR]"
TEXT = """
Denies the sign-in that shows CODE at the local workspace; capitals, spaces and the dash do not matter.
"""
FLAGS = (Flag("data", "DIR", "the workspace's data directory (default: that of the local profile)"),)
WORDS = (1, 1)


def run(args: Args) -> int:
    """Deny the code."""
    return decide(args, approve=False)
