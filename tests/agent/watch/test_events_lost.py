"""What no event told: the look once a minute, dropped events, a system that refuses to watch."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.fakes.lost_events import LostEvents

from amika_agent.directory_events import DirectoryEvents, Seen, directory_events
from amika_agent.watch import Watch

LOCAL = frozenset({"local"})


Lost = Callable[[], None]


def test_the_net_sees_what_no_event_told(home: Path) -> None:
    path = home / "auth.json"
    path.write_text("1")
    watch = Watch({str(path): "local"}, str(home), lambda _: None)
    assert watch.changed_since() == frozenset()
    path.write_text("22")
    assert watch.changed_since() == LOCAL
    path.chmod(0o000)
    assert watch.changed_since() == LOCAL
    path.unlink()
    assert watch.changed_since() == LOCAL
    assert watch.changed_since() == frozenset()


def test_what_is_about_to_be_looked_at_counts_as_noticed_and_what_comes_then_does_not(home: Path) -> None:
    credential, session = home / "auth.json", home / "session.json"
    credential.write_text("1")
    session.write_text("1")
    watch = Watch({str(credential): "local", str(session): "session"}, str(home), lambda _: None)
    watch.changed_since()
    credential.write_text("22")
    session.write_text("22")
    watch.about_to_look("local")
    assert watch.changed_since() == {"session"}
    watch.about_to_look("local")
    credential.write_text("333")
    assert watch.changed_since() == LOCAL
    credential.unlink()
    watch.about_to_look("local")
    assert watch.changed_since() == frozenset()


def test_before_the_watch_has_begun_nothing_has_changed(home: Path) -> None:
    path = home / "auth.json"
    watch = Watch({str(path): "local", str(home / "session.json"): "session"}, str(home), lambda _: None)
    watch.about_to_look("local")
    path.write_text("1")
    assert watch.changed_since() == LOCAL


def test_when_the_system_drops_events_everything_is_looked_at_and_watched_anew(home: Path) -> None:
    told: list[frozenset[str]] = []
    made: list[LostEvents] = []

    def forgetful(_: Seen, lost: Lost) -> LostEvents:
        made.append(LostEvents(lost))
        return made[0]

    files = {str(home / ".codex" / "auth.json"): "local", str(home / "s.json"): "session"}
    (home / ".codex").mkdir()
    watch = Watch(files, str(home), told.append, forgetful)
    watch.start()
    assert sorted(made[0].watched) == [str(home), str(home / ".codex")]
    made[0].lose()
    assert told == [frozenset({"local", "session"})]
    watch.rearm()
    assert sorted(made[0].removed) == sorted(made[0].watched) == [str(home), str(home / ".codex")]
    watch.rearm()
    assert len(made[0].removed) == 2
    watch.stop()


def test_where_the_system_refuses_to_watch_it_is_said_and_the_net_is_left(home: Path) -> None:
    code = """
import resource, sys
from amika_agent.watch import Watch
import watchdog.observers.inotify
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
watch = Watch({sys.argv[1] + "/auth.json": "local"}, sys.argv[1], print)
watch.start()
print(watch.problem.code, watch.problem.remedy != "")
watch.rearm()
watch.changed_since()
watch.stop()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(home)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "watch True\n"


def test_what_the_system_refused_is_asked_for_again_with_each_look(home: Path, until: Callable[..., object]) -> None:
    """Its limit may have been raised meanwhile."""
    refusals = [OSError(errno.EMFILE, "too many"), OSError(errno.EMFILE, "too many")]

    def way(seen: Seen, lost: Lost) -> DirectoryEvents:
        if refusals:
            raise refusals.pop()
        return directory_events(seen, lost)

    told: list[frozenset[str]] = []
    watch = Watch({str(home / "auth.json"): "local"}, str(home), told.append, way)
    watch.rearm()
    assert len(refusals) == 2, "it has not begun"
    watch.start()
    try:
        assert watch.problem is not None
        watch.rearm()
        assert watch.problem is not None
        watch.rearm()
        assert watch.problem is None
        (home / "auth.json").write_text("x")
        until(lambda: LOCAL in told, "the event")
    finally:
        watch.stop()
    watch.rearm()
    assert watch._events is None, "and it does not begin anew"
