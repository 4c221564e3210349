"""The bare start of a bundle: a program that does nothing, built the way ours are. What ours are measured against."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.benchmarks.table import Missing
from tests.benchmarks.world import ROOT

WHAT = "bundle: bare bootloader"
PYTHON = ROOT / "build" / "bundle-venv" / "bin" / "python"
FOLDER = ROOT / "build" / "bootloader"
LIMIT = 300
# without the start-up scripts that are left out of ours, else the floor would lie above what stands on it
SPEC = f"""
import sys

sys.path.insert(0, {str(ROOT / "packaging")!r})
import bundle_parts

analysis = Analysis(["bare.py"], excludes=[*bundle_parts.NEVER, *bundle_parts.NO_QT], optimize=2)
scripts = [entry for entry in analysis.scripts if bundle_parts.keeps_script(entry[0])]
exe = EXE(PYZ(analysis.pure), scripts, [], exclude_binaries=True, name="bare", console=True, strip=False, upx=False)
COLLECT(exe, analysis.binaries, analysis.datas, name="bare", strip=False, upx=False)
"""


def bare(python: Path = PYTHON, folder: Path = FOLDER) -> Path | Missing:
    """Return the program, built when there is none yet or the builder is newer."""
    if not python.exists():
        return Missing(WHAT, "there is no bundle (make bundle)")
    program = folder / "dist" / "bare" / "bare"
    if program.exists() and program.stat().st_mtime > (python.parents[1] / ".ready").stat().st_mtime:
        return program
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bare.py").write_text("pass\n")
    (folder / "bare.spec").write_text(SPEC)
    places = [f"--{name}path={folder / name}" for name in ("dist", "work")]
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--log-level=ERROR", *places, str(folder / "bare.spec")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    if done.returncode:
        return Missing(WHAT, f"PyInstaller ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    return program
