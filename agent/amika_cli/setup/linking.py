"""The link ~/.local/bin/amika: ours is made and removed, anybody else's is named and left alone."""

from __future__ import annotations

import os

from amika_local.errors import Conflict, Failed


def link(place: str, target: str) -> bool:
    """Make `place` a link to `target`; tell whether anything changed. A dangling or older link of ours is replaced.

    Raises:
        Conflict: something that is not ours is there.
        Failed: it cannot be written.

    """
    if os.path.islink(place) and os.readlink(place) == target:
        return False
    if os.path.lexists(place) and not _ours(place, target):
        raise Conflict(
            f"{place} is another program and was left as it is", remedy="Move it away, or call this by path."
        )
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        temporary = f"{place}.new-{os.getpid()}"
        os.symlink(target, temporary)
        os.replace(temporary, place)
    except OSError as error:
        raise Failed(f"cannot link {place}: {os.strerror(error.errno or 0)}") from None
    return True


def unlink(place: str, target: str) -> bool:
    """Remove the link if it is ours; tell whether it was there.

    Raises:
        Conflict: something that is not ours is there.

    """
    if not os.path.lexists(place):
        return False
    if not _ours(place, target):
        raise Conflict(f"{place} is not our link and was left as it is")
    os.unlink(place)
    return True


def others_on_path(path: str, place: str) -> tuple[str, bool]:
    """Return the `amika` that PATH gives before `place` ("" when none), and whether `place` is on PATH at all."""
    first = ""
    for folder in path.split(os.pathsep):
        candidate = os.path.join(folder, "amika")
        if not folder or not os.path.isabs(folder):
            continue
        if os.path.normpath(candidate) == os.path.normpath(place):
            return first, True
        same = os.path.realpath(candidate) == os.path.realpath(place)
        if not first and not same and os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            first = candidate
    return first, False


def _ours(place: str, target: str) -> bool:
    # a link that leads nowhere serves nobody; one into a folder of ours is an older version's
    if not os.path.islink(place):
        return False
    leads_to = os.path.join(os.path.dirname(place), os.readlink(place))
    return not os.path.exists(leads_to) or os.path.realpath(leads_to) == os.path.realpath(target)
