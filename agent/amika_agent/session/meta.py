"""What we know of the session beside its file: `.session.meta`, ours alone, without any token."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields

from amika_agent.stores.private_file import write_private

MAX_REVOKED = 50
MAX_BINDINGS = 8
MAX_ORGANIZATIONS = 32
LONGEST_NAME = 200


@dataclass
class Meta:
    """Facts about the session; hashes are SHA-256 in hex, times epoch seconds.

    rt, sent_at      the refresh token last sent without a stored answer, and when it was sent first
    unanswered       an earlier sending of `rt` may have been executed and its answer lost
    got, got_at      the refresh token that our own last renewal brought, and when
    rejected, rejected_code, rejected_lost   the refresh token the server refused for good, its word, and whether an
                     answer had been lost before
    not_before       the server asked us to wait until then
    skew             our clock minus the server's
    revoked_sids     sessions that were signed out here; a file that brings one back is deleted
    bindings         session id (else "rt:" and a hash) -> [origin, issuer]: the servers it belongs to
    organizations    organization id -> its name, of those that the server has named to us
    """

    rt: str = ""
    sent_at: float = 0.0
    unanswered: bool = False
    got: str = ""
    got_at: float = 0.0
    rejected: str = ""
    rejected_code: str = ""
    rejected_lost: bool = False
    not_before: float = 0.0
    skew: float = 0.0
    bindings: dict[str, list[str]] = field(default_factory=dict)
    revoked_sids: list[str] = field(default_factory=list)
    organizations: dict[str, str] = field(default_factory=dict)

    def sent(self, rt: str) -> bool:
        """Tell whether this refresh token was sent and no answer has been stored."""
        return self.rt == rt and self.sent_at > 0

    def bind(self, name: str, origin: str, issuer: str) -> None:
        """Note where a session belongs; the latest few are kept."""
        self.bindings.pop(name, None)
        self.bindings[name] = [origin, issuer]
        while len(self.bindings) > MAX_BINDINGS:
            del self.bindings[next(iter(self.bindings))]

    def name_organization(self, organization_id: str, name: object) -> None:
        """Note what an organization is called, if that is a name; the latest few are kept."""
        if not organization_id or not isinstance(name, str) or not name.strip() or name == organization_id:
            return
        self.organizations.pop(organization_id, None)
        self.organizations[organization_id] = name.strip()[:LONGEST_NAME]
        while len(self.organizations) > MAX_ORGANIZATIONS:
            del self.organizations[next(iter(self.organizations))]

    def revoke(self, sid: str) -> None:
        """Remember a session that must not come back."""
        if sid and sid not in self.revoked_sids:
            self.revoked_sids = [*self.revoked_sids, sid][-MAX_REVOKED:]


class MetaFile:
    """`.session.meta` in the state directory. Unreadable or damaged counts as empty: it only ever saves work."""

    def __init__(self, state_dir: str) -> None:
        self.path = os.path.join(state_dir, ".session.meta")

    def read(self) -> Meta:
        """Return what is recorded."""
        try:
            # a FIFO must not hold us up
            with open(os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
                found = json.loads(file.read(1 << 20))
        except (OSError, ValueError, RecursionError):
            return Meta()
        return _meta(found) if isinstance(found, dict) else Meta()

    def write(self, meta: Meta) -> None:
        """Record it, flushed to the disk.

        Raises:
            Failed: it cannot be written.

        """
        write_private(self.path, json.dumps({"v": 1, **asdict(meta)}, indent=1).encode())


def _pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _meta(found: dict[str, object]) -> Meta:
    meta = Meta()
    for one in fields(Meta):
        value = found.get(one.name)
        default = getattr(meta, one.name)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(default):
            continue
        if isinstance(value, list):
            value = [item for item in value if isinstance(item, str)]
        if isinstance(value, dict):
            fits = _pair if one.name == "bindings" else _is_text
            value = {name: item for name, item in value.items() if fits(item)}
        setattr(meta, one.name, value)
    return meta
