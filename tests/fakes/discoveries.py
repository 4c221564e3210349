"""What discovery has found, without files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amika_local.credential import Credential, Problem
from amika_local.findings import BAD, Discovery


def discovery(
    *credentials: Credential, problems: Iterable[Problem] = (), files: Mapping[tuple[str, str], str] | None = None
) -> Discovery:
    """These were found and these files are bad; `files`: (source, path) -> state, of further ones."""
    found = Discovery()
    found.credentials = sorted(credentials, key=lambda c: -c.priority)
    found.problems = list(problems)
    for credential in found.credentials:
        found.winners.setdefault(credential.provider, credential)
    found.files = {(c.source, c.path): "ok" for c in credentials}
    found.files |= {(p.source, p.path): "bad" if p.code in BAD else "ok" for p in found.problems}
    found.files |= files or {}
    return found
