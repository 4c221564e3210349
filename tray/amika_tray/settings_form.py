"""The settings as a form: sections, labels and the one way to read and write each kind. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amika_shared.settings_schema import SCHEMA, SWITCH, WORDS, Setting
from amika_tray.wording import named, sentences, t

LONG = 2000


@dataclass(frozen=True)
class Field:
    """One setting in the form. kind: "switch", "choice", "choices" or "text"; label and help are for the person."""

    setting: Setting
    kind: str
    label: str
    help: str


@dataclass(frozen=True)
class Section:
    """Fields under one heading."""

    title: str
    fields: tuple[Field, ...]


def sections() -> tuple[Section, ...]:
    """Return the whole form; every setting of the schema is in it, what has no section of its own at the end."""
    titles = _titles()
    groups: dict[str, list[Field]] = {title: [] for title, _ in titles}
    for setting in SCHEMA:
        prefix = setting.key.partition(".")[0]
        title = next((title for title, prefixes in titles if prefix in prefixes), titles[-1][0])
        groups[title].append(_field(setting))
    return tuple(Section(title, tuple(fields)) for title, fields in groups.items() if fields)


def shown(field: Field, value: object) -> str:
    """Return a value as the text of its field; a value of the wrong kind is shown as none."""
    if field.setting.kind == WORDS:
        return ", ".join(word for word in value if isinstance(word, str)) if isinstance(value, list) else ""
    return named(value, LONG) if isinstance(value, str) else ""


def given(values: Mapping[str, object], setting: Setting) -> object:
    """Return the value of a setting among those that the agent told, or its default."""
    return values.get(setting.key, setting.default)


def _titles() -> tuple[tuple[str, frozenset[str]], ...]:
    return (
        (t("Syncing"), frozenset({"sync", "env_cache", "shell"})),
        (t("Security"), frozenset({"session_store", "vault", "owner_renewal"})),
        (t("Amika's server"), frozenset({"account"})),
        (t("almyty"), frozenset({"almyty"})),
        (t("AKOS"), frozenset({"akos"})),
        (t("Network and agent"), frozenset({"network", "agent"})),
    )


def _field(setting: Setting) -> Field:
    if setting.kind == SWITCH:
        kind = "switch"
    elif setting.choices:
        kind = "choices" if setting.kind == WORDS else "choice"
    else:
        kind = "text"
    text = sentences(setting.text)
    told = text if setting.live else t("{what}. Taken when the agent starts.", what=text)
    return Field(setting, kind, _labels().get(setting.key) or setting.key, told)


def _labels() -> dict[str, str]:
    return {
        "session_store": t("Keep the login in"),
        "account.api_url": t("Address"),
        "account.workos_url": t("Sign-in service"),
        "account.client_id": t("Client id"),
        "almyty.exchange_path": t("Exchange path"),
        "akos.api_url": t("Address"),
        "akos.issuer": t("Sign-in service"),
        "akos.client_id": t("Client id"),
        "akos.device_url": t("Device code address"),
        "akos.token_url": t("Token address"),
        "akos.session_url": t("Session address"),
        "akos.tenants_url": t("Tenants address"),
        "network.proxy": t("Proxy"),
        "network.ca_file": t("Certificates"),
        "sync.auto_push": t("Push by itself"),
        "env_cache.enabled": t("Env cache"),
        "shell.allow": t("Allow in shells"),
        "vault.reveal_without_terminal": t("Show vault values to programs"),
        "agent.log_level": t("Log level"),
    }
