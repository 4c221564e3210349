"""Who is signed in to Amika on this machine, as far as files and environment tell: what `auth status` shows."""

import os

from amika_local import rfc3339
from amika_local.credential import Problem
from amika_local.document import DocumentError, parse_object
from amika_local.regular_file import read
from amika_local.session_file import (
    SessionFileError,
    StoredSession,
    api_key_path,
    over,
    read_api_key,
    read_session,
    session_path,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

LONG_EXPIRED = 30 * 86400.0  # no authorization server renews a session that was silent for this long
SIGN_IN = "amika auth login"
API_URL = "https://app.amika.dev"
CLIENT_ID = "client_01KHA495MJS1KT6QBRTYJ239DY"
OTHER_API = (
    "AMIKA_API_URL names another server but the sign-in client is the default one; they usually change together "
    "(AMIKA_WORKOS_CLIENT_ID, AMIKA_WORKOS_URL)"
)


def identity(env: "os._Environ[str] | dict[str, str]", state_dir: str, now: float) -> "dict[str, object]":
    """Return the login that counts; reads files only, no network, no lock.

    Shape: {"authenticated": bool, "method": "none|env_api_key|stored_api_key|session", "email": str, "org_id": str,
    "organization": str (its name, where it is known), "warnings": [str], "user_id": str,
    "expires_at": RFC 3339 str or "", "renewable": bool, "storage": "environment|file|keychain|", "path": str,
    "problem": "" | "expired" | "blank" | "corrupt" | "unreadable" | "rejected" | "revoked"}

    `expires_at` is the end of the access token; a session with a refresh token is renewed before it and goes on.
    """
    found = _found(env, state_dir, now)
    shadowed = found["method"] in ("env_api_key", "stored_api_key") and os.path.lexists(session_path(state_dir))
    if shadowed:
        what = "AMIKA_API_KEY" if found["method"] == "env_api_key" else "the stored API key"
        _warn(found, f"{what} is used instead of the browser login that is stored here too")
    api_url, client = (env.get(name, "").strip() for name in ("AMIKA_API_URL", "AMIKA_WORKOS_CLIENT_ID"))
    if api_url.rstrip("/") not in ("", API_URL) and client in ("", CLIENT_ID):
        _warn(found, OTHER_API)
    return found


def what_is_wrong(who: "Mapping[str, object]") -> "tuple[str, str]":
    """Return (what is wrong with the login, what to do about it); ("", "") for one that works and for none at all."""
    warnings = who.get("warnings")
    if not who.get("problem"):
        return "", ""
    if not isinstance(warnings, list) or not warnings:
        return f"the login is {who['problem']}", f"Sign in: {SIGN_IN}"
    what, _, step = str(warnings[0]).rpartition("; ")
    return (what, step[:1].upper() + step[1:]) if what else (step, f"Sign in: {SIGN_IN}")


def _found(env: "os._Environ[str] | dict[str, str]", state_dir: str, now: float) -> "dict[str, object]":
    if env.get("AMIKA_API_KEY", "").strip():
        return _identity(method="env_api_key", storage="environment")
    path = api_key_path(state_dir)
    try:
        if read_api_key(path):
            return _identity(method="stored_api_key", storage="file", path=path)
    except SessionFileError as error:
        return _broken(error, path, f"remove it, or store a key anew: {SIGN_IN} --api-key-file PATH")
    return _session(state_dir, now)


def _session(state_dir: str, now: float) -> "dict[str, object]":
    path = session_path(state_dir)
    notes = _object(os.path.join(state_dir, ".session.meta"))
    if _keychain_counts(path, os.path.join(state_dir, ".session.store")):
        return _kept_in_keychain(state_dir, now, notes)
    try:
        session = read_session(path)
    except SessionFileError as error:
        return _broken(error, path, f"sign in: {SIGN_IN}")
    if session is None:
        return _identity()
    found = _identity(
        method="session",
        storage="file",
        path=path,
        email=session.email,
        user_id=session.user_id,
        org_id=session.organization_id,
    )
    _judge(found, session.expiry(_number(notes, "skew")), now, renewable=bool(session.refresh_token))
    name = _digest(session) if notes.get("rejected") or notes.get("revoked_sids") else ""
    return _noted(found, notes, name, session)


def _keychain_counts(path: str, pointer: str) -> bool:
    """Tell whether the pointer sends us to the keyring; a file written after it is a newer login of another program."""
    if _object(pointer).get("store") != "keychain":
        return False
    try:
        return os.stat(path).st_mtime_ns <= os.stat(pointer).st_mtime_ns
    except OSError:
        return True


def _kept_in_keychain(state_dir: str, now: float, notes: "dict[str, object]") -> "dict[str, object]":
    """Return the login whose tokens the OS keyring holds; a pointer file says whose it is."""
    path = os.path.join(state_dir, ".session.store")
    pointer = _object(path)
    if not pointer.get("present"):
        return _identity()
    found = _identity(method="session", storage="keychain", path=path)
    for name, key in (("email", "email"), ("user_id", "user_id"), ("org_id", "organization_id")):
        found[name] = _text(pointer, key)
    _judge(found, _number(pointer, "expires_at") or None, now, renewable=pointer.get("renewable") is True)
    return _noted(found, notes, _text(pointer, "rt"), None)


def _judge(found: "dict[str, object]", end: "float | None", now: float, *, renewable: bool) -> None:
    found["expires_at"] = rfc3339.text(end) if end is not None else ""
    found["renewable"] = renewable
    if end is None or end > now:
        return
    if not renewable or now - end > LONG_EXPIRED:
        _out(found, "expired", f"the login expired on {rfc3339.text(end)}; sign in: {SIGN_IN}")
    else:
        _warn(found, "the access token has expired; it is renewed when it is needed next")


def _noted(
    found: "dict[str, object]", notes: "dict[str, object]", name: str, session: "StoredSession | None"
) -> "dict[str, object]":
    """Apply what earlier renewals and sign-outs found out about this very session."""
    names = notes.get("organizations")
    if isinstance(names, dict):
        found["organization"] = _text(names, str(found["org_id"]))
    gone = notes.get("revoked_sids")
    sid = (session.session_id or f"rt:{name}") if session else ""
    if isinstance(gone, list) and sid and sid in gone:
        _out(found, "revoked", f"you signed out; another program wrote the old login back; sign in: {SIGN_IN}")
    elif name and notes.get("rejected") == name:
        why = over(_text(notes, "rejected_code"), lost=notes.get("rejected_lost") is True)
        _out(found, "rejected", f"{why}; sign in: {SIGN_IN}")
    return found


def _digest(session: StoredSession) -> str:
    from hashlib import sha256

    return sha256(session.refresh_token.reveal().encode()).hexdigest()


def _broken(error: SessionFileError, path: str, next_step: str) -> "dict[str, object]":
    found = _identity(path=path)
    first = "make it and its folders readable, or " if error.kind == "unreadable" else ""
    _out(found, error.kind, f"{error.message}; {first}{next_step}")
    return found


def _identity(
    *, method: str = "none", storage: str = "", path: str = "", email: str = "", user_id: str = "", org_id: str = ""
) -> "dict[str, object]":
    return {
        "authenticated": method != "none",
        "method": method,
        "email": email,
        "org_id": org_id,
        "organization": "",
        "warnings": [],
        "user_id": user_id,
        "expires_at": "",
        "renewable": False,
        "storage": storage,
        "path": path,
        "problem": "",
    }


def _out(found: "dict[str, object]", problem: str, warning: str) -> None:
    found["authenticated"], found["method"], found["problem"] = False, "none", problem
    # what was said of its renewal is not true any more
    found["renewable"], found["warnings"] = False, [warning]


def _warn(found: "dict[str, object]", warning: str) -> None:
    warnings = found["warnings"]
    if isinstance(warnings, list):
        warnings.append(warning)


def _object(path: str) -> "dict[str, object]":
    data = read(path, "amika", limit=1 << 20)
    if data is None or isinstance(data, Problem):
        return {}
    try:
        return parse_object(data)
    except DocumentError:
        return {}


def _text(found: "dict[str, object]", key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _number(found: "dict[str, object]", key: str) -> float:
    value = found.get(key)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
