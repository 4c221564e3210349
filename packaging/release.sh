#!/usr/bin/env bash
# Packs dist/amika and signs it, into dist/release:   make release KEY=~/.ssh/id_ed25519
#
#   amika-desktop-VERSION-SYSTEM-MACHINE.tar.gz   the folder; the same folder and commit make the same bytes
#   amika-desktop-VERSION-SYSTEM-MACHINE.txt      the commit, and what was locked into it: names, versions, hashes
#   SHA256SUMS, SHA256SUMS.sig                    of these two, and a signature by a key of packaging/allowed_signers
#
# docs/releasing.md says how the signature is checked.
set -euo pipefail
cd "$(dirname "$0")/.."

NAMESPACE=amika-desktop-release
SIGNERS=packaging/allowed_signers
OUT=dist/release

stop() {
  echo "release: $1" >&2
  exit 2
}

KEY=${1:-}
[ -n "$KEY" ] || stop 'no key: say which to sign with: make release KEY=~/.ssh/id_ed25519'
[ -r "$KEY.pub" ] || stop "$KEY.pub cannot be read; KEY is a private SSH key with its public part beside it"
[ -x dist/amika/amika ] || stop 'dist/amika is not there: make bundle'
[ -z "$(git status --porcelain)" ] || stop 'the tree has changes that no commit holds; commit them first'

read -r kind public _ <"$KEY.pub"
who=$(awk -v kind="$kind" -v public="$public" '!/^#/ && index($0, kind " " public) { print $1; exit }' "$SIGNERS" 2>/dev/null) || true
[ -n "$who" ] || stop "$KEY.pub is not in $SIGNERS, where people look it up. Add and commit this line:
  you@example.com namespaces=\"$NAMESPACE\" $kind $public"

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
name="amika-desktop-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)"
rm -rf "$OUT"
mkdir -p "$OUT"
tar --create --sort=name --mtime="@$(git log -1 --format=%ct)" --owner=0 --group=0 --numeric-owner \
  --mode='u+rw,go-w' --directory dist amika | gzip -9n >"$OUT/$name.tar.gz"
{ echo "# commit $(git rev-parse HEAD)"; cat requirements/bundle.txt; } >"$OUT/$name.txt"

cd "$OUT"
sha256sum "$name.tar.gz" "$name.txt" >SHA256SUMS
ssh-keygen -q -Y sign -n "$NAMESPACE" -f "$KEY" SHA256SUMS
ssh-keygen -Y verify -f "$OLDPWD/$SIGNERS" -I "$who" -n "$NAMESPACE" -s SHA256SUMS.sig <SHA256SUMS >/dev/null ||
  stop "the signature that was made does not fit $SIGNERS"
ls -l
