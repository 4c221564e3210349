"""Readers of the files that hold the Amika login: `workos-session.json` and `api-key.json`.

Both are shared with the Go `amika` CLI, which matches keys without regard to case and writes in place, so a reader
may meet half a file. Nothing here writes, locks or uses the network.
"""

import os

from amika_local import rfc3339
from amika_local.credential import Problem
from amika_local.document import DocumentError, parse, text_of
from amika_local.errors import NotSignedIn
from amika_local.jwt_claims import claims
from amika_local.regular_file import read
from amika_local.secret import Secret

MAX_BYTES = 1 << 20
FIELDS = ("access_token", "refresh_token", "user_id", "email", "organization_id", "expires_at")
SIGN_IN = "Sign in: amika auth login"


class SessionFileError(NotSignedIn):
    """The file is there but no login can be read from it.

    kind   "corrupt"     not JSON, not an object, or a field of the wrong type
           "blank"       well-formed, but without a token (`{}`, `null`, empty file)
           "unreadable"  permissions, a directory, a FIFO, larger than 1 MiB
    path   the file
    torn   True when a writer may be in the middle of it: look again in a moment
    """

    code = "session_file"

    def __init__(self, kind: str, path: str, what: str, *, remedy: str = SIGN_IN, torn: bool = False) -> None:
        super().__init__(f"{path} {what}", remedy=remedy)
        self.kind = kind
        self.path = path
        self.torn = torn


class StoredSession:
    """One login as it lies on disk.

    access_token, refresh_token   Secret; the refresh token may be empty (then it cannot be renewed)
    user_id, email, organization_id   "" when unknown
    expires_at    epoch seconds as the file says, or None
    token_exp     epoch seconds of the token's own `exp` claim (the server's clock), or None
    issued_at     epoch seconds of the token's `iat` claim (the server's clock), or None
    session_id    the token's `sid` claim, or ""
    raw           every other field of the file, kept when it is written again; never a token
    """

    __slots__ = (
        "access_token",
        "email",
        "expires_at",
        "issued_at",
        "organization_id",
        "raw",
        "refresh_token",
        "session_id",
        "token_exp",
        "user_id",
    )

    def __init__(
        self,
        access_token: Secret,
        refresh_token: Secret,
        *,
        user_id: str = "",
        email: str = "",
        organization_id: str = "",
        expires_at: "float | None" = None,
        raw: "dict[str, object] | None" = None,
    ) -> None:
        held = claims(access_token.reveal())
        self.access_token = access_token
        self.refresh_token = refresh_token
        self.user_id = user_id or _text(held.get("sub"))
        self.email = email
        self.organization_id = organization_id or _text(held.get("org_id"))
        self.expires_at = expires_at
        self.token_exp = _instant(held.get("exp"))
        self.issued_at = _instant(held.get("iat"))
        self.session_id = _text(held.get("sid"))
        self.raw = raw or {}

    def __repr__(self) -> str:
        return f"StoredSession({self.email or self.user_id or 'unknown'})"

    def expiry(self, skew: float = 0.0) -> "float | None":
        """Return when the access token ends by this machine's clock; `skew` is (our clock - the server's)."""
        known = [end for end in (self.expires_at, None if self.token_exp is None else self.token_exp + skew) if end]
        return min(known) if known else None

    def lifetime(self) -> "float | None":
        """Return how many seconds the access token lives in all, or None when it does not say."""
        if self.token_exp is None or self.issued_at is None:
            return None
        return self.token_exp - self.issued_at


def over(code: str, *, lost: bool) -> str:
    """Return why the server ended a session, for the person; `lost`: an answer to its renewal never arrived."""
    if code == "mfa_enrollment":
        return "your organization now asks for a second factor"
    if code == "sso_required":
        return "your organization now asks for single sign-on"
    return f"your session is over: {'the answer to its last renewal was lost' if lost else 'it was ended elsewhere'}"


def session_path(state_dir: str) -> str:
    """Return the file of the login."""
    return os.path.join(state_dir, "workos-session.json")


def api_key_path(state_dir: str) -> str:
    """Return the file of the stored API key."""
    return os.path.join(state_dir, "api-key.json")


def read_session(path: str) -> "StoredSession | None":
    """Return the login in `path`, or None when there is no such file.

    Raises:
        SessionFileError: see its kinds. The text names the file and what to do, never the content.

    """
    data = _read(path)
    return None if data is None else parse_session(data, path)


def parse_session(data: bytes, path: str) -> StoredSession:
    """Return the login in `data`; `path` is for the error's text only.

    Raises:
        SessionFileError: "corrupt" or "blank".

    """
    found = _object(data, path)
    texts: dict[str, str] = {}
    for name in FIELDS:
        value = found.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise SessionFileError("corrupt", path, f"is damaged: the field {name} is not a text")
        texts[name] = text_of(value or "")
    if not texts["access_token"].strip() and not texts["refresh_token"].strip():
        raise SessionFileError("blank", path, "holds no login")
    expires_at = rfc3339.parse(texts["expires_at"]) if texts["expires_at"] else None
    if texts["expires_at"] and expires_at is None:
        raise SessionFileError("corrupt", path, "is damaged: the field expires_at is not an RFC 3339 time")
    return StoredSession(
        Secret(texts["access_token"].strip()),
        Secret(texts["refresh_token"].strip()),
        user_id=texts["user_id"],
        email=texts["email"],
        organization_id=texts["organization_id"],
        # Go writes year 1 for "no time"
        expires_at=expires_at if expires_at is None or expires_at > 0 else None,
        raw=found,
    )


def read_api_key(path: str) -> "Secret | None":
    """Return the stored API key, or None when there is no such file.

    Raises:
        SessionFileError: see its kinds.

    """
    data = _read(path)
    if data is None:
        return None
    key = _object(data, path).get("key")
    if key is not None and not isinstance(key, str):
        raise SessionFileError("corrupt", path, "is damaged: the field key is not a text")
    if not key or not key.strip():
        raise SessionFileError("blank", path, "holds no API key")
    return Secret(key.strip())


def _read(path: str) -> "bytes | None":
    data = read(path, "amika", limit=MAX_BYTES)
    if isinstance(data, Problem):
        what = data.message if path not in data.message else data.message.partition(path)[2].strip(": ")
        raise SessionFileError("unreadable", path, _reason(data.code, what), remedy=data.remedy)
    return data


def _reason(code: str, what: str) -> str:
    return f"cannot be read: {what}" if code == "unreadable" else what


def _object(data: bytes, path: str) -> "dict[str, object]":
    """Return the JSON object with the keys we know in lower case, as the Go reader matches them."""
    if not data.strip():
        raise SessionFileError("blank", path, "is empty", torn=True)
    try:
        found = parse(data)
    except DocumentError:
        raise SessionFileError("corrupt", path, "is damaged: not JSON", torn=True) from None
    if found is None:
        raise SessionFileError("blank", path, "holds no login")
    if not isinstance(found, dict):
        raise SessionFileError("corrupt", path, "is damaged: not a JSON object")
    known = (*FIELDS, "key", "stored_at")
    return {name.lower() if name.lower() in known else name: value for name, value in found.items()}


def _text(value: object) -> str:
    return text_of(value) if isinstance(value, str) else ""


def _instant(value: object) -> "float | None":
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 < value < 1e12 else None
