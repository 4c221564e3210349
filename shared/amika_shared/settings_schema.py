"""Every setting there is: name, kind, default and what it does. One table for agent, command line, tray and docs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT = "text"
SWITCH = "switch"
WORDS = "words"


class Setting:
    """One setting.

    key      dotted: "sync.auto_push" is `auto_push` in the table [sync] of settings.toml
    kind     "text", "switch" (true/false) or "words" (list of texts)
    default  in the default profile
    local    default in the local workspace's profile
    choices  allowed texts or words; () for any
    text     one line for a person
    live     False: the agent takes it when it starts
    names    its words are names of variables
    """

    __slots__ = ("choices", "default", "key", "kind", "live", "local", "names", "text")

    def __init__(  # a record
        self,
        key: str,
        kind: str,
        default: object,
        text: str,
        *,
        local: object = None,
        choices: tuple[str, ...] = (),
        live: bool = True,
        names: bool = False,
    ) -> None:
        self.key = key
        self.kind = kind
        self.default = default
        self.local = default if local is None else local
        self.choices = choices
        self.text = text
        self.live = live
        self.names = names


SCHEMA = (
    Setting(
        "session_store",
        TEXT,
        "file",
        "where the login is kept: the file that the Go CLI reads too, or the system's keyring",
        choices=("file", "keychain"),
        live=False,
    ),
    Setting("account.api_url", TEXT, "", "Amika's address; empty for Amika's own", live=False),
    Setting("account.workos_url", TEXT, "", "address of the sign-in service; changes with account.api_url", live=False),
    Setting(
        "account.client_id", TEXT, "", "client id at the sign-in service; changes with account.api_url", live=False
    ),
    Setting("almyty.exchange_path", TEXT, "", "where almyty exchanges a sign-in code; empty for /auth/cli/exchange"),
    Setting("akos.api_url", TEXT, "", "address of your AKOS workspace"),
    Setting("akos.issuer", TEXT, "", "AKOS's sign-in service; empty for akos.api_url"),
    Setting("akos.client_id", TEXT, "", "client id at AKOS's sign-in service"),
    Setting("akos.device_url", TEXT, "", "where a device code is asked for; empty: asked from akos.issuer"),
    Setting("akos.token_url", TEXT, "", "where codes and refresh tokens are exchanged; empty: asked from akos.issuer"),
    Setting("akos.session_url", TEXT, "", "where AKOS says whose session it is; empty: asked from akos.issuer"),
    Setting("akos.tenants_url", TEXT, "", "where AKOS lists tenants; empty: asked from akos.issuer"),
    Setting("network.proxy", TEXT, "", "proxy for everything the agent sends: http://HOST:PORT", live=False),
    Setting("network.ca_file", TEXT, "", "file of certificates to trust instead of the system's", live=False),
    Setting(
        "sync.auto_push",
        WORDS,
        [],
        "push every discovered credential of these agents without being asked",
        local=["claude", "codex"],
        choices=("claude", "codex"),
    ),
    Setting(
        "owners.renew",
        WORDS,
        [],
        "run a closed program's status command when its login ends soon: this may renew it",
        choices=("claude", "codex"),
    ),
    Setting("env_cache.enabled", SWITCH, default=True, text="keep env-cache.json equal to the credentials on disk"),
    Setting(
        "shell.allow", WORDS, [], "API keys that the shell hook exports although it would withhold them", names=True
    ),
    Setting(
        "vault.reveal_without_terminal",
        SWITCH,
        default=False,
        text="give values to programs too: `amika vault get` without a terminal, the agent's copy of the environment",
    ),
    Setting("agent.log_level", TEXT, "info", "how much the agent logs", choices=("debug", "info", "warning", "error")),
)

_BY_CLIENTS = frozenset(
    ("session_store", "sync.auto_push", "owners.renew", "env_cache.enabled", "shell.allow", "agent.log_level")
)
_BY_KEY = {setting.key: setting for setting in SCHEMA}


def find(key: str) -> Setting | None:
    """Return the setting of that name, or None."""
    return _BY_KEY.get(key)


def may_configure(key: str) -> bool:
    """Tell whether a client of the agent may change the setting.

    None that decides where secrets are sent or that stands for a person at a terminal; a new one is not among them.
    """
    return key in _BY_CLIENTS


def defaults(profile: str) -> dict[str, object]:
    """Return key → default for the profile "default" or "local"."""
    return {setting.key: setting.local if profile == "local" else setting.default for setting in SCHEMA}


def checked(setting: Setting, value: object) -> object:
    """Return `value` if it is one for `setting`.

    Raises:
        ValueError: in words for a person; holds nothing of the value.

    """
    if setting.kind == SWITCH:
        if isinstance(value, bool):
            return value
        raise ValueError(f"{setting.key} must be true or false")
    if setting.kind == WORDS:
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            _check_choices(setting, value)
            return list(dict.fromkeys(value))
        raise ValueError(f"{setting.key} must be a list of words")
    if not isinstance(value, str) or (value and not value.isprintable()):
        raise ValueError(f"{setting.key} must be a text")
    if value or setting.default:
        _check_choices(setting, [value])
    return value


def from_text(setting: Setting, text: str) -> object:
    """Return the value that a person typed for `setting`; words are separated by commas. Raises ValueError."""
    if setting.kind == SWITCH:
        word = text.strip().lower()
        if word in ("true", "yes", "on", "1"):
            return True
        if word in ("false", "no", "off", "0"):
            return False
        raise ValueError(f"{setting.key} must be true or false")
    if setting.kind == WORDS:
        return checked(setting, [word.strip() for word in text.split(",") if word.strip()])
    return checked(setting, text.strip())


def flatten(tables: Mapping[str, object]) -> dict[str, object]:
    """Return dotted key → value of nested TOML tables."""
    flat: dict[str, object] = {}
    for name, value in tables.items():
        if isinstance(value, dict):
            flat.update({f"{name}.{inner}": leaf for inner, leaf in flatten(value).items()})
        else:
            flat[name] = value
    return flat


def _check_choices(setting: Setting, words: list[str]) -> None:
    if setting.choices and not set(words) <= set(setting.choices):
        raise ValueError(f"{setting.key} takes: {', '.join(setting.choices)}")
    if setting.names and not all(word.isascii() and word.isidentifier() for word in words):
        raise ValueError(f"{setting.key} takes names of variables with commas between them, like ANTHROPIC_API_KEY")
