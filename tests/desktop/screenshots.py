"""Makes the pictures of the documentation anew: every view of the tray, in light and dark, and what each of them shows.

    python -m tests.desktop.screenshots [--into FOLDER]

Everything on them is real (display, session bus, window manager, panel, notification daemon, browser, the tray itself);
the time is fixed, and the agent is one that says what the test tells it, so that the same pictures come out each time.
`test_pictures.py` runs this command and compares what it makes with what is committed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.desktop.photographer import ROOT
from tests.desktop.screen import Desktop
from tests.desktop.views import asked_for_sign_in, icons, in_browser, notifications, windows

IMAGES = ROOT / "docs" / "images"
NOTES = "views.json"


def main(argv: Sequence[str]) -> int:
    """Make the pictures in docs/images, or in another folder."""
    into = Path(argv[1]) if argv[:1] == ["--into"] and len(argv) == 2 else IMAGES
    if argv and into is IMAGES:
        print(__doc__, file=sys.stderr)
        return 2
    into.mkdir(parents=True, exist_ok=True)
    notes = photograph(into)
    for name in sorted(notes):
        print(into / f"{name}.png")
    return 0


def photograph(into: Path) -> dict[str, list[str]]:
    """Make every picture, and the file that says what they show; pictures of views that are no more go."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # of this process, which only draws the sheet of icons
    runtime = Path(tempfile.mkdtemp(prefix="amika-desk-"))  # socket paths are short
    home = runtime / "home"
    home.mkdir()
    desktop = Desktop(home, runtime, os.environ)
    try:
        desktop.open()
        with asked_for_sign_in() as asked:
            # the page first: its code is good for ten minutes
            notes = {**in_browser(desktop, into, asked), **windows(desktop, into, asked)}
        notes |= notifications(desktop, into)
    finally:
        desktop.close()
        shutil.rmtree(runtime, ignore_errors=True)
    notes |= icons(into)
    for path in into.glob("*.png"):
        if path.stem not in notes:
            path.unlink()
    (into / NOTES).write_text(json.dumps(dict(sorted(notes.items())), indent=1, ensure_ascii=False) + "\n")
    return notes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
