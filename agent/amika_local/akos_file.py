"""The AKOS session as it lies on this machine: a file of ours; nothing here writes, locks or uses the network."""

import os
import sys

from amika_local import rfc3339
from amika_local.login_file import LoginFileError, blank, read_object, refuse, sign_in_again, text
from amika_local.paths import xdg
from amika_local.secret import Secret

TOKEN_VARIABLES = ("AGENTSKIT_TOKEN", "AKOS_TOKEN")
SIGN_IN = "amika auth login akos"
NAME = "akos-session.json"
LONGEST_WAIT = 3600.0  # seconds
TEXTS = (
    "api_url",
    "issuer",
    "client_id",
    "scope",
    "user_id",
    "tenant_id",
    "tenant_name",
    "email",
    "token_url",
    "revocation_url",
    "session_url",
    "tenants_url",
    "certificates",
    "rejected",
)


class AkosSession:
    """One session as it lies on disk.

    access_token, refresh_token   Secret; the refresh token may be empty
    expires_at    epoch seconds of the access token's end, or None
    sent_at       epoch seconds at which the refresh token was sent and no answer was stored yet, or None
    not_before    epoch seconds before which the server wants to hear of no renewal, or None
    texts         the fields of TEXTS, "" for what is absent; `rejected` is the hash of a refresh token that is over,
                  `certificates` the file of those its servers were recognized by, "" for the system's
    """

    __slots__ = ("access_token", "expires_at", "not_before", "refresh_token", "sent_at", "texts")

    def __init__(
        self,
        access_token: Secret,
        refresh_token: Secret,
        texts: "dict[str, str]",
        *,
        expires_at: "float | None" = None,
        sent_at: "float | None" = None,
        not_before: "float | None" = None,
    ) -> None:
        self.access_token = access_token
        self.refresh_token = refresh_token
        self.texts = {name: texts.get(name, "") for name in TEXTS}
        self.expires_at = expires_at
        self.sent_at = sent_at
        self.not_before = not_before

    def asked_to_wait(self, now: float) -> float:
        """Return until when (epoch seconds) the server has asked us to wait, 0 when it has not."""
        at = self.not_before or 0.0  # a clock that was set back would make the wait a day
        return at if now < at <= now + LONGEST_WAIT else 0.0

    def __repr__(self) -> str:
        return f"AkosSession({self.texts['user_id'] or 'unknown'})"


def session_path(data_dir: str) -> str:
    """Return the file of the session in a profile's data directory."""
    return os.path.join(data_dir, NAME)


def default_data_dir(env: "os._Environ[str] | dict[str, str]", home: str) -> str:
    """Return the default profile's data directory, as `amika_shared.profile` has it, without what that costs."""
    if sys.platform == "darwin":
        base = os.path.join(home, "Library", "Application Support")
    else:
        base = xdg(env, "XDG_DATA_HOME", home, ".local/share")
    return os.path.join(base, "amika-desktop", "default")


def read_session(path: str) -> "AkosSession | None":
    """Return the session in `path`, or None when there is no such file.

    Raises:
        LoginFileError: see its kinds. The text names the file, never the content.

    """
    found = read_object(path, "akos", SIGN_IN, bom=True)
    if found is None:
        return None
    access = text(found, "access_token")
    if not access:
        raise blank(path, SIGN_IN)
    return AkosSession(
        Secret(access),
        Secret(text(found, "refresh_token")),
        {name: text(found, name) for name in TEXTS},
        expires_at=_number(found, "expires_at"),
        sent_at=_number(found, "sent_at"),
        not_before=_number(found, "not_before"),
    )


def env_token(env: "os._Environ[str] | dict[str, str]") -> "tuple[str, Secret | None]":
    """Return the token variable that is set and its value, or ("", None)."""
    for name in TOKEN_VARIABLES:
        value = env.get(name, "").strip()
        if value:
            return name, Secret(value)
    return "", None


def akos_identity(env: "os._Environ[str] | dict[str, str]", data_dir: str, now: float) -> "dict[str, object]":
    """Return the session that counts, from file and environment only.

    Shape: {"authenticated": bool, "method": "none|env_token|session", "email", "user_id", "tenant_id", "tenant_name",
    "url", "expires_at": RFC 3339 or "", "storage": "environment|file|", "variable": str, "path", "problem":
    ""|"expired"|"rejected"|"corrupt"|"blank"|"unreadable", "reason": why nobody is signed in, "remedy",
    "renewable": bool, "warnings": [str]}
    """
    path = session_path(data_dir)
    warnings: list[str] = []
    names = ("email", "user_id", "tenant_id", "tenant_name", "url", "expires_at", "storage", "variable", "problem",
             "reason", "remedy")  # fmt: skip
    found: dict[str, object] = dict.fromkeys(names, "")
    found.update(authenticated=False, method="none", path=path, renewable=False, warnings=warnings)
    variable, token = env_token(env)
    if token is not None:
        found.update(authenticated=True, method="env_token", storage="environment", variable=variable)
        found["url"] = env.get("AKOS_API_URL", "").strip()
        if os.path.lexists(path):
            warnings.append(f"{variable} is used instead of the session that is stored here too")
        return found
    try:
        session = read_session(path)
    except LoginFileError as error:
        refuse(found, error.kind, error.message, error.remedy)
        return found
    if session is not None:
        _stored(found, session, now)
    return found


def _stored(found: "dict[str, object]", session: AkosSession, now: float) -> None:
    found.update(authenticated=True, method="session", storage="file", url=session.texts["api_url"])
    found.update({name: session.texts[name] for name in ("email", "user_id", "tenant_id", "tenant_name")})
    found["renewable"] = bool(session.refresh_token)
    if session.expires_at is not None:
        found["expires_at"] = rfc3339.text(session.expires_at)
    if session.texts["rejected"]:
        refuse(found, "rejected", "the server ended the AKOS session", sign_in_again(SIGN_IN))
    elif session.expires_at is not None and session.expires_at <= now and not session.refresh_token:
        refuse(found, "expired", f"the AKOS session expired on {found['expires_at']}", sign_in_again(SIGN_IN))


def _number(found: "dict[str, object]", key: str) -> "float | None":
    value = found.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
