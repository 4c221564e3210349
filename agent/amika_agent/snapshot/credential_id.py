"""The name by which a discovered credential is spoken of: in the snapshot, in commands, in the activity log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amika_local.credential import OAUTH
from amika_shared.redaction import plain

if TYPE_CHECKING:
    from amika_local.credential import Credential

# sources that may hold a key and a login for the same provider at once
_BOTH_KINDS = ("codex", "codex-keyring")


def credential_id(credential: Credential) -> str:
    """Return "source/provider", and "source/provider/oauth" where a key of the same source would have that name."""
    kind = f"/{credential.kind}" if credential.source in _BOTH_KINDS and credential.kind == OAUTH else ""
    return plain(f"{credential.source}/{credential.provider}{kind}")
