"""`amika workspace serve`: the local workspace in the foreground."""

import os
import sys
from typing import TYPE_CHECKING

from amika_cli.flags import Args, Flag
from amika_cli.homedir import absolute
from amika_local.errors import Busy, UsageError

if TYPE_CHECKING:
    from amika_agent.workspace.services import Services

USAGE = "[--port N] [--data DIR] [--organizations NAMES] [FLAGS]"
TEXT = """
Runs the local workspace: it stands in for the hosted services on this machine, with a sign-in page, the secrets API
and an overview of what is stored. It listens on 127.0.0.1 only and answers to your user only.
Prints its address and a link that opens the overview once. Ctrl-C stops it.
"""
FLAGS = (
    Flag("port", "N", "port to listen on; 0 (default) takes the last one again, or any free one"),
    Flag("data", "DIR", "where it keeps its data (default: that of the local profile)"),
    Flag("token-lifetime", "SECONDS", "how long an access token lives (default: 600)"),
    Flag("organizations", "NAMES", "organizations you belong to beside the first, separated by commas; they are kept"),
    Flag("interval", "SECONDS", "how long a program waits between two questions (default: 1)"),
)
WORDS = (0, 0)


def data_dir(args: Args) -> str:
    """Return the workspace's data directory: --data, else the local profile's.

    Raises:
        UsageError: --data without a directory.

    """
    from amika_shared.profile import resolve

    if args.has("data"):
        if not args.get("data").strip():
            raise UsageError("--data needs a directory: --data DIR")
        return absolute(os.path.expanduser(args.get("data")))
    return resolve(os.environ, local=True).workspace_dir


def run(args: Args) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from amika_agent.clock import SystemClock
    from amika_agent.hardening import harden
    from amika_agent.logs import start_log
    from amika_agent.workspace import launch
    from amika_agent.workspace.serve import Options, serve
    from amika_cli import render

    folder = data_dir(args)
    options = Options(
        folder,
        port=_number(args, "port", 0, 65535, "0"),
        token_lifetime=_number(args, "token-lifetime", 1, 86400, "600"),
        interval=_number(args, "interval", 1, 60, "1"),
        organizations=_names(args),
    )
    harden()
    start_log(os.path.join(folder, "workspace.log"), "info", to_stderr=False)
    clock = SystemClock()
    try:
        serve(options, clock, lambda services: _announce(args, services))
    except Busy as error:
        running = launch.find(folder, clock)
        if running is not None:
            error.message += f": {running.url} (process {running.pid})"
            error.remedy += f" To look into it, open {launch.page_link(folder, clock)}"
        raise
    render.note("The local workspace has stopped.")
    return 0


def _announce(args: Args, services: "Services") -> None:
    from amika_cli import render

    link = f"{services.url}/?key={services.pages.new_key()}"
    facts = {
        "url": services.url,
        "pid": os.getpid(),
        "data": services.data_dir,
        "overview": link,
        "key_store": services.sealer.store,
        "note": services.sealer.note,
    }
    lines = [
        f"Local workspace   {services.url}",
        f"Overview, once    {link}",
        f"Data              {services.data_dir}",
    ]
    if services.sealer.note:
        lines.append(f"Note              {services.sealer.note}")
    render.emit(args, facts, [*lines, "Ctrl-C stops it."])
    sys.stdout.flush()  # whoever reads it through a pipe waits for the address


def _names(args: Args) -> tuple[str, ...]:
    names = tuple(name.strip() for name in args.get("organizations").split(",") if name.strip())
    if args.has("organizations") and not names:
        raise UsageError("--organizations needs names: --organizations Acme,Beta")
    if len(names) > 20 or any(len(name) > 80 or not name.isprintable() for name in names):
        raise UsageError("--organizations takes up to 20 names of up to 80 printable characters")
    return names


def _number(args: Args, flag: str, low: int, high: int, default: str) -> int:
    text = args.get(flag, default)
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and low <= int(text) <= high):
        raise UsageError(f"--{flag} must be a whole number from {low} to {high}")
    return int(text)
