"""The process that outlives `vault get --copy`: waits, then clears the clipboard if it still holds the value."""

from __future__ import annotations

import json
import sys

from amika_agent.clock import SystemClock
from amika_cli.terminal.clipboard import clear_if_ours


def main() -> int:
    """Obey the order on stdin: {"tool", "salt", "digest", "seconds"}."""
    order = json.load(sys.stdin)
    SystemClock().sleep(order["seconds"])
    return 0 if clear_if_ours(order) else 1


if __name__ == "__main__":
    sys.exit(main())
