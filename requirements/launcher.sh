#!/usr/bin/env bash
# Writes the console scripts anew, so that they start as fast as Python can:  requirements/launcher.sh .venv
# The interpreter is isolated (-I: no PYTHON* variable, no folder of the person's) and does not look for packages (-S):
# it is told where they are. Plain `pip install` makes console scripts of its own, which work the same way.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=$(cd "$1" && pwd)
case $venv in
  *[[:space:]\"\\]*) exit 0 ;; # the first line of a script cannot name such a place
esac
[ ${#venv} -lt 100 ] || exit 0

packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
write() { # program package
  local new
  new=$(mktemp "$venv/bin/.$1.XXXXXX")
  cat >"$new" <<END
#!$venv/bin/python -IS
import sys

sys.path[:0] = ["$PWD/agent", "$PWD/shared", "$PWD/tray"]
sys.path.append("$packages")

from $2.main import main

sys.exit(main())
END
  chmod 755 "$new"
  mv -f "$new" "$venv/bin/$1"
}

write amika amika_cli
write amika-agent amika_agent
write amika-tray amika_tray
