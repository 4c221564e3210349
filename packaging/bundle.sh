#!/usr/bin/env bash
# Builds dist/amika/{amika,amika-agent,amika-tray}: one folder that needs no Python.   make bundle
# It has a virtual environment of its own, so that the bundle holds what is locked and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=build/bundle-venv
requirements/venv.sh bundle "$VENV"
"$VENV/bin/python" -m PyInstaller --noconfirm --log-level ERROR \
  --distpath dist --workpath build/pyinstaller packaging/amika.spec
"$VENV/bin/python" packaging/strip_symbols.py dist/amika
