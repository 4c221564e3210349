"""Many processes that need a token at the moment of its expiry.

    python -m tests.process.session_crowd --processes 50 --times 20

Counted: how many got one, how many different ones, how often the server was asked to renew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fakes.workos_server import WorkosServer
from tests.process.session_child import act

from amika_agent.session.meta import MetaFile
from amika_agent.session.rules import as_file, merged

ROOT = Path(__file__).parents[2]


def due(state: Path, server: WorkosServer, left: float = 0.0) -> None:
    """Leave a login whose token has `left` seconds, as if it had been fetched long ago."""
    act(str(state), server.url, "accept", answer=server.model.open_session())
    session = list(server.model.sessions.values())[-1]
    lifetime, server.model.lifetime = server.model.lifetime, left
    answer = server.model._answer(session)
    server.model.lifetime = lifetime
    content = as_file(merged(None, answer, time.time()))
    (state / "workos-session.json").write_text(json.dumps(content))
    meta = MetaFile(str(state)).read()
    meta.got, meta.got_at = "", 0.0
    MetaFile(str(state)).write(meta)


def child(state: Path, server: WorkosServer, what: str, *flags: str) -> subprocess.Popen[str]:
    """Start a process that does one thing with the session."""
    command = [sys.executable, "-m", "tests.process.session_child", str(state), server.url, what, *flags]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def crowd(state: Path, server: WorkosServer, count: int) -> list[dict]:
    """Let `count` processes ask for the session at the same moment."""
    process = child(state, server, "fresh", "--crowd", str(count))
    out, _ = process.communicate(timeout=100)
    return [json.loads(line) for line in out.splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=50)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    asked = got = tokens = requests = 0
    for _ in range(given.times):
        with tempfile.TemporaryDirectory() as folder, WorkosServer() as server:
            due(Path(folder), server)
            results = crowd(Path(folder), server, given.processes)
            asked += given.processes
            got += sum(one["ok"] for one in results)
            tokens += len({one.get("token") for one in results})
            requests += server.count("refresh")
    print(f"{given.times} times {given.processes} processes: {got} of {asked} got a token")
    print(f"{requests} renewals asked for, {tokens} different tokens seen")
    return 0 if got == asked and requests == tokens == given.times else 1


if __name__ == "__main__":
    sys.exit(main())
