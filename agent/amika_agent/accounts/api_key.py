"""The stored API key: `api-key.json`, shared with the Go CLI."""

from __future__ import annotations

import json

from amika_agent.accounts.endpoints import Endpoints
from amika_agent.clock import Clock
from amika_agent.stores.private_file import remove_private, write_private
from amika_local import rfc3339
from amika_local.errors import UsageError
from amika_local.secret import Secret
from amika_local.session_file import api_key_path


def checked_key(data: bytes, name: str) -> Secret:
    """Return the API key in a file that the person named: the key alone, or `{"key": …}`.

    Raises:
        UsageError: no key is in it. The text names the file, never the content.

    """
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not text", remedy="It must hold the API key and nothing else.") from None
    if text.startswith("{"):
        text = _of_object(text, name)
    if not text:
        raise UsageError(f"{name} is empty", remedy="It must hold the API key and nothing else.")
    if len(text.split()) != 1 or not text.isascii() or not text.isprintable() or len(text) > 4096:
        raise UsageError(f"{name} holds more than one API key", remedy="It must hold the API key and nothing else.")
    return Secret(text)


def store_api_key(state_dir: str, key: Secret, endpoints: Endpoints, clock: Clock) -> str:
    """Store the key, bound to its server, and return the file's path.

    Raises:
        Failed: it cannot be written.

    """
    path = api_key_path(state_dir)
    content = {"key": key.reveal(), "stored_at": rfc3339.text(clock.now()), "origin": endpoints.origin}
    write_private(path, json.dumps(content, indent=2).encode() + b"\n")
    return path


def check_origin(state_dir: str, endpoints: Endpoints) -> None:
    """Make sure that the stored key is for the configured server; one that the Go CLI stored does not say.

    Raises:
        UsageError: it is for another server.

    """
    try:
        with open(api_key_path(state_dir), "rb") as file:
            found = json.loads(file.read(1 << 20))
    except (OSError, ValueError, RecursionError):
        return
    origin = found.get("origin") if isinstance(found, dict) else None
    if isinstance(origin, str) and origin and origin != endpoints.origin:
        raise UsageError(
            f"the stored API key belongs to {origin}, but {endpoints.origin} is configured",
            remedy="Store a key of that server (amika auth login --api-key-file PATH), or unset AMIKA_API_URL.",
        )


def delete_api_key(state_dir: str) -> bool:
    """Delete the stored key; return whether there was one.

    Raises:
        Failed: it cannot be deleted.

    """
    return remove_private(api_key_path(state_dir))


def _of_object(text: str, name: str) -> str:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is not JSON", remedy='It must hold the API key alone, or {"key": …}.') from None
    key = found.get("key") if isinstance(found, dict) else None
    if not isinstance(key, str):
        raise UsageError(f"{name} has no field key", remedy='It must hold the API key alone, or {"key": …}.')
    return key.strip()
