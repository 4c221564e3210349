"""The page that says how a source is added, followed to the letter in a copy of the product."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.homes import FUTURE, fill
from tests.house.repository import ROOT

import amika_local

MODULE, ROW = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "docs" / "adding-a-source.md").read_text(), re.MULTILINE | re.DOTALL
)


@pytest.fixture
def with_acme(tmp_path: Path) -> Path:
    """A folder whose `amika_local` has the page's module and, as the last of the table, the page's row."""
    copy = tmp_path / "copy" / "amika_local"
    shutil.copytree(Path(amika_local.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "sources" / "acme.py").write_text(MODULE)
    table = copy / "sources" / "__init__.py"
    rows, end, rest = table.read_text().partition("\n)\n\n# base -> ")
    assert end
    table.write_text(f"{rows}\n{ROW}{end}{rest}")
    return copy.parent


def extract(package: Path, *flags: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "amika_cli.main", "auth", "extract", *flags],
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("document", "state"),
    [
        ({"access_token": "fake-acme", "expires_at": FUTURE}, "used"),
        ({"access_token": "fake-acme", "expires_at": 1.0}, "expired"),
        ({"access_token": " "}, "blank"),
        ({"other": 1}, "nothing"),
        ({"access_token": 7}, "bad"),
    ],
)
def test_what_a_source_of_the_page_gives_is_found(
    home: Path, with_acme: Path, document: dict[str, object], state: str
) -> None:
    fill(home, {".acme/credentials.json": document})
    told = json.loads(extract(with_acme, "--explain", "-o", "json"))
    assert [line["state"] for line in told["sources"] if line["source"] == "acme"] == [state]
    assert ("fake-acme" in extract(with_acme)) is (state == "used")
