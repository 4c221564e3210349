"""Progress while many secrets are stored: one line on the terminal that counts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amika_agent.stores.amika_api import SecretsApi

PROGRESS_FROM = 10


@contextmanager
def counted(api: SecretsApi, total: int) -> Iterator[None]:
    """Count on stderr, when it is a terminal, what is stored meanwhile; of ten or fewer nothing is shown."""
    if total <= PROGRESS_FROM or not sys.stderr.isatty():
        yield
        return
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        print(f"\r{done}/{total} stored", end="", file=sys.stderr, flush=True)

    before, api.on_stored = api.on_stored, count
    try:
        yield
    finally:
        api.on_stored = before
        if done:
            print(file=sys.stderr, flush=True)
