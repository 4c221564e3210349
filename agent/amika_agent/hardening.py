"""What a process that holds secrets does before it reads the first one."""

from __future__ import annotations

import os
import resource
import sys

_PR_SET_DUMPABLE = 4


def harden() -> None:
    """Turn off core files and, on Linux, reading this process's memory by others of the same user."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    close_memory()


def close_memory() -> None:
    """On Linux let nobody else of the same user read this process's memory, and no dump be made of it.

    It ends with an exec: what this process becomes or starts is as open as ever.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
