"""What `whoami` and `auth status` say in the same words of every service beside Amika."""

import time

from amika_local import rfc3339
from amika_local.errors import NotSignedIn
from amika_local.login_file import text


def nobody(who: "dict[str, object]", title: str, sign_in: str) -> NotSignedIn:
    """Return why nobody is signed in, with what helps."""
    if who["problem"]:
        return NotSignedIn(str(who["reason"]), remedy=str(who["remedy"]))
    return NotSignedIn(f"nobody is signed in to {title}", remedy=f"Sign in: {sign_in}")


def until_when(who: "dict[str, object]") -> str:
    """Return the end of a login for a person, or ""."""
    from amika_cli.render import until

    end = rfc3339.parse(str(who["expires_at"]))
    if end is None:
        return ""
    # what ends is a token that is renewed when it is needed, not the login
    renewed = "; renewed when needed" if who.get("renewable") else ""
    return f"{who['expires_at']} ({until(end, time.time())}{renewed})"


def account(service: str, who: "dict[str, object]") -> "dict[str, object]":
    """Return a service's entry among the accounts of `auth status`."""
    return {
        "service": service,
        "signed_in": who["authenticated"],
        "method": who["method"],
        "email": who["email"],
        "user_id": text(who, "user_id"),
        "org_id": text(who, "org_id") or text(who, "tenant_id"),
        "organization": text(who, "organization") or text(who, "tenant_name"),
        "api_url": who["url"],
        "expires_at": who["expires_at"],
        "storage": who["storage"],
    }


def shown(value: object) -> str:
    """Return a text of a server or file as a terminal may show it."""
    from amika_cli.render import clean

    return clean(str(value or ""))
