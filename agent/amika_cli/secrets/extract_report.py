"""`auth extract --explain` and `-o json`: where each source stands, and what its variables would be."""

import os
import time

from amika_cli.render import emit, home_short, table, terminal_width, until
from amika_local.secret import masked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_cli.flags import Args
    from amika_local.credential import Credential
    from amika_local.discovery import Discovery, Reading


def show(args: "Args", found: "Discovery", chosen: "dict[str, Credential]") -> None:
    """Print the report; values are plain only in JSON and with --reveal.

    JSON: {"variables": [{"name", "value", "provider", "kind", "source", "path", "account", "expires_at"}], "problems":
    [{"code", "source", "path", "message", "remedy"}]}, with --explain also "sources": [{"source", "path", "provider",
    "state", "shadowed_by", "kind", "value", "expires_at", "detail"}].
    """
    reveal = args.has("reveal")
    value: dict[str, object] = {
        "variables": [{"name": name, **_described(credential, reveal=reveal)} for name, credential in chosen.items()],
        "problems": [
            {"code": p.code, "source": p.source, "path": p.path, "message": p.message, "remedy": p.remedy}
            for p in found.problems
        ],
    }
    if args.has("explain"):
        value["sources"] = [_explained(reading, reveal=reveal) for reading in found.readings]
    emit(args, value, _lines(found))


def _described(credential: "Credential", *, reveal: bool) -> "dict[str, object]":
    return {
        "value": _value(credential, reveal=reveal),
        "provider": credential.provider,
        "kind": credential.kind,
        "source": credential.source,
        "path": credential.path,
        "account": credential.account,
        "expires_at": credential.expires_at,
    }


def _explained(reading: "Reading", *, reveal: bool) -> "dict[str, object]":
    held = reading.credential
    return {
        "source": reading.source,
        "path": reading.path,
        "provider": reading.provider,
        "state": reading.state,
        "shadowed_by": reading.shadowed_by or None,
        "kind": held.kind if held else None,
        "value": _value(held, reveal=reveal) if held else None,
        "expires_at": held.expires_at if held else None,
        "detail": reading.detail,
    }


def _value(credential: "Credential", *, reveal: bool) -> str:
    plain = credential.value.reveal()
    return plain if reveal else masked(plain)


def _lines(found: "Discovery") -> "list[str]":
    now, home = time.time(), os.environ.get("HOME", "")
    rows = [
        (
            reading.source,
            reading.provider,
            _standing(reading),
            masked(reading.credential.value.reveal()) if reading.credential else "",
            until(reading.credential.expires_at, now) if reading.credential else "",
            home_short(reading.path, home),
            _why(reading),
        )
        for reading in sorted(found.readings, key=lambda reading: (not reading.provider, reading.provider))
    ]
    heads = ("SOURCE", "PROVIDER", "STATE", "VALUE", "EXPIRES", "PATH", "WHY")
    return table(heads, rows, width=terminal_width(), keep=(0, 1, 2, 3, 4), below=(5, 6))


def _standing(reading: "Reading") -> str:
    if reading.state == "shadowed":
        return f"shadowed by {reading.shadowed_by}"
    return _WORDS.get(reading.state, reading.state)


def _why(reading: "Reading") -> str:
    return "see the warning" if reading.state in ("bad", "blank", "left_out") else reading.detail


_WORDS = {
    "absent": "no such file",
    "bad": "cannot be used",
    "blank": "empty login",
    "derived": "skipped",
    "elsewhere": "not in its file",
    "left_out": "left out",
    "nothing": "holds none",
    "off": "skipped",
    "other": "skipped",
}
