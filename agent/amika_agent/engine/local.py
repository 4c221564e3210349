"""The local part of the engine: settings, sources, env cache. Needs neither network nor keyring."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from amika_agent.engine import last_good
from amika_agent.engine.other_accounts import almyty_folder
from amika_agent.engine.pause import FOREVER, PauseFile
from amika_agent.settings import Settings, load
from amika_agent.shell import env_file, hook
from amika_agent.shell.folder import folder
from amika_agent.snapshot.facts import LocalFacts
from amika_agent.snapshot.rule_state import mark
from amika_agent.sync import env_cache
from amika_agent.sync.env_cache import EnvCacheResult
from amika_agent.watch import Watch
from amika_local import akos_file, almyty_file
from amika_local.credential import OAUTH, Problem
from amika_local.deep_documents import DeepDocuments
from amika_local.discovery import discover, watched_files
from amika_local.errors import AmikaError
from amika_local.keychain import Keychain
from amika_local.session_file import api_key_path, session_path

if TYPE_CHECKING:
    from amika_agent.clock import Clock
    from amika_agent.engine.owners import OwnersWatch
    from amika_agent.sync.journal import SyncDb
    from amika_local.discovery import Discovery
    from amika_shared.profile import Profile

SOON = 600.0
# what could not be done; no file tells when it can: a disk is emptied, a limit raised, another program lets go
STUCK = frozenset({"failed", "busy", "sync_db", "shell_env", "shell_hook", "watch"})
AGAIN_WHEN_STUCK = 60.0


class LocalPart:
    """Owner of what is known about the files of this machine.

    Args:
        profile: folders.
        env: environment of this process.
        clock: time.
        db: opens sync.db; raises AmikaError.
        owners: judges logins of other programs that are near their end.
        keychain: Claude's item in the macOS keychain; kept, because it must not be looked at at every look.
        deep: what large, deeply nested documents hold; kept, because reading one may take half a minute.

    """

    def __init__(
        self,
        profile: Profile,
        env: Mapping[str, str],
        clock: Clock,
        db: Callable[[], SyncDb],
        owners: OwnersWatch | None = None,
        keychain: Keychain | None = None,
        deep: DeepDocuments | None = None,
    ) -> None:
        self._profile = profile
        self._env = dict(env)
        self._clock = clock
        self._db = db
        self._lock = threading.Lock()
        self._last_good = last_good.LastGood()
        self.pause = PauseFile(profile.data_dir, clock)
        self._watch: Watch | None = None
        self._owners = owners
        self._keychain = keychain or (Keychain() if sys.platform == "darwin" else None)
        self._deep = deep or DeepDocuments()
        self.facts: LocalFacts | None = None

    def settings(self) -> Settings:
        """Return the settings as they are on disk now."""
        return load(self._profile.settings_file, self._profile.name)

    def look(self, *, unless_known: bool = False) -> tuple[bool, LocalFacts]:
        """Read everything and bring the env cache up to date; not if `unless_known` and a look has found something.

        Return whether something changed, and what this very look found: another one may follow at once.
        """
        with self._lock:
            if unless_known and self.facts is not None:
                return False, self.facts
            if self._watch is not None:
                self._watch.rearm()
            self.about_to_look("local")
            before, self.facts = self.facts, self._looked()
            return before is None or _essence(before) != _essence(self.facts), self.facts

    def present(self) -> LocalFacts:
        """Return what is known; looks when nothing is."""
        with self._lock:
            if self.facts is None:
                self.facts = self._looked()
            return self.facts

    def watch(self, on_change: Callable[[frozenset[str]], None]) -> None:
        """Call `on_change` with the lanes ("local", "session") that a change of a file concerns."""
        profile = self._profile
        files = dict.fromkeys(watched_files(profile.home, self._env, confined=profile.confined), "local")
        files |= {profile.env_cache: "local", profile.settings_file: "local", self.pause.path: "local"}
        logins = (session_path(profile.amika_state_dir), api_key_path(profile.amika_state_dir))
        others = (almyty_file.credentials_path(almyty_folder(profile)), akos_file.session_path(profile.data_dir))
        files |= dict.fromkeys((*logins, *others), "session")
        self._watch = Watch(files, profile.home, on_change)
        self._watch.start()

    def unwatch(self) -> None:
        """End `watch`."""
        if self._watch is not None:
            self._watch.stop()

    def about_to_look(self, lane: str) -> None:
        """Count what happened to the files of this lane until now as noticed: it is about to look at them."""
        if self._watch is not None:
            self._watch.about_to_look(lane)

    def overlooked(self) -> frozenset[str]:
        """Return the lanes whose files changed since they were looked at, and since this was last asked."""
        return self._watch.changed_since() if self._watch is not None else frozenset()

    def _looked(self) -> LocalFacts:
        now, paused_until = self._clock.now(), self.pause.until()
        settings = self.settings()
        problems = list(settings.problems)
        db, trouble = self._opened()
        found = discover(
            self._profile.home,
            self._env,
            now=now,
            confined=self._profile.confined,
            beyond=self._keychain is not None,
            is_mirrored=None if db is None else db.is_mirrored,
            keychain=self._keychain,
            deep=self._deep,
        )
        settled = self._last_good.settle(found.credentials, found.problems, now)
        found.credentials, found.problems = settled.credentials, settled.problems
        found.winners = last_good.winners(settled.credentials)
        paused = paused_until is not None
        cache = self._cached(found, settings, db, trouble, paused=paused)
        notices, quiet, owners_due = self._near_their_end(found, settings, now)
        # an owner that runs renews its login itself: nothing is to be said
        told = [one for one in settled.problems if not (one.code == "expired" and one.source in quiet)]
        problems += [*told, *notices, *cache.problems]
        choices = env_file.choose(found, settings.words("shell.allow"), now)
        if not paused:
            problems += hook.renew(folder(self._profile.data_dir), now)
        problems += env_file.update(self._profile.data_dir, choices, paused=paused)
        if self._watch is not None and self._watch.problem is not None:
            problems.append(self._watch.problem)
        if now < 1_700_000_000:
            problems.append(Problem("clock", "the clock of this machine is far off", remedy="Set it, or turn on NTP."))
        over = paused_until if paused and paused_until != FOREVER else None
        again = now + AGAIN_WHEN_STUCK if any(problem.code in STUCK for problem in problems) else None
        due = _earliest(settled.due_at, cache.due_at, _next_expiry(found, now), over, owners_due, again)
        return LocalFacts(found, settings, cache, tuple(problems), due, paused_until, quiet)

    def _near_their_end(
        self, found: Discovery, settings: Settings, now: float
    ) -> tuple[list[Problem], frozenset[str], float | None]:
        if self._owners is None or self._profile.confined:  # of another home nobody here is the owner
            return [], frozenset(), None
        notices = self._owners.look(found.winners.values(), found.expired, settings.words("owners.renew"), now)
        return notices, self._owners.quiet, self._owners.due_at

    def _opened(self) -> tuple[SyncDb | None, Problem | None]:
        try:
            return self._db(), None
        except AmikaError as error:
            return None, Problem("sync_db", error.message, path=self._profile.sync_db, remedy=error.remedy)

    def _cached(
        self, discovery: Discovery, settings: Settings, db: SyncDb | None, trouble: Problem | None, *, paused: bool
    ) -> EnvCacheResult:
        if db is None:
            return EnvCacheResult("problem", 0, problems=(trouble,) if trouble else ())
        if not settings.on("env_cache.enabled"):
            if self.facts is not None and self.facts.env_cache.state == "off":
                return EnvCacheResult("off", 0)
            out = env_cache.withdraw(self._profile.env_cache, db, self._clock)
            state = "problem" if out.problems else "off"
            return EnvCacheResult(state, 0, out.changed, out.problems, removed=out.removed)
        return env_cache.reconcile(self._profile.env_cache, discovery, db, self._clock, paused=paused)


def _essence(facts: LocalFacts) -> object:
    """Return what the remote lane has to know: which credentials there are, and what was decided about them."""
    return (
        [mark(credential) for credential in facts.discovery.credentials],
        [(problem.code, problem.source, problem.path) for problem in facts.discovery.problems],
        dict(facts.settings.values),
        facts.paused_until,
    )


def _next_expiry(discovery: Discovery, now: float) -> float | None:
    """Return when the next credential begins to expire soon, or has expired: then there is something new to show."""
    ends = [c.expires_at for c in discovery.credentials if c.kind == OAUTH and c.expires_at is not None]
    return _earliest(*(at for end in ends for at in (end - SOON, end) if at > now))


def _earliest(*times: float | None) -> float | None:
    known = [at for at in times if at is not None]
    return min(known) if known else None
