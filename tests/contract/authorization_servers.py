"""Three authorization servers behind one face: our fake, the local workspace, and npm's certified `oidc-provider`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.agent.workspace.running import RunningServer
from tests.fakes.oidc_provider import CLIENT, OidcProvider
from tests.fakes.turned_clock import TurnedClock
from tests.fakes.workos_server import WorkosServer

from amika_agent.accounts.amika import CodeReady
from amika_agent.clock import Clock, SystemClock
from amika_agent.endpoints import Endpoints, resolve_endpoints
from amika_agent.workspace import launch


class FakeFace:
    """Our fake; its time is turned by the client's waiting."""

    grace = True
    logout = True
    strict = True

    def __init__(self, server: WorkosServer, clock: TurnedClock) -> None:
        self.server = server
        self.clock: Clock = clock
        self.endpoints = resolve_endpoints({}, local_url=server.url)
        self._turned = clock

    def approve(self, ready: CodeReady) -> None:
        self.server.model.approve(ready.user_code)

    def deny(self, ready: CodeReady) -> None:
        self.server.model.deny(ready.user_code)

    def pass_time(self, seconds: float) -> None:
        self._turned.turn(seconds)


class LinkedClock(SystemClock):
    """Our clock and the workspace's, moved together."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.shift = 0.0

    def now(self) -> float:
        return super().now() + self.shift

    def monotonic(self) -> float:
        return super().monotonic() + self.shift

    def sleep(self, seconds: float, cancel: threading.Event | None = None) -> bool:
        self.turn(seconds)
        return super().sleep(0.0, cancel)

    def turn(self, seconds: float) -> None:
        self.shift += max(0.0, seconds)
        self.server.shift(self.shift)


class WorkspaceFace:
    """The local workspace in a process of its own."""

    grace = True
    logout = True
    strict = True

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self._linked = LinkedClock(server)
        self.clock: Clock = self._linked
        self.endpoints = resolve_endpoints({}, local_url=server.url)

    def approve(self, ready: CodeReady) -> None:
        launch.decide(str(self.server.data_dir), ready.user_code, True)

    def deny(self, ready: CodeReady) -> None:
        launch.decide(str(self.server.data_dir), ready.user_code, False)

    def pass_time(self, seconds: float) -> None:
        self._linked.turn(seconds)


class HurriedClock(SystemClock):
    """Waits a tenth of what it is asked to: this server's time cannot be moved, and it does not mind the polling."""

    def sleep(self, seconds: float, cancel: threading.Event | None = None) -> bool:
        return super().sleep(seconds / 10, cancel)


class OidcFace:
    """The certified server: no grace for a replay, no session logout in WorkOS's form, never slow_down."""

    grace = False
    logout = False
    strict = False

    def __init__(self, server: OidcProvider) -> None:
        self.server = server
        self.clock: Clock = HurriedClock()
        self.endpoints = Endpoints(server.url, server.url, CLIENT, local=True)

    def approve(self, ready: CodeReady) -> None:
        self.server.approve(ready.verification_uri_complete)

    def deny(self, ready: CodeReady) -> None:
        self.server.deny(ready.verification_uri_complete)

    def pass_time(self, seconds: float) -> None:
        time.sleep(min(seconds, 2.5))


@contextmanager
def serving(name: str, folder: Path, *, code_lifetime: int = 300) -> Iterator[Any]:
    """Run the server of this name."""
    if name == "fake":
        clock = TurnedClock()
        with WorkosServer(now=clock.now) as fake:
            fake.model.strict_polling = True
            yield FakeFace(fake, clock)
    elif name == "local workspace":
        with RunningServer(folder / "workspace", "--interval", "1", movable_clock=True) as workspace:
            yield WorkspaceFace(workspace)
    else:
        with OidcProvider(code_lifetime=code_lifetime) as provider:
            yield OidcFace(provider)
