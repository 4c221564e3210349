"""Sandboxes of the local workspace: each request is recorded; no machine is started."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from amika_agent.clock import Clock
from amika_agent.workspace.api_error import ApiError, not_found
from amika_agent.workspace.fields import name_field, optional_text
from amika_agent.workspace.secret_shelf import rfc3339
from amika_agent.workspace.sessions import Bearer
from amika_agent.workspace.storage import AlreadyExistsError, Sandbox, Storage

_MOST_VARIABLES = 500


class SandboxBook:
    """What the sandboxes API does; every answer is ready to be sent as JSON. Errors are ApiError."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def list(self, who: Bearer) -> list[dict[str, Any]]:
        """Return the organization's sandboxes."""
        return [_summary(sandbox) for sandbox in self._storage.sandboxes(who.org_id)]

    def read(self, who: Bearer, name: str) -> dict[str, Any]:
        """Return one sandbox by name or id."""
        return _summary(self._find(who, name))

    def create(self, who: Bearer, body: Mapping[str, object]) -> dict[str, Any]:
        """Record a sandbox: `name`, `repo_url`, `branch`, `secret_env_vars` {VARIABLE: name of a secret}."""
        sandbox_id = f"sandbox_{secrets.token_hex(8)}"
        sandbox = Sandbox(
            id=sandbox_id,
            org_id=who.org_id,
            user_id=who.user_id,
            name=sandbox_id if body.get("name") is None else name_field(body),
            repo_url=optional_text(body, "repo_url"),
            branch=optional_text(body, "branch"),
            secret_env_vars=_variables(body.get("secret_env_vars")),
            created_at=self._clock.now(),
        )
        try:
            self._storage.add_sandbox(sandbox)
        except AlreadyExistsError:
            raise ApiError(409, "already_exists", "There is a sandbox of this name already.") from None
        return _summary(sandbox)

    def delete(self, who: Bearer, name: str) -> dict[str, str]:
        """Delete a sandbox by name or id."""
        if not self._storage.delete_sandbox(self._find(who, name).id):
            raise not_found("sandbox")
        return {"status": "ok"}

    def _find(self, who: Bearer, name: str) -> Sandbox:
        for sandbox in self._storage.sandboxes(who.org_id):
            if name in (sandbox.name, sandbox.id):
                return sandbox
        raise not_found("sandbox")


def _variables(given: object) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > _MOST_VARIABLES:
        raise ApiError(400, "invalid_request", "The field `secret_env_vars` must be an object of names.")
    for variable in given:
        if not variable.isascii() or not variable.isidentifier():
            raise ApiError(400, "invalid_request", "A key of `secret_env_vars` is not a variable's name.")
    return {variable: name_field(given, variable) for variable in given}


def _summary(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "id": sandbox.id,
        "org_id": sandbox.org_id,
        "user_id": sandbox.user_id,
        "name": sandbox.name,
        "provider": "local",
        "repo_url": sandbox.repo_url,
        "branch": sandbox.branch,
        "secret_env_vars": sandbox.secret_env_vars,
        "state": "active",
        "services": [],
        "created_at": rfc3339(sandbox.created_at),
        "updated_at": rfc3339(sandbox.created_at),
    }
