"""Who the local workspace's user is: derived once from the OS user, then kept."""

from __future__ import annotations

import getpass
import secrets
import string
from collections.abc import Sequence

from amika_agent.workspace.storage import Identity, Organization, Storage

ORGANIZATION = "Local workspace"


def ensure_identity(storage: Storage, names: Sequence[str] = ()) -> Identity:
    """Return the identity of this workspace, creating it the first time; its ids never change afterwards.

    `names`: organizations that the user belongs to from now on, beside the first.
    """
    identity = storage.identity() or _created(storage)
    known = {organization.name for organization in identity.organizations}
    for name in names:
        if name not in known:
            known.add(name)
            storage.add_organization(identity.user_id, _organization(name))
    return storage.identity() or identity


def _created(storage: Storage) -> Identity:
    name = local_part(_os_user())
    identity = Identity(
        user_id=f"user_local_{secrets.token_hex(8)}",
        email=f"{name}@localhost",
        first_name=name,
        organizations=(_organization(ORGANIZATION),),
    )
    storage.set_identity(identity)
    return identity


def _organization(name: str) -> Organization:
    return Organization(f"org_local_{secrets.token_hex(8)}", name)


def local_part(user: str) -> str:
    """Return an OS user name as the first part of an e-mail address: ASCII letters, digits, `._-`; at most 64."""
    allowed = string.ascii_letters + string.digits + "._-"
    name = user.replace("\\", "-").replace("@", "-")
    return "".join(c for c in name if c in allowed).strip(".-_")[:64] or "user"


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "user"
