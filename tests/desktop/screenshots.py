"""Makes the pictures of the documentation: runs the tests that photograph every view and keeps the pictures.

python -m tests.desktop.screenshots [window]      (window: only those of the window, without the end-to-end test)
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.desktop.screen import OUTPUT

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
PAGES = ("credentials", "rules", "vault", "connections", "activity", "problems", "settings", "diagnostics")
# test -> what it photographs
PICTURES = {
    "test_end_to_end.py": ("menu", "dialog", "page", "signed-out", "quit"),
    "test_window.py": (
        *(f"window-{page}" for page in PAGES),
        *(f"window-{page}-dark" for page in PAGES),
        "window-empty",
        "menu-full",
        "notification",
        "dialog-phone",
        "dialog-organization",
        "dialog-done",
    ),
}


def main(argv: Sequence[str]) -> int:
    """Run the tests; copy their pictures to docs/images."""
    tests = [name for name in PICTURES if not argv or any(word in name for word in argv)]
    paths = [str(ROOT / "tests" / "desktop" / name) for name in tests]
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", *paths], cwd=ROOT, check=False)
    if done.returncode:
        return done.returncode
    for name in keep(tests, OUTPUT, IMAGES):
        print(f"docs/images/{name}")
    return 0


def keep(tests: Sequence[str], photographed: Path, images: Path) -> list[str]:
    """Copy the pictures that these tests made and return their names."""
    images.mkdir(parents=True, exist_ok=True)
    names = [f"{picture}.png" for test in tests for picture in PICTURES[test]]
    for name in names:
        shutil.copyfile(photographed / name, images / name)
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
