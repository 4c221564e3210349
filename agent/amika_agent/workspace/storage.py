"""What the local workspace remembers, and the one interface through which it does.

Every method of `Storage` is one atomic, durable step: it has happened when it returns, and not at all when it raises.
Methods block; the server calls them from its storage thread. Another engine implements `Storage` and nothing else.
Times are epoch seconds. Tokens and device codes come as hashes, values as sealed bytes: no plain secret gets here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

PENDING = "pending"
APPROVED = "approved"
DENIED = "denied"
USED = "used"

GENERIC = "generic"
PROVIDERS = ("claude", "codex")
USER = "user"
ORG = "org"


class AlreadyExistsError(Exception):
    """The new record would break a rule of uniqueness; nothing was stored."""


class StorageError(Exception):
    """The engine failed (full disk, damaged file); nothing was stored. The text is fit for a log."""


@dataclass(frozen=True)
class Organization:
    """An organization a user may act in."""

    id: str
    name: str


@dataclass(frozen=True)
class Identity:
    """Who signs in here: one user, and the organizations that user belongs to; the first is the default."""

    user_id: str
    email: str
    first_name: str
    organizations: tuple[Organization, ...]


@dataclass(frozen=True)
class SealingKey:
    """A key that values were sealed with. `store` says where it lies: "keyring" or "file"; never the key itself."""

    id: str
    store: str
    created_at: float


@dataclass(frozen=True)
class DeviceCode:
    """A sign-in that waits for a person. `interval` is in seconds and grows with each `slow_down`."""

    code_hash: str
    user_code: str
    client_id: str
    program: str
    machine: str
    created_at: float
    expires_at: float
    interval: float
    polled_at: float | None = None
    state: str = PENDING


@dataclass(frozen=True)
class Session:
    """A signed-in program. `ended_at` is None while it lives; `ended_because`: "logout" or "reuse"."""

    id: str
    user_id: str
    org_id: str
    client_id: str
    program: str
    machine: str
    created_at: float
    ended_at: float | None = None
    ended_because: str = ""


@dataclass(frozen=True)
class RefreshToken:
    """A refresh token. `answer` is the sealed pair it was exchanged for, kept for the replay grace only."""

    token_hash: str
    session_id: str
    created_at: float
    used_at: float | None = None
    answer: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class ApiKey:
    """A key of the almyty API. `prefix` is what may be shown of it; `expires_at` None: it does not expire."""

    id: str
    user_id: str
    org_id: str
    name: str
    prefix: str
    key_hash: str
    created_at: float
    expires_at: float | None = None
    last_used_at: float | None = None


@dataclass(frozen=True)
class StoredSecret:
    """A generic secret (`kind` "generic") or a provider's credential (`kind` "claude" or "codex")."""

    id: str
    kind: str
    org_id: str
    user_id: str
    scope: str
    name: str
    type: str
    description: str | None
    sealed: bytes = field(repr=False)
    created_at: float
    updated_at: float


@dataclass(frozen=True)
class Sandbox:
    """A recorded request for a sandbox. `secret_env_vars` maps a variable to the name of a secret."""

    id: str
    org_id: str
    user_id: str
    name: str
    repo_url: str | None
    branch: str | None
    secret_env_vars: dict[str, str]
    created_at: float


class Storage(Protocol):
    """Everything the workspace needs from an engine."""

    def setting(self, name: str) -> bytes | None:
        """Return a small value of the workspace itself (its id, its signing key, its last port)."""

    def set_setting(self, name: str, value: bytes) -> None:
        """Store such a value."""

    def sealing_keys(self) -> Sequence[SealingKey]:
        """Return the keys ever used, newest first."""

    def add_sealing_key(self, key: SealingKey) -> None:
        """Remember that values are sealed with this key from now on."""

    def identity(self) -> Identity | None:
        """Return the user and the organizations, or None in a new workspace."""

    def set_identity(self, identity: Identity) -> None:
        """Store the user and the organizations of a new workspace."""

    def add_organization(self, user_id: str, organization: Organization) -> None:
        """Store one more organization, with the user in it."""

    def add_device_code(self, code: DeviceCode) -> None:
        """Store a new sign-in. Raises AlreadyExistsError when the user code is taken."""

    def count_pending(self, now: float) -> int:
        """Return how many sign-ins wait for a person."""

    def device_code(self, code_hash: str) -> DeviceCode | None:
        """Return the sign-in of a device code."""

    def device_code_by_user_code(self, user_code: str) -> DeviceCode | None:
        """Return the sign-in that shows this code to the person."""

    def note_poll(self, code_hash: str, at: float, interval: float) -> None:
        """Remember when the program asked last, and how long it has to wait now."""

    def decide(self, user_code: str, state: str) -> bool:
        """Make a pending sign-in APPROVED or DENIED; False when it was not pending."""

    def redeem(self, code_hash: str, session: Session, token: RefreshToken) -> bool:
        """Make an approved sign-in USED and open its session; False when it was not approved."""

    def redeem_as_key(self, code_hash: str, key: ApiKey) -> bool:
        """Make an approved sign-in USED and store its API key; False when it was not approved."""

    def add_api_key(self, key: ApiKey) -> None:
        """Store an API key."""

    def api_key(self, key_hash: str) -> ApiKey | None:
        """Return the key of this hash."""

    def api_keys(self, user_id: str) -> Sequence[ApiKey]:
        """Return a user's keys, oldest first."""

    def note_key_use(self, key_id: str, at: float) -> None:
        """Remember when a key was used last."""

    def delete_api_key(self, key_id: str, user_id: str) -> bool:
        """Delete a user's key; False when there is none of this id."""

    def session(self, session_id: str) -> Session | None:
        """Return a session, ended or not."""

    def sessions(self, limit: int) -> Sequence[Session]:
        """Return the newest sessions, newest first."""

    def end_session(self, session_id: str, at: float, because: str) -> bool:
        """End a session and forget the answers kept for it; False when there was none to end."""

    def refresh_token(self, token_hash: str) -> RefreshToken | None:
        """Return a refresh token, used or not."""

    def rotate(self, used: RefreshToken, successor: RefreshToken, org_id: str) -> bool:
        """Exchange a token: store `used` (with used_at and answer) and its successor, move the session to `org_id`.

        Return False, having changed nothing, when it had been used already or its session is over.
        """

    def add_secret(self, secret: StoredSecret) -> None:
        """Store a secret.

        Raises AlreadyExistsError: its name is taken in its kind and scope, or the organization has a credential of
        this provider already.
        """

    def secrets(self, kind: str, user_id: str, org_id: str) -> Sequence[StoredSecret]:
        """Return what this user sees in this organization, oldest first."""

    def replace_value(self, secret_id: str, sealed: bytes, at: float) -> bool:
        """Replace the value of a secret; False when it is gone."""

    def delete_secret(self, secret_id: str) -> bool:
        """Delete a secret; False when it was gone."""

    def add_sandbox(self, sandbox: Sandbox) -> None:
        """Record a sandbox. Raises AlreadyExistsError when its organization has one of this name."""

    def sandboxes(self, org_id: str) -> Sequence[Sandbox]:
        """Return the organization's sandboxes, oldest first."""

    def delete_sandbox(self, sandbox_id: str) -> bool:
        """Delete a sandbox; False when it was gone."""

    def sweep(self, now: float, grace: float) -> None:
        """Drop what nobody can use any more: old sign-ins, and kept answers older than `grace` seconds."""

    def close(self) -> None:
        """Let go of the engine."""
