"""The program on a machine that dies wherever a test says: at any request, and at any write of its journal."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

from tests.fakes.secrets_wire import SecretsWire
from tests.fakes.turned_clock import TurnedClock

from amika_agent.accounts.amika import AccountKey
from amika_agent.engine.local import LocalPart
from amika_agent.snapshot.facts import LocalFacts
from amika_agent.stores.amika_api import SecretsApi
from amika_agent.sync.facts import PushSettings
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.outcome import Outcome
from amika_agent.sync.remote import RemoteSync
from amika_local.secret import Secret
from amika_shared.profile import Profile

SPACING = 2.0


class Killed(BaseException):
    """The process is gone: nothing after this line runs."""


class Fate:
    """Counts the points at which a process can be killed, and kills it at the one that was chosen."""

    def __init__(self) -> None:
        self.left: int | None = None

    def point(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left <= 0:
            self.left = None
            raise Killed


def _mortal(name: str) -> Callable[..., object]:
    def write(self: MortalDb, *args: object, **options: object) -> object:
        self.fate.point()
        result = getattr(SyncDb, name)(self, *args, **options)
        self.fate.point()
        return result

    return write


def _writes() -> list[str]:
    """The names of all methods that write, of those too that are added tomorrow."""
    methods = inspect.getmembers(SyncDb, inspect.isfunction)
    return [name for name, method in methods if "self._db.write()" in inspect.getsource(method)]


class MortalDb(SyncDb):
    """The real sync.db; the process may die before and after each write."""

    fate = Fate()


for _name in _writes():
    setattr(MortalDb, _name, _mortal(_name))


class Laptop:
    """One machine; `start` is a new process of it."""

    def __init__(self, folder: Path, wire: SecretsWire, clock: TurnedClock) -> None:
        data = str(folder / "data")
        home = folder / "home"
        self.profile = Profile(
            name="default", config_dir=str(folder / "config"), data_dir=data, state_dir=str(folder / "state"),
            runtime_dir=str(folder / "run"), amika_state_dir=str(folder / "amika"),
            env_cache=str(home / ".cache" / "amika" / "env-cache.json"), home=str(home), confined=True,
        )  # fmt: skip
        self.clock = clock
        self.fate = Fate()
        wire.crossing = self.fate.point
        self._api = SecretsApi(wire.url, lambda _force: Secret(wire.token), wire.client)
        self.account = AccountKey(wire.url, "user_fake", "org_fake")
        self.outcomes: dict[str, Outcome] = {}
        self.start()

    @property
    def key(self) -> str:
        return self.account.text

    def start(self) -> None:
        self.fate.left = None
        self.db = MortalDb(self.profile.sync_db, self.clock)
        self.db.fate = self.fate
        self.local = LocalPart(self.profile, {}, self.clock, lambda: self.db)
        settings = PushSettings(auto_push=("claude",), settle=1.0, spacing=SPACING)
        self.remote = RemoteSync(self.db, self._api, self.account, self.clock, settings, paused=self.local.pause.until)

    def restart(self) -> None:
        self.db.close()
        self.start()

    def look(self) -> LocalFacts:
        return self.local.look()[1]

    def run(self, dies_in: int = 0) -> None:
        """Look and reconcile; `dies_in`: killed at that point, 0 for not at all."""
        self.fate.left = dies_in or None
        try:
            found = self.look().discovery
            self.outcomes = {o.rule: o for o in self.remote.run(found) if o.rule}
        except Killed:
            self.restart()
        self.fate.left = None

    def due(self) -> float | None:
        """When it wants to go on by itself, within a minute of the files or whenever of the server."""
        local = self.local.facts.due_at if self.local.facts is not None else None
        near = [local] if local is not None and local <= self.clock.now() + 60 else []
        remote = self.remote.due_at()
        return min([*near, *([] if remote is None else [remote])], default=None)
