#!/usr/bin/env bash
# Does the project work for somebody who has just cloned it?  tests/house/fresh_clone.sh [setup] [run] [test] [bench]
# Clones the last commit into a temporary folder and runs the named commands (all but bench by default) with an empty
# home and none of this shell's variables except those that say how to reach the network. Takes minutes; nothing stays.
set -euo pipefail
source=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(setup run test)

place=$(mktemp -d)
trap 'chmod -R u+w "$place"; rm -rf "$place"' EXIT
mkdir "$place/home"
git -c "safe.directory=$source" clone --quiet "$source" "$place/amika"
cd "$place/amika"

fresh() { # what decides how packages are reached passes, everything else starts empty
  local passed=() line
  while IFS= read -r line; do
    case $line in
      PIP_* | UV_* | SSL_CERT_* | *_proxy=* | *_PROXY=*) passed+=("$line") ;;
    esac
  done < <(env)
  env -i HOME="$place/home" PATH="$PATH" LANG=C.UTF-8 ${passed[@]+"${passed[@]}"} "$@"
}

for step in "${steps[@]}"; do
  echo "== make $step"
  started=$SECONDS
  case $step in
    run) fresh make run ARGS="--yes --once --no-tray" </dev/null ;;
    bench) fresh make bench ARGS=--quick ;;
    *) fresh make "$step" </dev/null ;;
  esac
  echo "== make $step: $((SECONDS - started)) s"
done

changed=$(git status --porcelain)
if [ -n "$changed" ]; then
  echo "these commands changed or left files that git sees:" >&2
  echo "$changed" >&2
  exit 1
fi
