"""Logins of other programs near their end: one notice, or first the owner's own command where a person allows it.

A refresh token of another program is never redeemed here. Nothing is said and nothing is started while the owner runs:
it renews its login itself, and two who renew one login sign each other out. Whether a started owner renews is its own
affair and is not relied on: when its command has ended and the login is as it was, the notice comes and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from amika_local.credential import OAUTH, Problem

if TYPE_CHECKING:
    from amika_local.credential import Credential

SOON = 600.0
AGAIN = 60.0
AGAIN_WHEN_PAST = 300.0
LIMIT = 60.0
EXPIRES_SOON = "expires_soon"


@dataclass(frozen=True)
class Owner:
    """The program that a login belongs to.

    tool       its name in the setting `owners.renew`
    title      its name for a person
    processes  names its processes run under
    login      the command that signs in to it
    renew      a command of its own that looks at the login, asks nothing and prints no token: one that renews
               whenever it starts near the end does it then; () for none
    """

    tool: str
    title: str
    processes: frozenset[str]
    login: str
    renew: tuple[str, ...] = ()


_CLAUDE = Owner("claude", "Claude Code", frozenset({"claude"}), "claude /login", ("claude", "auth", "status"))
_CODEX = Owner("codex", "Codex", frozenset({"codex"}), "codex login", ("codex", "login", "status"))
# source of a credential -> its owner
OWNERS = {
    "claude-oauth": _CLAUDE,
    "claude-keychain": _CLAUDE,
    "codex": _CODEX,
    "codex-keyring": _CODEX,
    "opencode": Owner("opencode", "OpenCode", frozenset({"opencode"}), "opencode auth login"),
    "gemini": Owner("gemini", "Gemini CLI", frozenset({"gemini"}), "gemini"),
    "qwen": Owner("qwen", "Qwen Code", frozenset({"qwen"}), "qwen"),
    "kimi": Owner("kimi", "Kimi", frozenset({"kimi"}), "kimi login"),
}


class Command(Protocol):
    """A started command of an owner."""

    def ended(self) -> bool:
        """Tell whether it has ended by itself."""

    def kill(self) -> None:
        """End it and wait for its end."""


@dataclass
class _Attempt:
    expires_at: float
    started_at: float
    command: Command | None
    ran: bool


class OwnersWatch:
    """Judges logins at each look; holds the owners' commands that it has started.

    Args:
        running: names of the processes of this user that run now.
        start: starts a command without a terminal; its output goes nowhere. Raises OSError.
        note: (what, subject, why) for the activity log.

    """

    def __init__(
        self,
        running: Callable[[], frozenset[str]],
        start: Callable[[tuple[str, ...]], Command],
        note: Callable[[str, str, str], None],
    ) -> None:
        self._running = running
        self._start = start
        self._note = note
        self._attempts: dict[str, _Attempt] = {}
        self.due_at: float | None = None
        self.quiet: frozenset[str] = frozenset()

    def look(
        self, used: Iterable[Credential], expired: Iterable[Credential], allowed: Iterable[str], now: float
    ) -> list[Problem]:
        """Return a notice for each login that ends within ten minutes and that its owner does not look after now.

        `due_at` is afterwards when to look again; `quiet` holds the sources whose owners run, or are renewing.

        Args:
            used: the credentials that count.
            expired: those that are past their end.
            allowed: tools whose own command may be started.
            now: epoch seconds.

        """
        self._end_late_ones(now)
        near = [one for one in used if _is_near(one, now)]
        past = [one.source for one in expired if one.source in OWNERS]
        self.quiet, self.due_at = frozenset(), None
        running = self._running() if near or past else frozenset()
        self.quiet = frozenset(source for source in past if OWNERS[source].processes & running)
        if self.quiet:
            self.due_at = now + AGAIN_WHEN_PAST
        notices = []
        for credential in near:
            owner = OWNERS[credential.source]
            if owner.processes & running or self._renews(credential, owner, tuple(allowed), now):
                self.quiet |= {credential.source}
            else:
                notices.append(_notice(credential, owner, in_vain=self._in_vain(credential, owner)))
        if near or self._under_way():
            self.due_at = now + AGAIN
        return notices

    def close(self) -> None:
        """End what was started."""
        for attempt in self._attempts.values():
            if attempt.command is not None:
                attempt.command.kill()
                attempt.command = None

    def _renews(self, credential: Credential, owner: Owner, allowed: tuple[str, ...], now: float) -> bool:
        """Start the owner's command once for each login; tell whether it is under way."""
        if owner.tool not in allowed or not owner.renew:
            return False
        known = self._attempts.get(owner.tool)
        if known is None or known.expires_at != credential.expires_at:
            if known is not None and known.command is not None:
                return True
            command = self._started(owner)
            known = _Attempt(credential.expires_at or 0.0, now, command, ran=command is not None)
            self._attempts[owner.tool] = known
        return known.command is not None

    def _in_vain(self, credential: Credential, owner: Owner) -> bool:
        """Tell whether the owner's command was started for this very login, and the login is as it was."""
        known = self._attempts.get(owner.tool)
        return known is not None and known.ran and known.expires_at == credential.expires_at

    def _started(self, owner: Owner) -> Command | None:
        words = " ".join(owner.renew)
        try:
            command = self._start(owner.renew)
        except OSError as error:
            self._note("failed", owner.tool, f"{words} could not be started: {error.strerror}")
            return None
        self._note("owner_asked", owner.tool, f"its login ends soon: {words} was started, as owners.renew allows")
        return command

    def _end_late_ones(self, now: float) -> None:
        for tool, attempt in self._attempts.items():
            command = attempt.command
            if command is None:
                continue
            late = not 0 <= now - attempt.started_at < LIMIT
            if late and not command.ended():
                self._note("failed", tool, f"its own command was ended after {LIMIT:.0f} s")
            if late or command.ended():
                command.kill()
                attempt.command = None

    def _under_way(self) -> bool:
        return any(attempt.command is not None for attempt in self._attempts.values())


def _is_near(credential: Credential, now: float) -> bool:
    ends = credential.expires_at
    return credential.kind == OAUTH and credential.source in OWNERS and ends is not None and 0 < ends - now <= SOON


def _notice(credential: Credential, owner: Owner, *, in_vain: bool) -> Problem:
    tried = f"; `{' '.join(owner.renew)}` was started and has not renewed it" if in_vain else ""
    return Problem(
        EXPIRES_SOON,
        f"the login of {owner.title} ends soon, and {owner.title} does not run to renew it{tried}",
        source=credential.source,
        path=credential.path,
        remedy=f"Use {owner.title} once; or sign in again: {owner.login}",
    )
