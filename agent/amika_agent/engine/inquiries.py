"""What a person asks the agent beyond the snapshot: the environment to copy, the activity, the settings. Blocking."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from amika_agent.shell.env_file import choose
from amika_local.errors import UsageError
from amika_local.quoting import fish, posix

if TYPE_CHECKING:
    from amika_agent.activity.log import ActivityLog
    from amika_agent.clock import Clock
    from amika_agent.settings import Settings
    from amika_local.discovery import Discovery

GRANT = "vault.reveal_without_terminal"
MOST_EVENTS = 1000
MOST_BYTES = 800_000  # of an answer: a frame takes 1 MiB


class Inquiries:
    """Answers them.

    Args:
        discovery: returns what this machine has now.
        settings: returns the settings as they are now.
        activity: the activity log.
        clock: time source.

    """

    def __init__(
        self,
        discovery: Callable[[], Discovery],
        settings: Callable[[], Settings],
        activity: ActivityLog,
        clock: Clock,
    ) -> None:
        self._discovery = discovery
        self._settings = settings
        self._activity = activity
        self._clock = clock

    def environment(self, shell: str, caller: str, *, by_person: bool) -> dict[str, Any]:
        """Return {"text": shell assignments, "names": […], "withheld": [{"name", "source", "reason"}]}.

        The same choice as the shell hook makes: API keys only. It is the one answer that holds values, for the
        clipboard of the person; the activity log names what was given, and to whom, and who was refused.

        Args:
            shell: whose assignments: "posix" or "fish".
            caller: who asks, for the log.
            by_person: whether a person asks; a program gets them only when the person has allowed that.

        Raises:
            UsageError: another shell, or a program that may not.

        """
        if shell not in ("posix", "fish"):
            raise UsageError("shell must be posix or fish")
        if not by_person and not self._settings().on(GRANT):
            self._activity.record("refused", "environment", "a program asked for values to copy", caller=caller)
            raise UsageError(
                "values are copied by a click in the tray of this installation only",
                remedy=f"For a program: `amika run -- COMMAND`, or allow it: `amika config set {GRANT} true`",
            )
        choices = choose(self._discovery(), self._settings().words("shell.allow"), self._clock.now())
        given = sorted((choice for choice in choices if choice.exported), key=lambda choice: choice.name)
        line, quote = ("set -gx {} {}\n", fish) if shell == "fish" else ("export {}={}\n", posix)
        for choice in given:
            why = "its value was given to a program of this user, to be copied"
            self._activity.record("revealed", f"{choice.name} ({choice.credential.source})", why, caller=caller)
        return {
            "text": "".join(line.format(choice.name, quote(choice.credential.value.reveal())) for choice in given),
            "names": [choice.name for choice in given],
            "withheld": [
                {"name": choice.name, "source": choice.credential.source, "reason": choice.reason}
                for choice in choices
                if not choice.exported
            ],
        }

    def activity(self, since: float, limit: int) -> dict[str, Any]:
        """Return {"events": […]}: the newest `limit` since `since` (epoch seconds), oldest first; never a value."""
        events = [event.as_json() for event in self._activity.events(since=since, limit=min(limit, MOST_EVENTS))]
        size = 0
        for count, event in enumerate(reversed(events)):
            size += len(json.dumps(event)) + 1
            if size > MOST_BYTES:
                return {"events": events[len(events) - count :]}
        return {"events": events}

    def settings(self) -> dict[str, Any]:
        """Return {"values": {key: value}} for every setting of the schema, as it is on disk now."""
        return {"values": dict(self._settings().values)}
