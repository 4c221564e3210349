"""almyty's files, written: credentials.json and config.json, readable by every almyty CLI."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator

from amika_agent.stores.private_file import locked, make_private_dir, remove_private, write_private
from amika_local import rfc3339
from amika_local.almyty_file import OURS, SIGN_IN, AlmytyLogin, config_path, credentials_path, token_hash
from amika_local.login_file import LoginFileError, read_object
from amika_local.modes import tighten

WAIT = 30.0


@contextlib.contextmanager
def changing(folder: str, *, wait: float = WAIT) -> Iterator[None]:
    """Be the one of our processes that changes the login; the others wait, each for `wait` seconds at most.

    Raises:
        Busy: another one does not finish.
        Failed: nothing can be written there.

    """
    with locked(os.path.join(folder, ".amika.lock"), deadline=wait, what="the almyty login"):
        yield


def store_login(folder: str, login: AlmytyLogin) -> str:
    """Store the login and return its file.

    Raises:
        Failed: nothing was changed.

    """
    token = login.token.reveal()
    content: dict[str, object] = {"url": login.url, "token": token}
    if login.email:
        content["email"] = login.email
    if login.expires_at is not None:
        content["expiresAt"] = rfc3339.text(login.expires_at)
    if login.frontend_url:
        content["frontendUrl"] = login.frontend_url
    # readers ignore what they do not know; the hash ties the note to this very token, others write the file too
    note = {
        "keyId": login.key_id,
        "organization": login.organization,
        "organizationId": login.organization_id,
        "certificates": login.certificates,
    }
    if any(note.values()):
        content[OURS] = {name: value for name, value in note.items() if value} | {"tokenHash": token_hash(token)}
    path = credentials_path(folder)
    make_private_dir(folder)
    tighten(folder)
    write_private(path, _encoded(content))
    return path


def remember_addresses(folder: str, *, api: str = "", frontend: str = "") -> None:
    """Keep in config.json the addresses that the person gave; its other fields stay.

    A file that cannot be understood is left as it is: the login names its addresses too, and counts before it.

    Raises:
        Failed: it cannot be written.

    """
    given = {name: value for name, value in (("apiUrl", api), ("frontendUrl", frontend)) if value}
    path = config_path(folder)
    with contextlib.suppress(LoginFileError):
        present = read_object(path, "almyty", SIGN_IN, bom=True) or {}
        if given:
            write_private(path, _encoded({**present, **given}))


def delete_login(folder: str) -> bool:
    """Delete credentials.json and what a killed writer left of it; return whether there was one.

    Raises:
        Failed: it is still there.

    """
    return remove_private(credentials_path(folder))


def _encoded(content: dict[str, object]) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
