"""almyty's login as it lies on this machine: ~/.almyty/credentials.json and config.json, shared with every almyty CLI.

Nothing here writes, locks or uses the network.
"""

import os

from amika_local import rfc3339
from amika_local.login_file import LoginFileError, blank, read_object, refuse, sign_in_again, text
from amika_local.secret import Secret

API_URL = "https://api.almyty.com"
FRONTEND_URL = "https://app.almyty.com"
SIGN_IN = "amika auth login almyty"
OURS = "_amika"


class AlmytyLogin:
    """One login as it lies on disk.

    token          Secret, never blank
    url            the API it is for; almyty's own when the file does not say
    frontend_url   "" when the file does not say
    email, organization, organization_id   "" when unknown
    expires_at     epoch seconds, or None
    key_id         id of the key at the server when our own browser sign-in minted it, else ""
    certificates   file of those its server was recognized by, "" for the system's, and where another program wrote it
    mode           permissions of the file
    """

    __slots__ = (
        "certificates", "email", "expires_at", "frontend_url", "key_id", "mode", "organization", "organization_id",
        "token", "url",
    )  # fmt: skip

    def __init__(
        self,
        token: Secret,
        *,
        url: str = "",
        frontend_url: str = "",
        email: str = "",
        organization: str = "",
        organization_id: str = "",
        expires_at: "float | None" = None,
        key_id: str = "",
    ) -> None:
        self.token = token
        self.url = url or API_URL
        self.frontend_url = frontend_url
        self.email = email
        self.organization = organization
        self.organization_id = organization_id
        self.expires_at = expires_at
        self.key_id = key_id
        self.certificates = ""
        self.mode = 0o600

    def __repr__(self) -> str:
        return f"AlmytyLogin({self.email or 'unknown'})"


def credentials_path(folder: str) -> str:
    """Return the file of the login."""
    return os.path.join(folder, "credentials.json")


def config_path(folder: str) -> str:
    """Return the file of the addresses."""
    return os.path.join(folder, "config.json")


def almyty_dir(home: str) -> str:
    """Return the folder that all almyty CLIs share."""
    return os.path.join(home, ".almyty")


def read_login(path: str) -> "AlmytyLogin | None":
    """Return the login in `path`, or None when there is no such file.

    Raises:
        LoginFileError: see its kinds. The text names the file, never the content.

    """
    found = read_object(path, "almyty", SIGN_IN)
    if found is None:
        return None
    token = text(found, "token").strip()
    if not token:
        raise blank(path, SIGN_IN)
    noted = found.get(OURS)
    ours = noted if isinstance(noted, dict) and noted.get("tokenHash") == token_hash(token) else {}
    login = AlmytyLogin(
        Secret(token),
        url=text(found, "url").strip(),
        frontend_url=text(found, "frontendUrl").strip(),
        email=text(found, "email"),
        organization=text(ours, "organization"),
        organization_id=text(ours, "organizationId"),
        expires_at=instant(found.get("expiresAt")),
        key_id=text(ours, "keyId"),
    )
    login.certificates = text(ours, "certificates")
    login.mode = _mode(path)
    return login


def read_addresses(path: str) -> "tuple[str, str]":
    """Return (apiUrl, frontendUrl) of config.json; "" for what it does not say. A file that is no JSON says nothing."""
    try:
        found = read_object(path, "almyty", SIGN_IN, bom=True) or {}
    except LoginFileError:
        return "", ""
    return text(found, "apiUrl").strip(), text(found, "frontendUrl").strip()


def addresses(
    env: "os._Environ[str] | dict[str, str]",
    login: "AlmytyLogin | None",
    config: "tuple[str, str]",
    *,
    api: str = "",
    frontend: str = "",
) -> "tuple[str, str]":
    """Return (API, frontend), unchecked: flag > environment > credentials.json > config.json > almyty's own."""
    api_url = api or env.get("ALMYTY_URL", "").strip() or (login.url if login else "") or config[0] or API_URL
    stored = login.frontend_url if login else ""
    return api_url, frontend or env.get("ALMYTY_FRONTEND_URL", "").strip() or stored or config[1] or FRONTEND_URL


def almyty_identity(env: "os._Environ[str] | dict[str, str]", folder: str, now: float) -> "dict[str, object]":
    """Return the login that counts, from files and environment only.

    Shape: {"authenticated": bool, "method": "none|env_token|file", "email", "organization", "org_id", "url",
    "frontendUrl", "tokenPreview": str, "expiry": "unknown|valid|expired", "expires_at": RFC 3339 or "", "storage":
    "environment|file|", "path": credentials.json, "problem": ""|"expired"|"corrupt"|"blank"|"unreadable",
    "reason": why nobody is signed in, "remedy", "warnings": [str]}
    """
    path = credentials_path(folder)
    config = read_addresses(config_path(folder))
    warnings: list[str] = []
    found: dict[str, object] = {
        "authenticated": False,
        "method": "none",
        "email": "",
        "organization": "",
        "org_id": "",
        "url": "",
        "frontendUrl": "",
        "tokenPreview": "",
        "expiry": "unknown",
        "expires_at": "",
        "storage": "",
        "path": path,
        "problem": "",
        "reason": "",
        "remedy": "",
        "warnings": warnings,
    }
    token = env.get("ALMYTY_TOKEN", "").strip()
    if token:
        found.update(authenticated=True, method="env_token", storage="environment", tokenPreview=preview(token))
        found["url"], found["frontendUrl"] = addresses(env, None, config)
        if os.path.lexists(path):
            warnings.append("ALMYTY_TOKEN is used; the stored login is never read while it is set")
        return found
    try:
        login = read_login(path)
    except LoginFileError as error:
        refuse(found, error.kind, error.message, error.remedy)
        login = None
    found["url"], found["frontendUrl"] = addresses(env, login, config)
    if login is not None:
        _stored(found, login, warnings, now)
    return found


def preview(token: str) -> str:
    """Return what almyty's programs show of a token: first 8 and last 4 characters, nothing of a short one."""
    return f"{token[:8]}…{token[-4:]}" if len(token) > 16 and token.isascii() and token.isprintable() else "****"


def token_hash(token: str) -> str:
    """Return what ties a note of ours to one token: others write the file too."""
    from hashlib import sha256

    return sha256(token.encode("utf-8", "replace")).hexdigest()[:16]


def instant(value: object) -> "float | None":
    """Return epoch seconds of an `expiresAt`: RFC 3339, or epoch milliseconds."""
    if isinstance(value, str):
        return rfc3339.parse(value.strip())
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e15:
        return value / 1000 if value > 1e11 else float(value)
    return None


def same_server(one: str, other: str) -> bool:
    """Tell whether two configured addresses are the same but for case and a closing slash."""
    return one.rstrip("/").lower() == other.rstrip("/").lower()


def _stored(found: "dict[str, object]", login: AlmytyLogin, warnings: "list[str]", now: float) -> None:
    found.update(
        authenticated=True,
        method="file",
        email=login.email,
        organization=login.organization,
        org_id=login.organization_id,
        tokenPreview=preview(login.token.reveal()),
        storage="file",
    )
    if login.expires_at is not None:
        found["expires_at"] = rfc3339.text(login.expires_at)
        found["expiry"] = "valid" if login.expires_at > now else "expired"
    if found["expiry"] == "expired":
        refuse(found, "expired", f"the almyty login expired on {found['expires_at']}", sign_in_again(SIGN_IN))
    if login.mode & 0o077:
        warnings.append(f"{found['path']} could be read by others (mode {login.mode & 0o777:04o})")
    if not same_server(str(found["url"]), login.url):
        warnings.append(f"ALMYTY_URL names {found['url']}, but the stored login is for {login.url}")


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode & 0o7777
    except OSError:
        return 0o600
