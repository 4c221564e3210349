"""An almyty API that knows its keys: minted by an exchange, listed, deleted by any key of the same user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.scripted_server import Said, ScriptedServer, scripted_server

GONE: Said = (401, {"error": {"code": "UNAUTHORIZED"}})


class AlmytyServer:
    """`keys` maps the id of each valid key to (its token, its user's e-mail).

    email   whose keys are minted from now on
    fault   said instead of what a DELETE would do, or None
    """

    def __init__(self, server: ScriptedServer) -> None:
        self.keys: dict[str, tuple[str, str]] = {}
        self.email = "dev@example.test"
        self.fault: Said | None = None
        self.server = server
        self.url = server.url
        self._minted = 0
        server.say = {
            "/auth/cli/start": (200, {"data": {"code": "AAAA", "deviceCode": "fake", "interval": 1}}),
            "/auth/cli/exchange": lambda _: (200, {"token": self.mint()}),
            "/auth/profile": lambda _: self._profile(),
            "/auth/api-keys": lambda _: self._listed(),
        }

    def mint(self) -> str:
        """Make a key, as the page does after a click; return its token."""
        self._minted += 1
        key, token = f"key_{self._minted}", f"almyty_{self._minted:06d}" + "0" * 58
        self.keys[key] = (token, self.email)
        self.server.say[f"/auth/api-keys/{key}"] = lambda _: self._delete(key)
        return token

    def _asking(self) -> str:
        """Return the e-mail of whoever asks, "" for nobody."""
        bearer = self.server.headers[-1].get("authorization", "").removeprefix("Bearer ")
        return next((email for token, email in self.keys.values() if token == bearer), "")

    def _profile(self) -> Said:
        email = self._asking()
        organizations = [{"id": "org_1", "name": "Acme"}]
        return (200, {"data": {"id": email, "email": email, "organizations": organizations}}) if email else GONE

    def _listed(self) -> Said:
        email = self._asking()
        mine = [(key, token) for key, (token, whose) in self.keys.items() if whose == email]
        listed = [{"id": key, "keyPrefix": token[:14]} for key, token in mine]
        return (200, {"data": {"apiKeys": listed}}) if email else GONE

    def _delete(self, key: str) -> Said:
        if self.fault is not None:
            return self.fault
        email = self._asking()
        if not email:
            return GONE
        if self.keys.get(key, ("", ""))[1] != email:
            return 400, {"error": {"code": "BAD_REQUEST"}}
        del self.keys[key]
        return 200, {"data": {"deleted": True}}


@contextmanager
def almyty_server() -> Iterator[AlmytyServer]:
    """Run one."""
    with scripted_server() as server:
        yield AlmytyServer(server)
