"""A project's `.amika/config.toml`: of it only the table [secrets] is ours (variable = "name of a secret").

A cloned repository must not choose what it gets: `amika run` fills these variables only after `amika allow` trusted
this file with this content. The trust is a hash kept beside our data; a changed file asks again.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass

from amika_local.errors import UsageError
from amika_local.regular_file import read

FILE = os.path.join(".amika", "config.toml")
MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Project:
    """The file's `path`, what it asks for (variable → name of a secret), and the `digest` of path and content."""

    path: str
    secrets: dict[str, str]
    digest: str


def find(start: str) -> Project | None:
    """Return the nearest project file at or above `start` that has a [secrets] table, or None.

    Raises:
        UsageError: the file is there but cannot be used; names it and what is wrong, never its content.

    """
    try:
        folder = os.path.realpath(start)
    except OSError:  # the current folder has been deleted
        return None
    while True:
        path = os.path.join(folder, FILE)
        if os.path.isfile(path):
            return _read(path)
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _read(path: str) -> Project | None:
    import tomllib

    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise UsageError(f"{path} is larger than 1 MiB", remedy="Repair the file.")
        table = tomllib.loads(data.decode()).get("secrets")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise UsageError(f"{path} cannot be read: {reason}", remedy="Make it readable, or move it away.") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not valid TOML", remedy="Repair the file.") from None
    if table is None:
        return None
    return Project(path, _checked(path, table), hashlib.sha256(path.encode() + b"\0" + data).hexdigest())


def _checked(path: str, table: object) -> dict[str, str]:
    if not isinstance(table, dict):
        raise UsageError(f"{path}: secrets is not a table", remedy='Write [secrets] and lines like KEY = "name".')
    for name, secret in table.items():
        if not is_variable(name):
            raise UsageError(f"{path}: a name in [secrets] is no variable name", remedy="Use letters, digits and _.")
        if not isinstance(secret, str) or not secret.strip():
            raise UsageError(f"{path}: {name} in [secrets] is not the name of a secret", remedy='Write KEY = "name".')
    return {str(name): str(secret).strip() for name, secret in table.items()}


def trusted(start: str, data_dir: str) -> tuple[Project | None, str]:
    """Return the allowed project file at or above `start`, or None and why not ("" when there simply is none)."""
    try:
        wanted = find(start)
    except UsageError as error:
        return None, f"{error.message}; it is not used"
    if wanted is None or is_allowed(trust_file(data_dir), wanted):
        return wanted, ""
    return None, f"{wanted.path} asks for secrets and is not trusted; see what it asks for: amika allow"


def is_variable(name: str) -> bool:
    """Tell whether `name` is a valid name of an environment variable: a letter or _, then letters, digits, _."""
    return name.isascii() and name.isidentifier()


def is_allowed(trust_file: str, project: Project) -> bool:
    """Tell whether the person has allowed this file with this content."""
    return _trusted(trust_file).get(project.path) == project.digest


def allow(trust_file: str, project: Project) -> None:
    """Remember that the person allowed this file with this content."""
    from amika_agent.stores.private_file import locked, write_private

    with locked(trust_file + ".lock", deadline=5, what="the list of allowed projects"):
        trusted = _trusted(trust_file)
        trusted[project.path] = project.digest
        write_private(trust_file, json.dumps(trusted, indent=2, sort_keys=True).encode() + b"\n")


def forbid(trust_file: str, path: str) -> bool:
    """Forget an allowed file; tell whether it was allowed."""
    from amika_agent.stores.private_file import locked, write_private

    with locked(trust_file + ".lock", deadline=5, what="the list of allowed projects"):
        trusted = _trusted(trust_file)
        if trusted.pop(path, None) is None:
            return False
        write_private(trust_file, json.dumps(trusted, indent=2, sort_keys=True).encode() + b"\n")
    return True


def _trusted(trust_file: str) -> dict[str, str]:
    # a damaged list trusts nobody: the person is asked again
    data = read(trust_file, "projects", limit=MAX_BYTES)
    try:
        found = json.loads(data) if isinstance(data, bytes) else None
    except (ValueError, RecursionError):
        return {}
    return {str(k): v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def trust_file(data_dir: str) -> str:
    """Return the file that remembers what was allowed."""
    return os.path.join(data_dir, "allowed-projects.json")
