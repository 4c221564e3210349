"""Takes the symbols out of the interpreter's libraries in a bundle.

strip_symbols.py dist/amika

Without a `strip` on this machine the bundle is larger, and works.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import bundle_parts


def main(folder: Path) -> None:
    """Strip what `bundle_parts.stripped` names."""
    strip = shutil.which("strip")
    if strip is None or sys.platform != "linux":
        return
    paths = [str(path) for path in folder.rglob("*.so*") if path.is_file() and not path.is_symlink()]
    subprocess.run([strip, "--strip-unneeded", *filter(bundle_parts.stripped, paths)], check=True)  # noqa: S603


if __name__ == "__main__":
    main(Path(sys.argv[1]))
