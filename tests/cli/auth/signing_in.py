"""A person who decides about every code, and sign-ins with and without one."""

from __future__ import annotations

import os
import threading

from tests.fakes.workos_server import WorkosServer

from amika_agent.clock import SystemClock
from amika_agent.endpoints import resolve_endpoints
from amika_agent.http.client import Http
from amika_agent.session.keeper import SessionKeeper


class Person:
    """Decides about every code that turns up."""

    def __init__(self, server: WorkosServer, decision: str) -> None:
        self.server = server
        self.decision = decision
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.decide)

    def decide(self) -> None:
        while not self.done.wait(0.02):
            with self.server.model.lock:
                waiting = [code.user_code for code in self.server.model.codes.values() if code.state == "pending"]
            for code in waiting:
                getattr(self.server.model, self.decision)(code)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()


def sign_in(amika, server, *flags):
    with Person(server, "approve"):
        return amika("auth", "login", "--no-browser", *flags)


def signed_in(server, state) -> None:
    """A finished sign-in, without waiting for its polling."""
    with Http() as http:
        endpoints = resolve_endpoints(os.environ)
        keeper = SessionKeeper(str(state), endpoints, http, SystemClock(), role="cli")
        keeper.accept(server.model.open_session())
