"""Whether the agent ever wrote an entry of the env cache: asked for entries without a mark, which are rare.

Another program may rewrite the cache and drop the agent's marks; then our own copies would look like somebody's keys.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Ledgers:
    """The ledgers of both profiles (they share one env cache), opened read-only when the first entry asks.

    A ledger that cannot be read has recorded nothing.
    """

    __slots__ = ("_paths",)

    def __init__(self, env: "Mapping[str, str]") -> None:
        self._paths = [path for path in ledger_paths(env) if os.path.isfile(path)]

    def __call__(self, name: str, value: str) -> bool:
        """Tell whether the pair was ever written by the agent."""
        return any(_holds(path, name, value) for path in self._paths)


def ledger_paths(env: "Mapping[str, str]") -> "list[str]":
    """Return where `amika_shared.profile` puts sync.db, without what that costs to import."""
    home = env.get("HOME", "")
    if sys.platform == "darwin":
        base = os.path.join(home, "Library", "Application Support")
    else:
        base = env.get("XDG_DATA_HOME", "").strip() or os.path.join(home, ".local", "share")
    return [os.path.join(base, "amika-desktop", profile, "sync.db") for profile in ("default", "local")]


def _holds(path: str, name: str, value: str) -> bool:
    import sqlite3

    from amika_agent.sync.keys import fingerprint
    from amika_local.regular_file import read

    try:
        key = read(path + ".key", "ledger", limit=4096)
        if not isinstance(key, bytes):
            return False
        known = fingerprint(key, "mirrored", f"{name}\0{value}")
        address = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        ledger = sqlite3.connect(f"file:{address}?mode=ro", uri=True, timeout=0.2)
        try:
            return ledger.execute("SELECT 1 FROM mirrored WHERE hmac=?", (known,)).fetchone() is not None
        finally:
            ledger.close()
    except (OSError, sqlite3.Error):
        return False
