#!/usr/bin/env bash
# Makes sure that Debian packages are installed:  requirements/system.sh PACKAGE… | -r LIST…
# As root, or through sudo; where neither works it prints the one line to run and stops with exit 1.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

wanted() {
  if [ "${1:-}" = -r ]; then
    shift
    sed -e 's/#.*//' "$@" | tr -s '[:space:]' '\n' | sed '/^$/d'
  else
    printf '%s\n' "$@"
  fi
}

# a package also counts when another one provides it, as Debian's later releases rename libraries
present() {
  dpkg-query -W -f '${db:Status-Status}, ${Package}, ${Provides}\n' |
    sed -n 's/^installed, //p' | tr ',' '\n' | sed -e 's/(.*)//' -e 's/[[:space:]]//g'
}

names=$(wanted "$@")
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "setup: this is not a Debian system; going on without looking for: ${names//$'\n'/ }" >&2
  exit 0
fi

there=$(present)
mapfile -t missing < <(grep -vxF "$there" <<<"$names" || true)
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=()
elif sudo -n true 2>/dev/null; then
  as_root=(sudo -n)
elif [ -t 0 ] && command -v sudo >/dev/null; then
  echo "setup: sudo may ask for your password, to install: ${missing[*]}" >&2
  as_root=(sudo)
else
  echo "setup: these system packages are missing. Install them, then run the same command again:" >&2
  echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

apt() {
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

echo "setup: installing system packages: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# fresh machines have no package lists, old ones have stale lists: look again once before giving up
if ! apt install --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
  { apt update && apt install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    echo "setup: apt-get could not install what is missing; the lines above say why. Once that is mended, run the same" >&2
    echo "  command again, or install it by hand: apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  }
fi
