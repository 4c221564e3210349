"""Keys that our own sign-ins made at almyty and that no login here may hold any more, written down.

Only ids are written, never a value. Who ends them is in `almyty_keys`.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass

from amika_agent.stores.private_file import read_private, remove_private, write_private
from amika_local.almyty_file import AlmytyLogin
from amika_local.errors import Failed

MOST = 20
MAX_BYTES = 64 << 10


@dataclass(frozen=True)
class OldKey:
    """A key that may be valid at the server although no login here holds it.

    id, url, email, organization_id   which one, where, and whose
    why    why it could not be ended, "" when nobody has tried yet
    final  no login that is here can end it: only a person can
    """

    id: str
    url: str = ""
    email: str = ""
    organization_id: str = ""
    why: str = ""
    final: bool = False

    @property
    def told(self) -> str:
        """What a person has to know, a clause."""
        return f"the key of an earlier almyty login ({self.id}) is still valid at the server: {self.why}"


def notes_path(folder: str) -> str:
    """Return the file in which they are written down."""
    return os.path.join(folder, ".amika-keys.json")


def key_of(login: AlmytyLogin) -> OldKey:
    """Return the key of a login that our own sign-in made; its id is "" when another one did."""
    return OldKey(login.key_id, login.url, login.email, login.organization_id)


def noted(folder: str) -> list[OldKey]:
    """Return what is written down; a file that cannot be understood says nothing."""
    with contextlib.suppress(Failed, ValueError, RecursionError):
        found = json.loads(read_private(notes_path(folder), MAX_BYTES) or b"{}")
        listed = found.get("keys") if isinstance(found, dict) else None
        keys = [_key(one) for one in (listed if isinstance(listed, list) else [])]
        return [key for key in keys if key.id]
    return []


def note(folder: str, *keys: OldKey) -> None:
    """Write keys down; the caller holds the lock of the login.

    Raises:
        Failed: it cannot be written.

    """
    wanted = {key.id: key for key in keys if key.id}
    if wanted:
        write(folder, [*(known for known in noted(folder) if known.id not in wanted), *wanted.values()])


def strike(folder: str, *ids: str) -> None:
    """Take keys off the list: they are ended, or a login holds them; the caller holds the lock of the login."""
    known = noted(folder)
    left = [key for key in known if key.id not in ids]
    if len(left) < len(known):
        with contextlib.suppress(Failed):  # it is found out anew, and costs one more question
            write(folder, left)


def _key(body: object) -> OldKey:
    if not isinstance(body, dict):
        return OldKey("")
    names = ("id", "url", "email", "organization_id", "why")
    texts = {name: body[name] for name in names if isinstance(body.get(name), str)}
    return OldKey(**{"id": "", **texts}, final=body.get("final") is True)


def write(folder: str, keys: list[OldKey]) -> None:
    """Make these the list, the last MOST of them; an empty list is no file. Raises Failed."""
    if keys:
        content = {"v": 1, "keys": [asdict(key) for key in keys[-MOST:]]}
        write_private(notes_path(folder), json.dumps(content, indent=2).encode() + b"\n")
    else:
        remove_private(notes_path(folder))
