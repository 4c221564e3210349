"""settings.toml: read with the standard library, written with every comment kept. A bad file changes nothing."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amika_agent.stores.private_file import locked, write_private
from amika_local.credential import Problem
from amika_local.errors import Failed, UsageError
from amika_local.regular_file import read
from amika_shared.settings_schema import checked, defaults, find, flatten

if TYPE_CHECKING:
    from amika_agent.clock import Clock

MAX_BYTES = 1 << 20
_CORRECT = "The default is used. Correct the file, or run `amika config set`."
# nothing can be set in a file that cannot be read: saying so would send people in a circle
_REPAIR = "Until it is repaired, or moved away, every setting has its default."


@dataclass(frozen=True)
class Settings:
    """What the person decided.

    values    dotted key → value, defaults included; every key of the schema is there
    problems  what of the file cannot be used; the defaults stand in for it
    """

    values: Mapping[str, object]
    problems: tuple[Problem, ...] = field(default=())

    def text(self, key: str) -> str:
        """Return a setting of kind "text"."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def on(self, key: str) -> bool:
        """Return a setting of kind "switch"."""
        return self.values.get(key) is True

    def words(self, key: str) -> tuple[str, ...]:
        """Return a setting of kind "words"."""
        value = self.values.get(key)
        return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()


def load(path: str, profile: str) -> Settings:
    """Return the settings of a profile ("default" or "local"); what cannot be used is a problem, never an error."""
    values = defaults(profile)
    try:
        given = flatten(_read(path))
    except FileNotFoundError:
        return Settings(values)
    except OSError as error:
        return Settings(values, (_problem(path, f"cannot be read: {os.strerror(error.errno or 0)}", _REPAIR),))
    except (ValueError, RecursionError) as error:
        return Settings(values, (_problem(path, _where(error), _REPAIR),))
    problems = []
    for key, value in given.items():
        setting = find(key)
        if setting is None:
            problems.append(_problem(path, f"has an unknown setting: {_shown(key)}"))
            continue
        try:
            values[key] = checked(setting, value)
        except ValueError as error:
            problems.append(_problem(path, str(error)))
    return Settings(values, tuple(problems))


def store(path: str, key: str, value: object, clock: Clock) -> None:
    """Change one setting in the file; comments, order and unknown settings stay.

    Raises:
        UsageError: no such setting, or not a value for it.
        Failed: the file is not TOML (it is left as it is), or cannot be written.

    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    setting = find(key)
    if setting is None:
        raise UsageError(f"there is no setting {_shown(key)}", remedy="`amika config list` shows them all.")
    try:
        value = checked(setting, value)
    except ValueError as error:
        raise UsageError(str(error)) from None
    table, _, name = key.rpartition(".")
    with locked(path + ".lock", deadline=5, clock=clock, what="the settings"):
        try:
            document = tomlkit.parse(_text(path))
            target = document if not table else document.setdefault(table, tomlkit.table())
            target[name] = value
        except (TOMLKitError, ValueError, TypeError, AttributeError):
            raise Failed(
                f"{path} is not valid TOML; it was left as it is", remedy="Repair it, or move it away."
            ) from None
        write_private(path, tomlkit.dumps(document).encode())


def _read(path: str) -> dict[str, object]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO must not hold us up
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a file")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError("too large")
    return tomllib.loads(data.decode())


def _text(path: str) -> str:
    data = read(path, "settings", limit=MAX_BYTES)
    if isinstance(data, Problem):
        raise Failed(data.message, remedy=data.remedy)
    return (data or b"").decode()


def _where(error: Exception) -> str:
    # a TOML error quotes the line it fails on only by position: keep the position, drop everything else
    place = str(error).rpartition("(at ")[2].rstrip(")")
    return f"is not valid TOML ({place})" if place.startswith("line ") and len(place) < 40 else "is not valid TOML"


def _shown(key: str) -> str:
    return key if len(key) <= 60 and key.isprintable() else "(unprintable)"


def _problem(path: str, what: str, remedy: str = _CORRECT) -> Problem:
    return Problem("settings", f"{path} {what}", path=path, remedy=remedy)
