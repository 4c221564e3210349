"""What a request for a remote sandbox is made of: names, repository, variables and the secrets that fill them."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from amika_cli.children.project import is_variable
from amika_local.errors import Conflict, Failed, NotFound, Unreachable, UsageError
from amika_shared.redaction import redact
from amika_shared.search_path import find

if TYPE_CHECKING:
    from amika_agent.stores.amika_api import Sandbox
    from amika_cli.context import Context
    from amika_cli.flags import Args

_COLORS = ("amber", "azure", "coral", "ivory", "jade", "lilac", "olive", "pearl", "ruby", "sand", "teal", "umber")
_PLACES = ("basel", "cadiz", "delft", "essen", "ghent", "imola", "kyoto", "leeds", "nara", "oslo", "pisa", "turku")
_SCHEMES = ("https", "ssh")
# of a server's answer only these fields are passed on: an answer may hold URLs that carry tokens
_TOLD = ("id", "repo_url", "branch", "secret_env_vars", "secret_names", "created_at", "updated_at")


def require_remote(args: Args) -> None:
    """Refuse what this program has not: sandboxes on this machine.

    Raises:
        UsageError: --remote is missing.

    """
    if not args.has("remote"):
        raise UsageError("sandboxes on this machine are not part of this program", remedy="Pass --remote.")


def secret_variables(specs: Sequence[str]) -> dict[str, str]:
    """Return variable → name of a secret, from `env:VARIABLE[=SECRET]`.

    Raises:
        UsageError: another form, a name that is no variable, or a variable given twice.

    """
    found: dict[str, str] = {}
    for number, spec in enumerate(specs, 1):
        kind, _, rest = spec.partition(":")
        variable, equals, secret = rest.partition("=")
        if kind != "env" or not is_variable(variable) or (equals and not secret) or redact(rest) != rest:
            # not quoted: it may be a value, given where a name belongs
            remedy = "Write env:VARIABLE=SECRET with the name of a stored secret, not its value."
            raise UsageError(f"--secret number {number} is not env:VARIABLE[=SECRET]", remedy=remedy)
        if variable in found:
            raise UsageError(f"--secret names {variable} twice", remedy="Name each variable once.")
        found[variable] = secret or variable
    return found


def checked_name(name: str) -> str:
    """Return a sandbox's name.

    Raises:
        UsageError: empty, too long, or other than letters, digits, dash, dot and underscore.

    """
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    if not (plain.isascii() and plain.isalnum()) or len(name) > 63:
        raise UsageError(
            "a sandbox's name is letters, digits, - _ and . (at most 63)", remedy="Choose another, or leave --name out."
        )
    return name


def random_name() -> str:
    """Return a name that is easy to say and most likely free."""
    return f"{secrets.choice(_COLORS)}-{secrets.choice(_PLACES)}-{secrets.token_hex(2)}"


def repository(given: str) -> str:
    """Return the URL of a repository: a URL as it is, a path's `origin` remote. Never with a password in it.

    Raises:
        UsageError: neither, or a folder whose repository has no remote.

    """
    if os.path.isdir(given):
        return _url(_origin(given))
    if "://" in given or _is_scp(given):
        return _url(given)
    raise UsageError("--git names neither a folder nor a URL", remedy="Pass a folder, https://… or git@HOST:PATH.")


def _origin(folder: str) -> str:
    git = find("git")
    if not git:
        raise UsageError("git is not installed", remedy="Pass the repository's URL: --git URL")
    command = [git, "-C", folder, "remote", "get-url", "origin"]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        raise UsageError("git does not answer", remedy="Pass the repository's URL: --git URL") from None
    url = os.fsdecode(answer.stdout).strip()
    if answer.returncode != 0 or not url:
        raise UsageError(f"{folder} has no git remote called origin", remedy="Pass the repository's URL: --git URL")
    return url


def _url(text: str) -> str:
    if _is_scp(text):
        return text
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise UsageError("the repository's URL is not a URL", remedy="Pass https://… or git@HOST:PATH.") from None
    if not text.isprintable():  # it comes from the repository, and is shown and stored
        raise UsageError("the repository's URL holds characters that no URL has", remedy="Correct it, or pass another.")
    if parts.scheme not in _SCHEMES or not parts.hostname:
        remedy = "Use https://… or ssh://…; a sandbox cannot reach a path on this machine."
        raise UsageError("the repository's URL is neither https nor ssh", remedy=remedy)
    host = parts.netloc.rpartition("@")[2]
    # a password or token in the URL stays here; the user name of ssh is part of the address
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    return urlunsplit((parts.scheme, user + host, parts.path, "", ""))


def _is_scp(text: str) -> bool:
    # git@host:path
    user, at, rest = text.partition("@")
    return bool(at) and "://" not in text and ":" in rest and user.isalnum() and text.isprintable() and " " not in text


def create(context: Context, request: dict[str, object]) -> Sandbox:
    """Send the one request that creates a sandbox.

    Raises:
        Conflict: there is one of that name.
        Unreachable: it was not created, or nobody knows; the text says which.
        NotSignedIn, Failed: it was not created.

    """
    from amika_agent.http.client import NoAnswer
    from amika_agent.stores.amika_api import Refused

    name = request["name"]
    try:
        return context.api.create_sandbox(request)
    except Refused as refusal:
        if refusal.status != 409:
            raise
        delete = context.command(f"sandbox delete {name} --remote")
        raise Conflict(f"there is a sandbox {name} already", remedy=f"Choose another --name, or: {delete}") from None
    except Unreachable as error:
        if isinstance(error, NoAnswer) and not error.sent:
            raise
        remedy = f"Look before you try again: {context.command('sandbox list --remote')}"
        raise Unreachable(f"{error.message}; the sandbox {name} may be there all the same", remedy=remedy) from None


def delete(context: Context, name: str) -> None:
    """Delete a sandbox.

    Raises:
        NotFound: there is none of that name.
        NotSignedIn, Failed: it was not deleted, or nobody knows; deleting it again is safe.

    """
    try:
        context.api.delete_sandbox(name)
    except NotFound:
        remedy = f"These are there: {context.command('sandbox list --remote')}"
        raise NotFound(f"there is no sandbox {name or 'without a name'}", remedy=remedy) from None
    except Failed as error:
        raise Failed(f"{name}: {error.message}", remedy=error.remedy) from None


def told(raw: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a server's answer that are shown."""
    return {key: raw[key] for key in _TOLD if key in raw}


def text(raw: Mapping[str, object], field: str) -> str:
    """Return a text field of a server's answer, or ""."""
    value = raw.get(field)
    return value if isinstance(value, str) else ""
