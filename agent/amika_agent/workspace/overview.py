"""What the overview page shows: names, scopes, types and times; never a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from amika_agent.workspace.services import Services
from amika_agent.workspace.storage import GENERIC, PROVIDERS, ApiKey, Sandbox, Session, StoredSecret

_LAST_SIGN_INS = 20
_KINDS = {GENERIC: "Generic", "claude": "Claude", "codex": "Codex"}
_TYPES = {"oauth": "OAuth login", "api_key": "API key", "": "value"}


@dataclass(frozen=True)
class SecretLine:
    """One stored secret."""

    name: str
    kind: str
    type: str
    scope: str
    created: str
    updated: str


@dataclass(frozen=True)
class SignInLine:
    """One program that signed in."""

    program: str
    machine: str
    at: str
    state: str


@dataclass(frozen=True)
class KeyLine:
    """One API key of the almyty API."""

    name: str
    prefix: str
    created: str
    used: str


@dataclass(frozen=True)
class SandboxLine:
    """One recorded sandbox."""

    name: str
    repository: str
    variables: str
    at: str


@dataclass(frozen=True)
class Overview:
    """The whole page."""

    email: str
    organization: str
    data_dir: str
    key_in_keyring: bool
    key_note: str
    secrets: Sequence[SecretLine]
    sign_ins: Sequence[SignInLine]
    api_keys: Sequence[KeyLine]
    sandboxes: Sequence[SandboxLine]


def overview(services: Services) -> Overview:
    """Return the page's content; reads the storage."""
    who = services.identity
    stored = [
        secret
        for organization in who.organizations
        for kind in (*PROVIDERS, GENERIC)
        for secret in services.storage.secrets(kind, who.user_id, organization.id)
    ]
    sandboxes = [box for organization in who.organizations for box in services.storage.sandboxes(organization.id)]
    return Overview(
        email=who.email,
        organization=", ".join(organization.name for organization in who.organizations),
        data_dir=services.data_dir,
        key_in_keyring=services.sealer.store == "keyring",
        key_note=services.sealer.note,
        secrets=[_secret(secret) for secret in stored],
        sign_ins=[_sign_in(session) for session in services.storage.sessions(_LAST_SIGN_INS)],
        api_keys=[_key(key) for key in services.api_keys.all()],
        sandboxes=[_sandbox(box) for box in sandboxes],
    )


def _secret(secret: StoredSecret) -> SecretLine:
    return SecretLine(
        name=secret.name,
        kind=_KINDS[secret.kind],
        type=_TYPES.get(secret.type, secret.type),
        scope="organization" if secret.scope == "org" else "only you",
        created=_time(secret.created_at),
        updated=_time(secret.updated_at),
    )


def _sign_in(session: Session) -> SignInLine:
    ended = {"logout": "signed out", "reuse": "ended: an old token was used again"}
    return SignInLine(
        program=session.program,
        machine=session.machine,
        at=_time(session.created_at),
        state="signed in" if session.ended_at is None else ended.get(session.ended_because, "ended"),
    )


def _key(key: ApiKey) -> KeyLine:
    return KeyLine(
        name=key.name,
        prefix=f"{key.prefix}…",
        created=_time(key.created_at),
        used="never" if key.last_used_at is None else _time(key.last_used_at),
    )


def _sandbox(sandbox: Sandbox) -> SandboxLine:
    pairs = (
        variable if variable == name else f"{variable} ← {name}" for variable, name in sandbox.secret_env_vars.items()
    )
    return SandboxLine(
        name=sandbox.name,
        repository=sandbox.repo_url or "",
        variables=", ".join(pairs),
        at=_time(sandbox.created_at),
    )


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
