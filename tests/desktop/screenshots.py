"""Makes the pictures of the documentation: runs the end-to-end test and keeps what it photographed.

python -m tests.desktop.screenshots
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.desktop.screen import OUTPUT

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ("menu", "dialog", "page", "signed-out", "quit")


def main() -> int:
    """Run the test; copy its pictures to docs/images."""
    test = ROOT / "tests" / "desktop" / "test_end_to_end.py"
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", str(test)], cwd=ROOT, check=False)
    if done.returncode:
        return done.returncode
    images = ROOT / "docs" / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name in PICTURES:
        shutil.copyfile(OUTPUT / f"{name}.png", images / f"{name}.png")
        print(f"docs/images/{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
