#!/usr/bin/env bash
# Makes or refreshes .venv so that it holds exactly what is locked:  requirements/venv.sh run|dev
# Another folder for another lock:  requirements/venv.sh bundle build/bundle-venv
# Does nothing, in a few milliseconds, when nothing changed since the last time.
# Downloads go where pip or uv are configured to go (files, environment); no index is named here.
set -euo pipefail
cd "$(dirname "$0")/.."

level=${1:-run}
venv=${2:-.venv}
stamp=$venv/.ready
made=$venv/.made # an environment whose making was interrupted has an interpreter, but perhaps no pip
# `dev` is a superset of `run`: once installed it stays, so that `make run` and `make test` do not undo each other
if [ "$level" = run ] && [ "$(head -n 1 "$stamp" 2>/dev/null)" = dev ]; then
  level=dev
fi
lock=requirements/$level.txt

fingerprint() {
  echo "$level"
  echo "$PWD" # console scripts carry the absolute path of their interpreter
  cat requirements/bootstrap.txt "$lock" pyproject.toml requirements/venv.sh requirements/launcher.sh | sha256sum
}

works() { # an interpreter that starts and is new enough; a virtual environment dies with the Python it was made from
  "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local name
  for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if works "$name"; then
      echo "$name"
      return
    fi
  done
  echo "setup: Python 3.11 or newer is needed, and ${PYTHON:-python3} is not that." >&2
  echo "  Install it (Debian 12: apt-get install python3) or name one: make setup PYTHON=/path/to/python3.11" >&2
  return 1
}

create() {
  local python said
  python=$(find_python)
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian ships Python without the module that makes virtual environments
    requirements/system.sh "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  fi
  # whoever interrupts this need not read Python's traceback
  said=$("$python" -m venv --clear "$venv" 2>&1) || { echo "$said" >&2; return 1; }
  touch "$made"
}

# uv does not read pip's configuration: hand over what a mirror needs, unless uv has settings of its own
hand_over_pip_settings() {
  local line value
  while IFS= read -r line; do
    value=${line#*=}
    value=${value#\'}
    value=${value%\'}
    case ${line%%=*} in
      *.index-url) export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-$value}}" ;;
      *.cert) export SSL_CERT_FILE="${SSL_CERT_FILE:-$value}" ;;
      *.trusted-host) export UV_INSECURE_HOST="${UV_INSECURE_HOST:-$value}" ;;
    esac
  done < <($venv/bin/python -m pip config list 2>/dev/null)
}

pip_install() {
  $venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1" || {
    echo "setup: the Python packages of $1 could not be installed; the lines above say why." >&2
    echo "  They come from where pip looks: see \`$venv/bin/python -m pip config list\`. Without a way there, set HTTPS_PROXY" >&2
    echo "  or a mirror (PIP_INDEX_URL, PIP_FIND_LINKS), then run the same command again." >&2
    exit 1
  }
}

install() {
  local uv=$venv/bin/uv
  export UV_PYTHON_DOWNLOADS=never
  pip_install requirements/bootstrap.txt
  hand_over_pip_settings
  if ! "$uv" pip sync --quiet --python $venv/bin/python --require-hashes "$lock"; then
    echo "setup: uv could not install the requirements; trying pip, which has a configuration of its own" >&2
    pip_install "$lock"
  fi
  [ "$venv" = .venv ] || return 0
  "$uv" pip install --quiet --offline --python $venv/bin/python --no-deps --no-build-isolation --editable .
  requirements/launcher.sh $venv
}

if [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint)" ] && works $venv/bin/python; then
  exit 0
fi
rm -f "$stamp"
trap 'exit 130' INT
trap '[ -e "$stamp" ] || echo "setup: stopped before it was done; the same command goes on from here" >&2' EXIT
{ [ -e "$made" ] && works $venv/bin/python; } || create
echo "setup: installing what $lock names into $venv"
install
fingerprint >"$stamp"
echo "setup: done. The programs are $venv/bin/amika, $venv/bin/amika-agent and $venv/bin/amika-tray"
