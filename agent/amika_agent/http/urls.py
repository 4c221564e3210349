"""Which URLs we talk to and which we show: https, and plain http to this machine alone."""

from __future__ import annotations

from urllib.parse import urlsplit

from amika_local.errors import UsageError


def checked_url(text: str, where: str) -> str:
    """Return a base URL without its closing slash; `where` names the setting in the error.

    Raises:
        UsageError: it must not be used. The text never quotes a URL that may carry a password.

    """
    remedy = "It looks like https://app.example.com; http:// is for 127.0.0.1 and localhost only."
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UsageError(f"{where} is not a URL", remedy=remedy) from None
    if not text.isascii() or not text.isprintable() or " " in text or not parts.hostname or "\\" in text:
        raise UsageError(f"{where} is not a URL", remedy=remedy)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UsageError(f"{where} must not carry a user, a query or a fragment", remedy=remedy)
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback_host(parts.hostname)):
        raise UsageError(f"{where} must be https", remedy=remedy)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"https": 443, "http": 80}[parts.scheme]
    suffix = "" if port is None or port == default else f":{port}"
    return f"{parts.scheme}://{host}{suffix}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Tell whether the URL leads to this machine: 127.0.0.0/8, ::1 or localhost."""
    try:
        return _loopback_host(urlsplit(url).hostname or "")
    except ValueError:
        return False


def may_open(url: str) -> bool:
    """Tell whether a URL from a server may be shown to a browser: https, or http on loopback, and nothing odd in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    plain = url.isascii() and url.isprintable() and not any(letter in url for letter in " \\\"'<>`")
    safe = parts.scheme == "https" or (parts.scheme == "http" and _loopback_host(host))
    return plain and safe and bool(host) and parts.username is None and parts.password is None and len(url) <= 2048


def _loopback_host(host: str) -> bool:
    if host in ("localhost", "::1"):
        return True
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(p.isdigit() and int(p) < 256 for p in parts)
