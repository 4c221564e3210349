"""The stored API key: `api-key.json`, shared with the Go CLI; it is sent to one server only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os

from amika_agent.clock import Clock
from amika_agent.endpoints import Endpoints
from amika_agent.stores.private_file import remove_private, write_private
from amika_local import rfc3339
from amika_local.errors import Failed, UsageError
from amika_local.regular_file import beginning
from amika_local.secret import Secret
from amika_local.session_file import api_key_path

ORIGIN = ".api-key.origin"
"""Which server a key of the Go CLI was first used with: {"key_sha256", "origin"}; no key."""


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
    content = {"key": key.reveal(), "stored_at": rfc3339.text(clock.now()), "origin": endpoints.key_origin}
    write_private(path, json.dumps(content, indent=2).encode() + b"\n")
    return path


def check_origin(state_dir: str, endpoints: Endpoints) -> None:
    """Make sure that the stored key is for the configured server.

    One that the Go CLI stored does not say: it belongs to the server it is first used with.

    Raises:
        UsageError: it is for another server.

    """
    found = _object(api_key_path(state_dir))
    origin = found.get("origin") or _first_used_with(state_dir, found, endpoints)
    if isinstance(origin, str) and origin and origin != endpoints.key_origin:
        raise UsageError(
            f"the stored API key belongs to {origin}, but {endpoints.key_origin} is configured",
            remedy="Store a key of that server (amika auth login --api-key-file PATH), or unset AMIKA_API_URL "
            "(and XDG_CONFIG_HOME, which chooses network.ca_file).",
        )


def _first_used_with(state_dir: str, found: dict[str, object], endpoints: Endpoints) -> str:
    """Return the server that a key without an origin was first used with; now is the first time when none is noted."""
    key = next((value for name, value in found.items() if name.lower() == "key"), None)
    if not isinstance(key, str):
        return ""
    digest = hashlib.sha256(key.strip().encode("utf-8", "replace")).hexdigest()
    # beside the file itself: a folder with nothing but a link to the key must not make a first time of it
    path = os.path.join(os.path.dirname(os.path.realpath(api_key_path(state_dir))), ORIGIN)
    noted = _object(path)
    if noted.get("key_sha256") == digest:
        return str(noted.get("origin", ""))
    with contextlib.suppress(Failed):  # where nothing can be written nothing can be noted
        write_private(path, json.dumps({"key_sha256": digest, "origin": endpoints.key_origin}).encode() + b"\n")
    return endpoints.key_origin


def _object(path: str) -> dict[str, object]:
    try:
        found = json.loads(beginning(path, 1 << 20))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def delete_api_key(state_dir: str) -> bool:
    """Delete the stored key; return whether there was one.

    Raises:
        Failed: it cannot be deleted.

    """
    remove_private(os.path.join(state_dir, ORIGIN))
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
