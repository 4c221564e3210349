"""The settings as a form: sections, labels and the one way to read and write each kind. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amika_shared.settings_schema import SCHEMA, SWITCH, WORDS, Setting, may_configure
from amika_tray.wording import named, sentences, t

LONG = 2000


@dataclass(frozen=True)
class Field:
    """One setting in the form.

    kind   "switch", "choice", "choices" or "text"; "fixed" where it is shown only
    label  what it is called; help: one sentence. Both are for the person
    """

    setting: Setting
    kind: str
    label: str
    help: str


@dataclass(frozen=True)
class Section:
    """Fields under one heading. note: what is to be said about all of them, or ""."""

    title: str
    fields: tuple[Field, ...]
    note: str = ""


def sections() -> tuple[Section, ...]:
    """Return the whole form: what can be changed here, then what cannot; every setting of the schema is in it."""
    titles = _titles()
    groups: dict[str, list[Field]] = {title: [] for title, _ in titles}
    for setting in SCHEMA:
        if may_configure(setting.key):
            prefix = setting.key.partition(".")[0]
            title = next((title for title, prefixes in titles if prefix in prefixes), titles[-1][0])
            groups[title].append(_field(setting))
    open_ones = [Section(title, tuple(fields)) for title, fields in groups.items() if fields]
    fixed = tuple(_field(setting) for setting in SCHEMA if not may_configure(setting.key))
    return (*open_ones, Section(t("Changed in a terminal only"), fixed, _why_fixed()))


def _why_fixed() -> str:
    return t(
        "These decide where your secrets are sent and who may see them, so no window and no other program can change "
        "them through the agent. In a terminal: {command}",
        command="amika config set account.api_url https://…",
    )


def shown(field: Field, value: object) -> str:
    """Return a value as the text of its field; a value of the wrong kind is shown as none."""
    if field.setting.kind == SWITCH:
        return t("on") if value is True else t("off")
    if field.setting.kind == WORDS:
        return ", ".join(word for word in value if isinstance(word, str)) if isinstance(value, list) else ""
    return named(value, LONG) if isinstance(value, str) else ""


def choice_name(word: str) -> str:
    """Return how one of several choices is written."""
    names = {
        "claude": "Claude Code",
        "codex": "Codex",
        "file": t("a file, which the Go CLI reads too"),
        "keychain": t("the system's keyring"),
    }
    return names.get(word, word)


def given(values: Mapping[str, object], setting: Setting) -> object:
    """Return the value of a setting among those that the agent told, or its default."""
    return values.get(setting.key, setting.default)


def label_of(key: str) -> str:
    """Return what a setting is called in the form, or its key when it has no other name."""
    return _labels().get(key, key)


def _titles() -> tuple[tuple[str, frozenset[str]], ...]:
    return (
        (t("Syncing"), frozenset({"sync", "env_cache", "shell"})),
        (t("Logins"), frozenset({"session_store", "owners"})),
        (t("Agent"), frozenset({"agent"})),
    )


def _field(setting: Setting) -> Field:
    if not may_configure(setting.key):
        kind = "fixed"
    elif setting.kind == SWITCH:
        kind = "switch"
    elif setting.choices:
        kind = "choices" if setting.kind == WORDS else "choice"
    else:
        kind = "text"
    text = sentences(setting.text)
    told = text if setting.live else t("{what}. Taken when the agent starts.", what=text)
    return Field(setting, kind, label_of(setting.key), told)


def _labels() -> dict[str, str]:
    return {
        "session_store": t("Keep the login in"),
        "account.api_url": t("Amika: address"),
        "account.workos_url": t("Amika: sign-in service"),
        "account.client_id": t("Amika: client id"),
        "almyty.exchange_path": t("almyty: exchange path"),
        "akos.api_url": t("AKOS: address"),
        "akos.issuer": t("AKOS: sign-in service"),
        "akos.client_id": t("AKOS: client id"),
        "akos.device_url": t("AKOS: device code address"),
        "akos.token_url": t("AKOS: token address"),
        "akos.session_url": t("AKOS: session address"),
        "akos.tenants_url": t("AKOS: tenants address"),
        "network.proxy": t("Proxy"),
        "network.ca_file": t("Certificates"),
        "sync.auto_push": t("Push by itself"),
        "env_cache.enabled": t("Env cache"),
        "shell.allow": t("Allow in shells"),
        "owners.renew": t("Renew logins by starting"),
        "vault.reveal_without_terminal": t("Values for programs"),
        "agent.log_level": t("Log level"),
    }
