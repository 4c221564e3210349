"""`python -m amika_agent.workspace`: the local workspace as a process of its own; started by launch.py."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from amika_agent.workspace.detach import detach


def main(argv: list[str] | None = None) -> int:
    """Serve; with `--detach` in the background, telling the starter on stdout what became of it."""
    options = _parser().parse_args(argv)
    tell = detach(os.path.join(options.data, "workspace.log")) if options.detach else _say
    return _serve(options, tell)


def _serve(options: argparse.Namespace, tell: Any) -> int:  # noqa: ANN401 -- Callable[[dict], None]
    from amika_agent.clock import SystemClock
    from amika_agent.hardening import harden
    from amika_agent.logs import start_log
    from amika_agent.workspace.serve import Options, serve
    from amika_local.errors import AmikaError

    harden()
    try:
        start_log(os.path.join(options.data, "workspace.log"), "info", to_stderr=False)
        serve(
            Options(
                options.data,
                options.port,
                options.token_lifetime,
                options.interval,
                look_every=options.look_every if options.while_used else 0.0,
            ),
            SystemClock(),
            lambda services: tell({"url": services.url, "pid": os.getpid(), "note": services.sealer.note}),
        )
    except AmikaError as error:
        tell({"code": error.code, "message": error.message, "remedy": error.remedy})
        return error.exit_code
    return 0


def _say(outcome: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(outcome) + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    from amika_agent.workspace.serve import INTERVAL, TOKEN_LIFETIME
    from amika_agent.workspace.unused import LOOK_EVERY

    parser = argparse.ArgumentParser(prog="amika-workspace", allow_abbrev=False)
    parser.add_argument("--data", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token-lifetime", type=int, default=TOKEN_LIFETIME)
    parser.add_argument("--interval", type=int, default=INTERVAL)
    parser.add_argument("--detach", action="store_true")
    parser.add_argument("--while-used", action="store_true")
    parser.add_argument("--look-every", type=float, default=LOOK_EVERY)
    return parser


if __name__ == "__main__":
    sys.exit(main())
