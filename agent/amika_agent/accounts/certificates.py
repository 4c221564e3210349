"""Who recognized the server when a login was made: the system's certificates, or a file that a setting names.

XDG_CONFIG_HOME chooses the settings, and a directory's `.envrc` may set that: with a proxy and certificates of its own
it would be every server. So a login is sent only under the certificates that it was made under. One that another
program wrote was made under the system's.
"""

from __future__ import annotations

from collections.abc import Iterable

from amika_agent.http.urls import is_loopback


def unlike(made_under: str, now: str, urls: Iterable[str]) -> str:
    """Return why a login must not be sent, as a clause; "" when it may.

    Args:
        made_under: file of certificates when it was made, "" for the system's.
        now: the one that is configured now.
        urls: where it would be sent; "" counts for nothing.

    """
    if made_under == now or all(is_loopback(url) for url in urls if url):
        return ""
    return f"it was made under {_named(made_under)}, and now those of {_named(now, short=True)} are configured"


def again(sign_in: str) -> str:
    """Return what helps then."""
    return f"Sign in again ({sign_in}), or unset XDG_CONFIG_HOME, which chooses network.ca_file, to go on with it."


def _named(file: str, *, short: bool = False) -> str:
    if short:
        return file or "the system"
    return f"the certificates of {file or 'the system'}"
