"""The pause of one profile: a small file, so that it survives a restart and agent and command line share it.

While it lasts nothing is written into the env cache or the env files of shells but the removal of what its owner has
revoked, and nothing is pushed; a replacement that is open ends first. The session is renewed all the same.
"""

from __future__ import annotations

import contextlib
import json
import math
import os

from amika_agent.clock import Clock
from amika_agent.stores.private_file import locked, sync_dir, translated, write_private

FOREVER = math.inf
LONGEST = 366 * 86400.0
_MAX_BYTES = 4096


class PauseFile:
    """`paused.json` of a profile.

    Args:
        data_dir: folder of the profile's data.
        clock: time source.

    """

    def __init__(self, data_dir: str, clock: Clock) -> None:
        self.path = pause_path(data_dir)
        self._clock = clock

    def until(self) -> float | None:
        """Return the end of the pause (epoch seconds, `FOREVER` until resumed), or None when there is none now.

        A file that cannot be understood pauses until it is resumed: what was asked for was to send nothing.
        """
        end = _end(self.path)
        return end if end is not None and end > self._clock.now() else None

    def pause(self, seconds: float | None) -> float:
        """Pause from now on, for `seconds` or until resumed (None), and return the end.

        Raises:
            Failed: it cannot be recorded; nothing is paused then.

        """
        now = self._clock.now()
        end = FOREVER if seconds is None else now + seconds
        text = json.dumps({"v": 1, "since": now, "until": None if end == FOREVER else end})
        with self._locked():
            write_private(self.path, text.encode())
        return end

    def resume(self) -> bool:
        """End the pause; False when there was none.

        Raises:
            Failed: it cannot be recorded; everything stays paused then.

        """
        with self._locked():
            was = self.until() is not None
            try:
                os.unlink(self.path)
                sync_dir(os.path.dirname(self.path))
            except FileNotFoundError:
                return False
            except OSError as error:
                raise translated(error, self.path) from None
        return was

    def _locked(self) -> contextlib.AbstractContextManager[int]:
        return locked(self.path + ".lock", deadline=5, clock=self._clock, what="the pause")


def pause_path(data_dir: str) -> str:
    """Return the file that says whether the profile of this data folder is paused."""
    return os.path.join(data_dir, "paused.json")


def _end(path: str) -> float | None:
    try:
        # a FIFO must not hold us up
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            until = json.loads(file.read(_MAX_BYTES))["until"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return FOREVER
    is_time = isinstance(until, int | float) and not isinstance(until, bool) and not math.isnan(until)
    return float(until) if is_time else FOREVER
