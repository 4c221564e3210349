"""The vault and the connections as rows. Only what is named here is shown: an answer's other fields are left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amika_tray.rows import Row, text_of, time_of
from amika_tray.wording import moment, t


def vault_heads() -> tuple[str, ...]:
    """Return the columns of the vault."""
    return (t("Key"), t("For"), t("Where"), t("Stored"))


def vault_rows(end: Mapping[str, Any]) -> list[Row]:
    """Return the secrets of the answer to `secret_list`."""
    return [_secret(entry) for entry in _objects(end.get("secrets"))]


def connection_heads() -> tuple[str, ...]:
    """Return the columns of the connections."""
    return (t("Name"), t("Kind"), t("Vault key"), t("For"), t("State"), t("Added"))


def connection_rows(end: Mapping[str, Any]) -> list[Row]:
    """Return the connections of the answer to `connections`."""
    return [_connection(entry) for entry in _objects(end.get("connections"))]


def _secret(entry: Mapping[str, Any]) -> Row:
    when = time_of(entry, "stored_at")
    key = text_of(entry, "key") or t("(no name)")
    texts = (key, _scope(entry), _where(text_of(entry, "source")), moment(when or None))
    return Row(f"{text_of(entry, 'scope')}/{key}", texts, (*texts[:3], when))


def _connection(entry: Mapping[str, Any]) -> Row:
    when = time_of(entry, "created_at")
    name = text_of(entry, "name") or t("(no name)")
    key = text_of(entry, "vault_key") or t("none")
    texts = (name, text_of(entry, "kind"), key, _scope(entry), _state(entry), moment(when or None))
    return Row(name, texts, (*texts[:5], when))


def _state(entry: Mapping[str, Any]) -> str:
    missing = entry.get("missing_keys")
    if not isinstance(missing, list):
        return t("unknown")
    names = [name for name in (text_of({"key": key}, "key") for key in missing) if name]
    return t("missing in the vault: {keys}", keys=", ".join(names)) if names else t("ready")


def _scope(entry: Mapping[str, Any]) -> str:
    scope = text_of(entry, "scope")
    return {"workspace": t("the workspace"), "tenant": t("the tenant")}.get(scope, scope)


def _where(source: str) -> str:
    return {"keyring": t("keyring"), "encrypted-file": t("sealed file")}.get(source, source)


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
