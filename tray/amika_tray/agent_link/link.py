"""Keeps the tray in touch with the agent: finds it, starts it, watches it, and comes back after it died."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QElapsedTimer, QFileSystemWatcher, QObject, QTimer, Signal

from amika_shared import BUILD
from amika_shared.effective import difference, effective
from amika_shared.profile import Profile
from amika_shared.snapshot import Snapshot, empty_snapshot, read_snapshot
from amika_tray.agent_link.channel import Channel
from amika_tray.agent_link.locate import locate
from amika_tray.agent_link.starter import Starter
from amika_tray.menu.describe import Link
from amika_tray.wording import named, t

# Seconds before the next try. The first ones come within 5 s: the tray is what brings a dead agent back. The shortest
# leaves a stopping agent the time to take its record away after its connections.
DELAYS = (0.3, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
HEALTHY = 60.0


class AgentLink(QObject):
    """The watch on the agent, and requests to it.

    snapshot  what the agent said last
    link      how we stand to it
    """

    changed = Signal()

    def __init__(
        self, profile: Profile, env: Mapping[str, str], starter: Starter, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.snapshot: Snapshot = empty_snapshot()
        self.link = Link("starting")
        self._profile = profile
        self._paths = effective(profile, env)
        self._starter = starter
        self._starter.finished.connect(self._started)
        self._watch: Channel | None = None
        self._shown = Link()  # what a snapshot of the present connection is shown with
        self._seen = False  # an agent was there in this run: having no record then means that somebody stopped it
        self._broken = False  # what the record names did not answer
        self._failures = 0
        self._alive = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)
        self._folder = QFileSystemWatcher(self)
        self._folder.directoryChanged.connect(self._folder_changed)

    def open(self) -> None:
        """Look for the agent and start it if none runs."""
        with contextlib.suppress(OSError):  # then the agent cannot start either, and says why
            os.makedirs(self._profile.data_dir, mode=0o700, exist_ok=True)
        self._look()

    def close(self) -> None:
        """Let go of the agent; it runs on."""
        self._timer.stop()
        self._starter.stop()
        self._drop()

    def request(self, op: str, args: dict[str, Any] | None = None) -> Channel:
        """Return a channel on which `op` was asked; its outcome arrives as signals, after this call."""
        channel = Channel(op, args or {}, self)
        channel.failed.connect(self._request_failed)
        channel.open(locate(self._profile).socket, self._paths)
        return channel

    def start_agent(self) -> None:
        """Start the agent because the person asked for it."""
        self._failures = 0
        self._say(Link("starting"))
        self._starter.start()

    def restart_agent(self) -> None:
        """Stop the agent, whatever it does, and start it again, because the person asked for it."""
        if self._starter.running:
            return
        self._failures = 0
        self._timer.stop()
        self._drop()
        self._say(Link("starting"))
        self._starter.start(restart=True)

    def _look(self) -> None:
        self._timer.stop()
        if self._watch is not None or self._starter.running:
            return
        if os.path.isdir(self._profile.data_dir):
            self._folder.addPath(self._profile.data_dir)
        place = locate(self._profile)
        if place.socket and not self._broken:
            self._connect(place.socket)
        elif place.code == "elsewhere":
            self._refuse(t("The agent of this home runs on another machine."), t("Stop it there, then start it here."))
        elif place.code == "absent" and self._seen:
            self._broken = False
            self._say(Link("stopped"))
        else:
            self._say(Link("starting"))
            self._starter.start()

    def _connect(self, path: str) -> None:
        watch = Channel("watch", {}, self)
        watch.greeted.connect(self._greeted)
        watch.item.connect(self._item)
        watch.ended.connect(lambda _end: self._lost("gone", "", ""))
        watch.failed.connect(self._lost)
        self._watch = watch
        watch.open(path, self._paths)

    def _greeted(self, hello: dict[str, Any]) -> None:
        self._seen = True
        self._alive.start()
        note = _note(hello, self._paths)
        features = hello.get("features")
        known = frozenset(map(str, features)) if isinstance(features, list) else None
        self._shown = Link(reason=note, restart=bool(note), features=known)

    def _item(self, item: dict[str, Any]) -> None:
        self.snapshot = read_snapshot(item)
        self.link = self._shown
        self.changed.emit()

    def _lost(self, code: str, message: str, remedy: str) -> None:
        self._drop()
        if code != "gone":
            self._refuse(message, remedy, restart=code in ("silent", "other_version", "protocol"))
            return
        if self._alive.isValid() and self._alive.elapsed() > HEALTHY * 1000:
            self._failures = 0
        self._alive.invalidate()
        self._broken = True
        self._try_later()

    def _request_failed(self, code: str, message: str, remedy: str) -> None:
        # who does not even greet hangs; the watch would notice it only when the heartbeat has been missing for long
        if code == "silent" and self._watch is not None:
            self._lost(code, message, remedy)

    def _started(self, reason: str) -> None:
        self._broken = False
        if not reason and not locate(self._profile).socket:
            reason = t("it started, but left no record of itself")
        if reason:
            self._say(Link("failed", t("The agent could not be started: {reason}", reason=reason)))
            self._broken = True
            self._try_later()
        else:
            self._look()

    def _folder_changed(self, _path: str) -> None:
        if self._watch is None and not self._starter.running and locate(self._profile).socket:
            self._broken = False
            self._look()

    def _refuse(self, reason: str, remedy: str, *, restart: bool = False) -> None:
        self._say(Link("failed", reason, remedy, restart))
        self._timer.start(round(DELAYS[-1] * 1000))

    def _try_later(self) -> None:
        self._timer.start(round(DELAYS[min(self._failures, len(DELAYS) - 1)] * 1000))
        self._failures += 1

    def _drop(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch.deleteLater()
            self._watch = None

    def _say(self, link: Link) -> None:
        if link != self.link:
            self.link = link
            self.changed.emit()


def _note(hello: dict[str, Any], paths: Mapping[str, str]) -> str:
    build = hello.get("build")
    if build != BUILD:
        return t("The running agent is of another build ({build}): restart it", build=named(str(build), 24))
    differs = difference(paths, hello.get("paths"))
    return t("The running agent was started with another {name}", name=named(differs, 24)) if differs else ""
