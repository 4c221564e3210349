"""What of the engine's work goes into the activity log: changes, in words for a person, each once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amika_agent.activity import ActivityLog
    from amika_agent.sync.env_cache import EnvCacheResult
    from amika_agent.sync.outcome import Outcome

log = logging.getLogger(__name__)

_WHAT = {
    "created": "pushed",
    "replaced": "replaced",
    "updated": "pushed",
    "finished": "replaced",
    "adopted": "adopted",
    "deleted": "deleted",
    "swept": "deleted",
    "blocked": "blocked",
    "failed": "failed",
}


class Diary:
    """Writes the activity log of one engine.

    Args:
        log: the activity log; a failure of it stops nothing.
        caller: who works: "agent" or "amika".

    """

    def __init__(self, log: ActivityLog, caller: str) -> None:
        self._log = log
        self._caller = caller

    def cached(self, result: EnvCacheResult) -> None:
        """Note what a look changed in the env cache."""
        for name in result.changed:
            self._note("cached", name, "the env cache follows what is on disk")

    def account(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Note that somebody signed in or out, or that the session was renewed."""
        was, now = before.get("authenticated") is True, after.get("authenticated") is True
        email = str((after if now else before).get("email") or "")
        same = [before.get(name) == after.get(name) for name in ("user_id", "org_id", "method")]
        if now and (not was or not all(same)):
            self._note("signed_in", "amika", f"by {after.get('method')}", email)
        elif was and not now:
            why = str(after.get("problem") or "signed out")
            self._note("signed_out", "amika", why, email)
        elif now and before.get("expires_at") != after.get("expires_at"):
            self._note("renewed", "amika", "the session was renewed", email)

    def outcomes(self, before: Mapping[str, Outcome], after: Iterable[Outcome], account: str) -> None:
        """Note what was sent, and what could not be unless that was so before."""
        for outcome in after:
            what = _WHAT.get(outcome.did)
            known = before.get(outcome.rule)
            told = known is not None and (known.did, known.reason) == (outcome.did, outcome.reason)
            if what is None or (told and outcome.did in ("blocked", "failed")):
                continue
            subject = f"{outcome.name or outcome.provider} ({outcome.scope})"
            self._note(what, subject, outcome.reason, account)

    def _note(self, what: str, subject: str, why: str, account: str = "") -> None:
        log.info("%s %s: %s", what, subject, why)
        self._log.record(what, subject, why, caller=self._caller, account=account)

    def close(self) -> None:
        """Give back the log."""
        self._log.close()
