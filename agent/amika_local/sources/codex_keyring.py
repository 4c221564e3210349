"""Codex's setting that keeps its login in the system's keyring: then a missing `auth.json` says nothing.

The login itself is read where that asks nobody: from the macOS keychain. On other systems reading it could open a
dialog, and it stays Codex's own.
"""

import os

from amika_local.keychain import document
from amika_local.sources import codex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place

SERVICE = "Codex Auth"
_SETTING = "cli_auth_credentials_store"
_KEYRING = ("keyring", "auto")
_ELSEWHERE = (*_KEYRING, "ephemeral")


def parse(_content: bytes, _place: "Place") -> "list[Credential | Problem]":
    """Return nothing: the configuration holds no login."""
    return []


def login(secret: bytes, place: "Place") -> "list[Credential | Problem]":
    """Return what the keychain item holds: the JSON of `auth.json`.

    Raises:
        DocumentError: it is none.
        FieldError: a field of the wrong type.

    """
    return codex.parse(document(secret), place)


def item(_env: "Mapping[str, str]", home: str) -> "tuple[str, str]":
    """Return service and account of the item; `home` is Codex's own folder."""
    import hashlib

    return SERVICE, "cli|" + hashlib.sha256(os.fsencode(os.path.realpath(home))).hexdigest()[:16]


def elsewhere(content: bytes) -> str:
    """Return why the login may lie elsewhere than in `auth.json`, or "" when it lies there."""
    if _SETTING.encode() not in content:
        return ""  # the default is the file; most configurations end here, before a TOML parser is loaded
    mode = _mode(content)
    if mode is None:
        return "config.toml cannot be read"
    return f'config.toml says {_SETTING} = "{mode}"' if mode in _ELSEWHERE else ""


def in_keyring(content: bytes) -> bool:
    """Tell whether the login may lie in the keyring."""
    return _SETTING.encode() in content and _mode(content) in _KEYRING


def _mode(content: bytes) -> "str | None":
    import tomllib

    try:
        found = tomllib.loads(content.decode("utf-8-sig")).get(_SETTING, "file")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, str) else None
