"""What a person decides at any time: pause, resume, settings; for a client of the socket as for the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from amika_agent.activity.diary import Diary, until_text
from amika_agent.engine.pause import FOREVER, LONGEST, PauseFile
from amika_agent.settings import store
from amika_local.errors import NotSignedIn, UsageError
from amika_shared.settings_schema import find, may_configure

if TYPE_CHECKING:
    from amika_agent.accounts.amika import AccountKey
    from amika_agent.clock import Clock
    from amika_agent.sync.journal import SyncDb
    from amika_shared.profile import Profile


class Decisions:
    """Records decisions of one profile; whoever works sees them in the files.

    Args:
        profile: folders.
        clock: time.
        db: opens sync.db; raises AmikaError.
        account: whose rules are meant, or None; raises AmikaError.
        diary: where it is noted.

    """

    def __init__(
        self,
        profile: Profile,
        clock: Clock,
        db: Callable[[], SyncDb],
        account: Callable[[], AccountKey | None],
        diary: Diary,
    ) -> None:
        self._profile = profile
        self._clock = clock
        self._db = db
        self._account = account
        self._diary = diary
        self._pause = PauseFile(profile.data_dir, clock)

    def pause(self, seconds: float | None, rule: str = "") -> dict[str, Any]:
        """Pause everything, or one rule, for `seconds` or until resumed (None).

        Returns {"until": epoch seconds or None, "rule": id or ""}.

        Raises:
            UsageError: no such length of time.
            NotSignedIn, NotFound: the rule.
            Failed: it cannot be recorded.

        """
        if seconds is not None and not 0 < seconds <= LONGEST:
            raise UsageError("a pause lasts more than nothing and at most a year")
        if rule:
            end = FOREVER if seconds is None else self._clock.now() + seconds
            self._set_rule(rule, end)
        else:
            end = self._pause.pause(seconds)
            self._diary.note("paused", "everything", until_text(end))
        return {"until": None if end == FOREVER else end, "rule": rule}

    def resume(self, rule: str = "") -> dict[str, Any]:
        """End a pause; return {"was_paused": bool, "rule": id or ""}. Raises as `pause`."""
        if rule:
            return {"was_paused": self._set_rule(rule, None), "rule": rule}
        was_paused = self._pause.resume()
        if was_paused:
            self._diary.note("resumed", "everything", "resumed before its time, or without an end")
        return {"was_paused": was_paused, "rule": ""}

    def configure(self, key: str, value: object) -> dict[str, Any]:
        """Change one setting for a client; return {"key"}.

        Raises:
            UsageError: no such setting, no value for it, or one that says where secrets go or that stands for a
                person at a terminal: those are changed with the command line or in the file only.
            Failed: the file cannot be written.

        """
        if find(key) is not None and not may_configure(key):
            raise UsageError(
                "that setting decides where secrets are sent or who may see them, and is not changed from here",
                remedy="Change it in a terminal: amika config set",
            )
        store(self._profile.settings_file, key, value, self._clock)
        self._diary.note("configured", key, "a setting was changed")
        return {"key": key}

    def _set_rule(self, rule_id: str, end: float | None) -> bool:
        """Set a rule's pause; tell whether it was paused before."""
        account = self._account()
        if account is None:
            raise NotSignedIn("nobody is signed in to Amika", remedy="Sign in: amika auth login")
        db = self._db()
        rule = db.rule(account.text, rule_id)
        was_paused = rule.paused_until is not None and rule.paused_until > self._clock.now()
        if end is None and rule.paused_until is None:
            return False
        changed = db.change_rule(account.text, rule_id, paused_until=end)
        self._diary.rules([rule], [changed], "resumed")
        return was_paused
