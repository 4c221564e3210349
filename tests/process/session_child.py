"""One process of ours that needs the session: `python -m tests.process.session_child STATE URL DO`.

DO is "fresh", "force" or "sign_out". It loads everything, acts, and prints one JSON line: {"ok", "error", "code",
"token"}, where token is a hash. With `--crowd N` it becomes N processes that begin at the same moment; with `--thread`
it has a second thread, which signals may be delivered to.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time

from amika_agent.clock import SystemClock
from amika_agent.endpoints import resolve_endpoints
from amika_agent.http.client import Http
from amika_agent.session.keeper import SessionKeeper
from amika_local.errors import AmikaError


class ShiftedClock(SystemClock):
    """The system's clock, set forward or back."""

    def __init__(self, shift: float = 0.0) -> None:
        self.shift = shift

    def now(self) -> float:
        return super().now() + self.shift

    def sleep(self, seconds: float, cancel: threading.Event | None = None) -> bool:
        return super().sleep(seconds, cancel)


def act(state: str, url: str, what: str, *, shift: float = 0.0, role: str = "cli", answer: dict | None = None) -> dict:
    """Do one thing with the session and report it."""
    with Http() as http:
        keeper = SessionKeeper(state, resolve_endpoints({}, local_url=url), http, ShiftedClock(shift), role=role)
        try:
            if what == "sign_out":
                result = keeper.sign_out()
                return {"ok": True, "signed_in": result.signed_in, "revoked": result.revoked}
            session = keeper.accept(answer or {}) if what == "accept" else keeper.fresh(force=what == "force")
        except AmikaError as error:
            return {"ok": False, "error": type(error).__name__, "code": error.exit_code, "message": error.message}
        return {"ok": True, "token": hashlib.sha256(session.access_token.reveal().encode()).hexdigest()}


def crowd(count: int, state: str, url: str, what: str) -> None:
    """Act in `count` processes at once; each writes its line."""
    import httpx  # noqa: F401 -- loaded before the start signal

    start, hold = os.pipe()
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            os.close(hold)
            os.read(start, 1)  # ends when the parent closes its end: for all at the same moment
            os.write(1, json.dumps(act(state, url, what)).encode() + b"\n")
            os._exit(0)
        children.append(child)
    os.close(hold)
    for child in children:
        os.waitpid(child, 0)


def main() -> int:
    state, url, what = sys.argv[1:4]
    if sys.argv[4:5] == ["--thread"]:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    if sys.argv[4:5] == ["--crowd"]:
        crowd(int(sys.argv[5]), state, url, what)
    else:
        print(json.dumps(act(state, url, what)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
