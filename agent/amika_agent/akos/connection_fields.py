"""Checks what a person gives for the fields of a connection. Pure; no value is ever repeated in an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from amika_agent.akos import connection_kinds as kinds
from amika_agent.akos import cron
from amika_agent.akos.connection_kinds import KINDS, NAMES, Field, Kind
from amika_agent.akos.token_like import looks_secret
from amika_agent.stores.vault_reference import REFERENCE, references
from amika_local.errors import UsageError
from amika_shared.redaction import plain

MAX_FIELD = 2048
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SHAPES: dict[str, tuple[re.Pattern[str], str]] = {
    kinds.TEXT: (re.compile(r".+"), "must be a text on one line"),
    kinds.WORD: (re.compile(r"[\w.:/@+-]{1,256}"), "must be one word: letters, digits and . _ : - / @ +"),
    kinds.REPO: (re.compile(r"[\w.-]+/[\w.-]+", re.ASCII), "must be OWNER/NAME"),
    kinds.PATH: (re.compile(r".{1,1024}"), "must be a path"),
    kinds.ROUTE: (re.compile(r"/[A-Za-z0-9/_-]{1,255}"), "must be a path like /hooks/build"),
    kinds.ZONE: (re.compile(r"UTC|[A-Z][\w+-]+(/[A-Z][\w+-]+){1,2}", re.ASCII), "must be a zone like Europe/Vienna"),
    kinds.DIGITS: (re.compile(r"[0-9]{1,32}"), "must be digits"),
    kinds.BUCKET: (
        re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
        "must be the name of a bucket: small letters, digits, . and -",
    ),
    kinds.COMMAND: (re.compile(r".+"), "must be a command on one line"),
    kinds.PHONE: (re.compile(r"\+[1-9][0-9]{6,14}"), "must be a number like +4312345678"),
    kinds.URL: (re.compile(r"[a-z][a-z0-9+.-]{0,20}://\S+|\$\{vault:[A-Z0-9_]+\}"), "must be an address with ://"),
}  # fmt: skip


def kind_of(name: str) -> Kind:
    """Return the kind.

    Raises:
        UsageError: there is none; names the nearest.

    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise UsageError(f"there is no such kind{_near(name.lower(), NAMES)}", remedy=f"Known: {', '.join(NAMES)}.")


def checked_name(name: str) -> str:
    """Return the name of a connection. Raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            "a connection's name has at most 64 letters, digits and . _ - and begins with a letter or digit",
            remedy="Like team-chat.",
        )
    _refuse_token(name, "the name")
    return name


def checked_fields(kind: Kind, given: Sequence[str], command: Callable[[str], str]) -> dict[str, str]:
    """Return field -> value, defaults filled in.

    Args:
        kind: whose fields.
        given: "field=value" each.
        command: how the person types a command of ours.

    Raises:
        UsageError: no pair, no such field, given twice, missing, not of its type, or looks like a token.

    """
    values: dict[str, str] = {}
    for pair in given:
        field, value = _pair(kind, pair)
        if field.name in values:
            raise UsageError(f"{field.name} is given twice")
        values[field.name] = _checked(field, value, command)
    for field in kind.fields:
        if field.name not in values and field.default:
            values[field.name] = field.default
    _complete(kind, values)
    return {field.name: values[field.name] for field in kind.fields if field.name in values}


def references_of(values: Mapping[str, str]) -> list[str]:
    """Return the vault keys that the fields refer to, each once."""
    return references("\n".join(values.values()))


def _pair(kind: Kind, pair: str) -> tuple[Field, str]:
    name, equals, value = pair.partition("=")
    names = [field.name for field in kind.fields]
    field = kind.field(name)
    if not equals:
        raise UsageError("--set takes FIELD=VALUE", remedy=f"Fields of {kind.name}: {', '.join(names)}.")
    if field is None:
        raise UsageError(
            f"{kind.name} has no such field{_near(name, names)}", remedy=f"Fields of {kind.name}: {', '.join(names)}."
        )
    return field, value.strip()


def _complete(kind: Kind, values: Mapping[str, str]) -> None:
    missing = [field.name for field in kind.fields if field.required and field.name not in values]
    if missing:
        told = {field.name: field.text for field in kind.fields}
        raise UsageError(
            f"{kind.name} needs {' and '.join(missing)}",
            remedy="Pass " + " ".join(f"--set {name}=… ({told[name]})" for name in missing),
        )
    if kind.one_of and sum(name in values for name in kind.one_of) != 1:
        raise UsageError(f"{kind.name} needs exactly one of: {', '.join(kind.one_of)}")


def _checked(field: Field, value: str, command: Callable[[str], str]) -> str:
    if not value:
        raise UsageError(f"{field.name} is empty", remedy="Leave it out, or give it a value.")
    if len(value) > MAX_FIELD:
        raise UsageError(f"{field.name} is longer than {MAX_FIELD} characters")
    if plain(value) != value:
        raise UsageError(f"{field.name} has line breaks or control characters")
    _refuse_token(value, field.name, command, program=field.type in (kinds.COMMAND, kinds.URL))
    if field.type in (kinds.CHOICE, kinds.CHOICES):
        return _chosen(field, value)
    _check_shape(field, value)
    return value


def _check_shape(field: Field, value: str) -> None:
    if field.type == kinds.CRON:
        if wrong := cron.trouble(value):
            raise UsageError(
                f"{field.name} {wrong}", remedy='Its fields: minute hour day month weekday, like "0 9 * * 1-5".'
            )
        return
    shape, told = _SHAPES[field.type]
    # a reference stands for a value that is not known here: any word will do in its place
    text = value if field.type == kinds.URL else REFERENCE.sub("x", value)
    if not shape.fullmatch(text):
        raise UsageError(f"{field.name} {told}", remedy=f"It is: {field.text}.")
    if field.type == kinds.ZONE and text != "x":
        _check_zone(field.name, text)


def _check_zone(name: str, zone: str) -> None:
    import zoneinfo

    known = zoneinfo.available_timezones()
    if known and zone not in known:  # a machine without the list of zones takes what looks like one
        raise UsageError(f"{name} is no zone that this machine knows{_near(zone, sorted(known))}")


def _chosen(field: Field, value: str) -> str:
    words = [word.strip() for word in value.split(",")] if field.type == kinds.CHOICES else [value]
    for word in words:
        if word not in field.choices:
            near = _near(word.lower(), field.choices) or _near(word.upper(), field.choices)
            raise UsageError(f"{field.name} takes {', '.join(field.choices)}{near}")
    return ",".join(dict.fromkeys(words))


def _refuse_token(
    value: str, what: str, command: Callable[[str], str] = lambda words: f"amika {words}", *, program: bool = False
) -> None:
    if looks_secret(value, program=program):
        raise UsageError(
            f"{what} looks like a token or password; a connection keeps none in plain text",
            remedy=f"Store it: {command('vault put KEY')}. Then name it: --vault-key KEY, or ${{vault:KEY}} here.",
        )


def _near(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, 1)
    return f"; did you mean {close[0]}?" if close else ""
