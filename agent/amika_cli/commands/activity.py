"""`amika activity`: what happened to which credential, when and why."""

import os
from functools import partial

from amika_cli.flags import Args, Flag

USAGE = "[--since WHEN] [--limit N]"
TEXT = """
Shows what happened to which credential, when and why: found, cached, pushed, replaced, refused, signed in or out.
It holds no values and is kept for 90 days. WHEN is a length of time (1h, 2d) or a date (2026-11-21).
"""
FLAGS = (
    Flag("since", "WHEN", "only what is newer (default: 1w)"),
    Flag("limit", "N", "at most so many lines, the newest (default: 200)"),
)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Print the log, oldest first."""
    from amika_agent.activity.log import ActivityLog
    from amika_agent.clock import SystemClock
    from amika_cli import duration, render
    from amika_cli.status_text import within
    from amika_shared.profile import resolve

    clock = SystemClock()
    log = ActivityLog(resolve(os.environ, local=args.local).activity_db, clock)
    try:
        events = log.events(since=duration.since(args.get("since", "1w"), clock.now()), limit=_limit(args))
    finally:
        log.close()
    if log.trouble:
        render.note(f"warning: {log.trouble}")
    short = partial(render.home_short, home=os.path.expanduser("~"))
    rows: list[tuple[str, ...]] = [
        (_when(event.at), event.what.replace("_", " "), event.subject, within(event.why, short), event.caller)
        for event in events
    ]
    heads, width = ("WHEN", "WHAT", "WHICH", "WHY", "ASKED BY"), render.terminal_width()
    lines = render.table(heads, rows, width=width, keep=(0, 1), below=(3,))
    nothing = [] if log.trouble else ["Nothing has happened in that time."]
    render.emit(args, {"events": [event.as_json() for event in events]}, lines if rows else nothing)
    return 0


def _limit(args: Args) -> int:
    from amika_local.errors import UsageError

    text = args.get("limit", "200")
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= 6 and int(text) > 0):
        raise UsageError("--limit must be a whole number above zero")
    return int(text)


def _when(at: float) -> str:
    from datetime import datetime

    try:
        return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "?"
