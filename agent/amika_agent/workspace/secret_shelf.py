"""Secrets of the local workspace: generic ones and the coding agents' credentials. No value ever comes back out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from amika_agent.clock import Clock
from amika_agent.workspace.api_error import ApiError, not_found
from amika_agent.workspace.fields import choice_field, name_field, optional_text, text_field
from amika_agent.workspace.sealing import Sealer
from amika_agent.workspace.sessions import Bearer
from amika_agent.workspace.storage import GENERIC, ORG, PROVIDERS, USER, AlreadyExistsError, Storage, StoredSecret

OAUTH = "oauth"
API_KEY = "api_key"

Body = Mapping[str, object]
Answer = dict[str, Any]


class SecretShelf:
    """What the secrets API does; every answer is ready to be sent as JSON. Errors are ApiError."""

    def __init__(self, storage: Storage, sealer: Sealer, clock: Clock) -> None:
        self._storage = storage
        self._sealer = sealer
        self._clock = clock

    def list_generic(self, who: Bearer) -> list[Answer]:
        """Return the generic secrets this user sees."""
        return [_summary(secret) for secret in self._storage.secrets(GENERIC, who.user_id, who.org_id)]

    def create_generic(self, who: Bearer, body: Body) -> Answer:
        """Store a new generic secret."""
        value = text_field(body, "value")
        if not value:
            raise ApiError(400, "invalid_request", "The field `value` must not be empty.")
        return _summary(self._add(who, GENERIC, body, value, type_=""))

    def update_generic(self, who: Bearer, secret_id: str, body: Body) -> Answer:
        """Replace the value of a generic secret; an empty value is how one is emptied."""
        value = text_field(body, "value")
        secret = self._find(who, GENERIC, secret_id)
        sealed = self._sealer.seal(value.encode(), "secret", secret.id, secret.name)
        if not self._storage.replace_value(secret.id, sealed, self._clock.now()):
            raise not_found("secret")
        return _summary(self._find(who, GENERIC, secret_id))

    def list_provider(self, who: Bearer, provider: str) -> list[Answer]:
        """Return a provider's credentials this user sees: id, name, type and scope, no times."""
        found = self._storage.secrets(_provider(provider), who.user_id, who.org_id)
        return [{"id": s.id, "name": s.name, "type": s.type, "scope": s.scope} for s in found]

    def create_provider(self, who: Bearer, provider: str, body: Body) -> Answer:
        """Store a new credential of a provider."""
        kind = _provider(provider)
        type_ = choice_field(body, "type", (OAUTH, API_KEY))
        value = text_field(body, "value")
        _check_credential(type_, value)
        secret = self._add(who, kind, body, value, type_=type_)
        return {"id": secret.id, "name": secret.name, "scope": secret.scope}

    def delete_provider(self, who: Bearer, provider: str, secret_id: str) -> None:
        """Delete a credential of a provider."""
        secret = self._find(who, _provider(provider), secret_id)
        if not self._storage.delete_secret(secret.id):
            raise not_found("credential")

    def _add(self, who: Bearer, kind: str, body: Body, value: str, *, type_: str) -> StoredSecret:
        now = self._clock.now()
        secret_id = f"secret_{secrets.token_hex(12)}"
        name = name_field(body)
        secret = StoredSecret(
            id=secret_id,
            kind=kind,
            org_id=who.org_id,
            user_id=who.user_id,
            scope=choice_field(body, "scope", (USER, ORG), USER),
            name=name,
            type=type_,
            description=optional_text(body, "description"),
            sealed=self._sealer.seal(value.encode(), "secret", secret_id, name),
            created_at=now,
            updated_at=now,
        )
        try:
            self._storage.add_secret(secret)
        except AlreadyExistsError:
            raise ApiError(409, "already_exists", _taken(secret)) from None
        return secret

    def _find(self, who: Bearer, kind: str, secret_id: str) -> StoredSecret:
        for secret in self._storage.secrets(kind, who.user_id, who.org_id):
            if secret.id == secret_id:
                return secret
        raise not_found("secret" if kind == GENERIC else "credential")


def _provider(name: str) -> str:
    if name not in PROVIDERS:
        raise not_found("provider; known are: " + ", ".join(PROVIDERS))
    return name


def _check_credential(type_: str, value: str) -> None:
    if not value.strip():
        raise ApiError(400, "invalid_value", "The field `value` must not be blank.")
    if type_ != OAUTH:
        return
    try:
        record = json.loads(value)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        hint = " This looks like an API key: its type is `api_key`." if value.lstrip().startswith("sk-ant-") else ""
        raise ApiError(400, "invalid_value", f"The value of an `oauth` credential must be a JSON object.{hint}")


def _taken(secret: StoredSecret) -> str:
    if secret.kind != GENERIC and secret.scope == ORG:
        return "The organization has a credential of this provider already; delete it first."
    return "The name is taken in this scope."


def _summary(secret: StoredSecret) -> Answer:
    return {
        "id": secret.id,
        "org_id": secret.org_id,
        "user_id": secret.user_id,
        "name": secret.name,
        "description": secret.description,
        "scope": secret.scope,
        "created_at": rfc3339(secret.created_at),
        "updated_at": rfc3339(secret.updated_at),
    }


def rfc3339(at: float) -> str:
    """Return epoch seconds as RFC 3339 in UTC, with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
