"""What a sign-in under way tells a second one on this machine, in agent or terminal: its code and how it ended.

`.sign-in.lock` is held by the process that leads; `.sign-in.json` (0600) holds the code that the person types, which is
of no use without the device code, and that one never leaves the leading process.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

from amika_agent.accounts.device import SignInCancelled, SignInDenied, SignInExpired
from amika_agent.clock import Clock
from amika_agent.endpoints import Endpoints
from amika_agent.stores.private_file import locked, write_private
from amika_local.errors import AmikaError, Busy, Failed, UsageError
from amika_local.regular_file import beginning

ENDS = {kind.code: kind for kind in (SignInCancelled, SignInDenied, SignInExpired)}


@dataclass(frozen=True)
class Progress:
    """State of the leading sign-in: "starting", "waiting", "choose_organization", "done", "failed" or "" (none)."""

    state: str = ""
    user_code: str = ""
    verification_uri: str = ""
    verification_uri_complete: str = ""
    expires_at: float = 0.0
    interval: float = 0.0
    code: str = ""
    message: str = ""

    def error(self) -> AmikaError:
        """Return the error that the leading sign-in ended with."""
        return ENDS.get(self.code, Failed)(self.message or "the sign-in failed", remedy="Start again: amika auth login")


class FlowRecord:
    """The lock and the record of the one sign-in."""

    def __init__(self, state_dir: str, endpoints: Endpoints, clock: Clock) -> None:
        self._lock = os.path.join(state_dir, ".sign-in.lock")
        self._path = os.path.join(state_dir, ".sign-in.json")
        self._server = endpoints.workos_url
        self._clock = clock

    @contextlib.contextmanager
    def leading(self) -> Iterator[None]:
        """Be the one sign-in; raises Busy when there is one already, Failed when nothing can be written here."""
        with locked(self._lock, deadline=0.0, clock=self._clock, what="the sign-in"):
            yield

    def led(self) -> bool:
        """Tell whether a sign-in is under way."""
        try:
            with self.leading():
                return False
        except Busy:
            return True

    def write(self, progress: Progress) -> None:
        """Say how far it is."""
        write_private(self._path, json.dumps({"server": self._server, **asdict(progress)}).encode())

    def finish(self, progress: Progress) -> None:
        """Say how it ended; the code is gone from the file then."""
        with contextlib.suppress(Failed):
            self.write(progress)

    def read(self) -> Progress:
        """Return how far the leading one is.

        Raises:
            UsageError: it signs in to another server.

        """
        try:
            found = json.loads(beginning(self._path, 1 << 16))
        except (OSError, ValueError, RecursionError):
            return Progress()
        if not isinstance(found, dict):
            return Progress()
        if found.get("server") != self._server:
            raise UsageError("a sign-in to another server is under way", remedy="Finish or cancel that one first.")
        given = {
            one.name: found[one.name]
            for one in fields(Progress)
            if isinstance(found.get(one.name), type(one.default)) and not isinstance(found.get(one.name), bool)
        }
        return Progress(**given)
