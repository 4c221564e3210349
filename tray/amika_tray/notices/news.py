"""Tells the person what deserves it: watches the agent's snapshots, and shows each notice once, ever."""

from __future__ import annotations

import os
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from amika_shared.profile import Profile
from amika_shared.snapshot import WORKING
from amika_tray.agent_link.link import AgentLink
from amika_tray.background import Background
from amika_tray.notices.notices import Known, Notice, next_due, notices
from amika_tray.notices.told import Told

QUIET = 2.0  # seconds a snapshot must have been still: an agent that has just started does not know everything yet
LEAST, MOST = 60.0, 6 * 3600.0  # seconds between two looks at the clock


class News(QObject):
    """Compares what was known with what is known.

    Args:
        link: the agent.
        profile: where it is kept what has been told.
        show: shows a notice.
        now: wall time, epoch seconds.
        quiet: see QUIET.
        parent: owner.

    """

    def __init__(
        self,
        link: AgentLink,
        profile: Profile,
        show: Callable[[Notice], None],
        now: Callable[[], float],
        *,
        quiet: float = QUIET,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._link, self._show, self._now = link, show, now
        self._before: Known | None = None
        self._told = Told(os.path.join(profile.state_dir, "told.json"))
        self._loaded = False
        self._background = Background(self)
        self._still = QTimer(self, singleShot=True, interval=round(quiet * 1000))
        self._still.timeout.connect(self.look)
        self._due = QTimer(self, singleShot=True)
        self._due.timeout.connect(self.look)
        link.changed.connect(self._still.start)

    def open(self) -> None:
        """Learn what has been told in earlier runs, then begin."""
        self._background.run(self._told.load, self._take)

    def close(self) -> None:
        """Tell nothing any more."""
        self._still.stop()
        self._due.stop()
        self._loaded = False

    def look(self) -> None:
        """Tell what is new."""
        link = self._link.link
        passing = link.state in ("starting", "stopped") or self._link.snapshot["state"] == WORKING
        if not self._loaded or passing:
            return  # neither good nor bad news, and what was known before still counts
        known = Known(self._link.snapshot, link, self._now())
        found = [notice for notice in notices(self._before, known) if self._told.first_time(notice.key)]
        self._before = known
        for notice in found:
            self._show(notice)
        if found:
            marks = self._told.marks()
            self._background.run(lambda: self._told.save(marks), lambda _: None)
        due = next_due(known)
        if due is not None:
            self._due.start(round(min(MOST, max(LEAST, due - known.at)) * 1000))

    def _take(self, marks: object) -> None:
        if isinstance(marks, list):
            self._told.take(marks)
        self._loaded = True
        self.look()
