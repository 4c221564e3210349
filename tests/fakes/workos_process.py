"""The fake authorization server as a process of its own, told what to do line by line.

stdin: {"do": "open"}  {"do": "shift", "seconds": 290}  {"do": "delay", "seconds": 0.01}  {"do": "grace", "seconds": 0}
       {"do": "state"}  {"do": "end_others", "refresh": "…"}
stdout: one JSON line for each, the first one holds the URL.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from tests.fakes.workos_server import WorkosServer

ROOT = Path(__file__).parents[2]


class WorkosProcess:
    """The parent's side of it."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.fakes.workos_process"]
        self._child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self._answer()["url"]
        return self

    def __exit__(self, *_: object) -> None:
        self._child.communicate(timeout=30)

    def do(self, what: str, **more: object) -> dict[str, Any]:
        """Tell the server something and return its answer."""
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self._child.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        found: dict[str, Any] = json.loads(self._child.stdout.readline())
        return found


class _Served:
    def __init__(self) -> None:
        self.shift = 0.0
        self.delay = 0.0
        self.server = WorkosServer(now=lambda: time.time() + self.shift)
        self.server.before = self.server.after = self.pause

    def pause(self, step: str) -> None:
        time.sleep(random.uniform(0, self.delay))

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        model = self.server.model
        match order["do"]:
            case "open":
                return model.open_session()
            case "shift":
                self.shift += order["seconds"]
            case "delay":
                self.delay = order["seconds"]
            case "grace":
                model.grace = order["seconds"]
            case "end_others":
                for session in model.live():
                    if session.refresh != order["refresh"]:
                        model.end(session.sid)
        return {"live": [session.refresh for session in model.live()], "refreshes": self.server.count("refresh")}


def main() -> int:
    served = _Served()
    with served.server as server:
        print(json.dumps({"url": server.url}), flush=True)
        for line in sys.stdin:
            print(json.dumps(served.obey(json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
