"""Codex's setting that keeps its login in the system's keyring: then a missing `auth.json` says nothing."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place

_SETTING = "cli_auth_credentials_store"
_ELSEWHERE = ("keyring", "auto", "ephemeral")


def parse(_content: bytes, _place: "Place") -> "list[Credential | Problem]":
    """Return nothing: the keyring belongs to Codex, and asking it from here could open a dialog."""
    return []


def elsewhere(content: bytes) -> str:
    """Return why the login may lie elsewhere than in `auth.json`, or "" when it lies there."""
    if _SETTING.encode() not in content:
        return ""  # the default is the file; most configurations end here, before a TOML parser is loaded
    mode = _mode(content)
    if mode is None:
        return "config.toml cannot be read"
    return f'config.toml says {_SETTING} = "{mode}"' if mode in _ELSEWHERE else ""


def _mode(content: bytes) -> "str | None":
    import tomllib

    try:
        found = tomllib.loads(content.decode("utf-8-sig")).get(_SETTING, "file")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, str) else None
