"""A login of almyty, as a file that a test writes."""

from __future__ import annotations

import json
from pathlib import Path

FAKE = "almyty_" + "0" * 60 + "fake"


def write(path: Path, content: object, mode: int = 0o600) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
