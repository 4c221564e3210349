"""Who is signed in to Amika on this machine, as far as files and environment tell: what `auth status` shows."""


def identity(env: "dict[str, str]", state_dir: str, now: float) -> "dict[str, object]":
    """Return the login that counts; reads files only, no network, no lock.

    Shape: {"authenticated": bool, "method": "none|env_api_key|stored_api_key|session", "email": str, "org_id": str,
    "warnings": [str], "user_id": str, "expires_at": RFC 3339 str or "", "storage": "environment|file|keychain|",
    "path": str, "problem": "" | "expired" | "blank" | "corrupt" | "unreadable" | "rejected" | "revoked"}
    """
    raise NotImplementedError
