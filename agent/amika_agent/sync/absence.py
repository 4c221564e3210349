"""Whether a file that is not there says anything."""

from __future__ import annotations

import os


def is_telling(path: str) -> bool:
    """Tell whether the absence of `path` can be a logout: the folder that it would lie in is there.

    Of a symlink that is the folder of its target: a disk that is not mounted takes nobody's login away.
    """
    return os.path.isdir(os.path.dirname(os.path.realpath(path)))
