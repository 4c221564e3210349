"""The link ~/.local/bin/amika: ours is made and removed, anybody else's is named and left alone."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
from typing import NamedTuple

from amika_local.errors import Conflict, Failed


class Others(NamedTuple):
    """The other programs called amika on PATH, and our link's place among them.

    before   those that a terminal finds before our link; all of them when its folder is not on PATH
    after    those that come after it: from now on hidden by it
    on_path  whether our link's folder is on PATH at all
    """

    before: list[str]
    after: list[str]
    on_path: bool


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
    temporary = f"{place}.new-{secrets.token_hex(4)}"
    try:
        _make_folder(os.path.dirname(place))
        os.symlink(target, temporary)
        os.replace(temporary, place)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        remedy = (
            f"Add {os.path.dirname(target)} to your PATH instead, or make the link's folder writable for your user."
        )
        raise Failed(f"cannot link {place}: {os.strerror(error.errno or 0)}", remedy=remedy) from None
    return True


def unlink(place: str, target: str) -> bool:
    """Remove the link if it is ours; tell whether it was there.

    Raises:
        Conflict: something that is not ours is there.
        Failed: it cannot be removed.

    """
    if not os.path.lexists(place):
        return False
    if not _ours(place, target):
        leads = f"a link to {os.readlink(place)}" if os.path.islink(place) else "another program"
        raise Conflict(
            f"{place} is {leads}, not our link, and was left as it is",
            remedy=f"Nothing of ours is there. If nobody needs it: rm {shlex.quote(place)}",
        )
    try:
        os.unlink(place)
    except OSError as error:
        remedy = f"Make {os.path.dirname(place)} writable for your user, or remove the link yourself."
        raise Failed(f"cannot remove {place}: {os.strerror(error.errno or 0)}", remedy=remedy) from None
    return True


def leads_nowhere(place: str) -> str:
    """Return where a link points when nothing is there, else ""."""
    return os.readlink(place) if os.path.islink(place) and not os.path.exists(place) else ""


def others_on_path(path: str, place: str) -> Others:
    """Return the programs called amika that PATH gives besides the one at `place`, each folder once, in their order."""
    others = Others([], [], on_path=False)
    for folder in dict.fromkeys(path.split(os.pathsep)):
        candidate = os.path.join(folder, "amika")
        if not os.path.isabs(folder):
            continue
        if os.path.normpath(candidate) == os.path.normpath(place):
            others = others._replace(on_path=True)
        elif os.path.realpath(candidate) == os.path.realpath(place):
            continue
        elif os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            (others.after if others.on_path else others.before).append(candidate)
    return others


def _make_folder(path: str) -> None:
    """Create a folder that programs are started from: nobody else may put one there, whatever the umask."""
    before = os.umask(0o022)
    os.umask(before | 0o022)
    try:
        os.makedirs(path, exist_ok=True)
    finally:
        os.umask(before)


def _ours(place: str, target: str) -> bool:
    # a link that leads nowhere serves nobody; who asked is told where it led
    if not os.path.islink(place):
        return False
    return not os.path.exists(place) or os.path.realpath(place) == os.path.realpath(target)
