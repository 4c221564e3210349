"""What the commands print: text for people, JSON for scripts. Pure, except `show` and `emit`, which write.

Nothing from outside reaches a terminal unclean: C0, C1 and bidirectional characters are stripped.
"""

import os
import sys
from collections.abc import Sequence

from amika_cli.flags import Args
from amika_local.errors import Failed

_TIMES = ("at", "since", "until", "started", "paused_until", "last_seen")
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365.25 * 86400
_TELLING = 16  # columns of a shortened cell that still say which one it is


def clean(text: str) -> str:
    """Return the text on one line, without characters that steer a terminal or reorder what is read."""
    if text.isascii() and text.isprintable():
        return text
    from amika_shared.redaction import plain

    return plain(text)


def until(moment: "float | None", now: float) -> str:
    """Return "in 3 h", "expired 5 min ago", or "" when there is no such moment."""
    if moment is None:
        return ""
    distance = span(abs(moment - now))
    return f"in {distance}" if moment > now else f"expired {distance} ago"


def ago(moment: "float | None", now: float) -> str:
    """Return "3 h ago", "in 3 h" for the future, or "" when there is no such moment."""
    if moment is None:
        return ""
    distance = span(abs(now - moment))
    return f"{distance} ago" if moment <= now else f"in {distance}"


def span(seconds: float) -> str:
    """Return a length of time in its largest whole unit that still tells: "50 s", "85 min", "3 h", "12 d", "9 y"."""
    units = ((90, 1, "s"), (90 * _MINUTE, _MINUTE, "min"), (48 * _HOUR, _HOUR, "h"), (2 * _YEAR, _DAY, "d"))
    for limit, unit, name in units:
        if seconds < limit:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds // _YEAR)} y"


def rfc3339(moment: float) -> "str | None":
    """Return epoch seconds as RFC 3339 in UTC ("2026-11-21T09:24:00Z"), or None when no calendar has that moment."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None


def with_times(value: object) -> object:
    """Return a copy in which epoch seconds under names of times (`expires_at`, `since` …) are RFC 3339 text."""
    if isinstance(value, dict):
        return {str(k): _time(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [with_times(item) for item in value]
    return value


def _time(name: str, value: object) -> object:
    is_time = name.endswith("_at") or name in _TIMES
    if is_time and isinstance(value, int | float) and not isinstance(value, bool):
        return rfc3339(value)
    return with_times(value)


def encoded(value: object, output: str) -> str:
    """Return the value as JSON: one line for "json", indented for "json-pretty"; ASCII, hence safe on a terminal."""
    import json

    return json.dumps(with_times(value), indent=2 if output == "json-pretty" else None)


def table(
    heads: "tuple[str, ...]",
    rows: "Sequence[Sequence[str]]",
    *,
    width: "int | None" = None,
    keep: "tuple[int, ...]" = (),
    below: "tuple[int, ...]" = (),
) -> "list[str]":
    """Return the lines of a table, narrowed to `width` columns when it is given.

    Args:
        heads: one heading per column.
        rows: cells; cleaned here.
        width: columns of the terminal, or None for no limit (a pipe gets everything).
        keep: columns that are never narrowed, because half of them would mean something else. Where a few cells of
            the first are much longer than the others, they stand on a line of their own.
        below: columns that are written whole under their row where the table would be too wide. Where that is not
            enough, others go there too, the widest first, before so little of them is left that it says nothing.

    """
    cells = [tuple(clean(cell) for cell in row) for row in [heads, *rows]]
    widths = [max(columns(row[i]) for row in cells) for i in range(len(heads))]
    if width is None or _excess(widths, width) <= 0:
        return _lined_up(cells, widths)
    if 0 in keep:
        widths[0] = _usual([columns(row[0]) for row in cells], width // 2)
    least = [w if i in keep else min(w, max(_TELLING, columns(heads[i]))) for i, w in enumerate(widths)]
    beside = [i for i in range(len(heads)) if i not in below or _excess(widths, width) <= 0]
    while _excess([least[i] for i in beside], width) > 0 and (movable := [i for i in beside[1:] if i not in keep]):
        beside.remove(max(movable, key=lambda i: (widths[i], i)))
    narrowed = _narrowed([widths[i] for i in beside], [least[i] for i in beside], width)
    lines: list[str] = []
    for row in cells:
        shown = [row[i] for i in beside]
        if 0 in keep and columns(row[0]) > narrowed[0]:
            lines.append(row[0])
            shown[0] = ""
        under = [text for i, text in enumerate(row) if i not in beside and text] if lines else []
        lines += [*_lined_up([shown], narrowed), *_indented(" · ".join(under), width)]
    return lines


def _usual(found: "list[int]", limit: int) -> int:
    """Return the width of a column of names: the longest one, without those beyond `limit` where others are shorter."""
    return max(found[0], max((one for one in found[1:] if one <= limit), default=max(found)))


def _lined_up(cells: "Sequence[Sequence[str]]", widths: "list[int]") -> "list[str]":
    return ["  ".join(_cell(text, w) for text, w in zip(row, widths, strict=True)).rstrip() for row in cells]


def _indented(text: str, width: int) -> "list[str]":
    from textwrap import wrap

    margin = "    "
    return wrap(
        text,
        width,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _excess(widths: "list[int]", width: int) -> int:
    return sum(widths) + 2 * (len(widths) - 1) - width


def _narrowed(widths: "list[int]", least: "list[int]", width: int) -> "list[int]":
    widths = list(widths)
    for _ in range(_excess(widths, width)):
        shrinkable = [i for i, w in enumerate(widths) if w > least[i]]
        if not shrinkable:
            break
        widths[max(shrinkable, key=lambda i: widths[i])] -= 1
    return widths


def _cell(text: str, width: int) -> str:
    if columns(text) > width:
        text = _shortened(text, width)
    return text + " " * (width - columns(text))


def _shortened(text: str, width: int) -> str:
    # both ends tell: the start says what it is, the end of a path says which
    head, tail = (width - 1 + 1) // 2, (width - 1) // 2
    return _fitting(text, head) + "…" + _fitting(text[::-1], tail)[::-1]


def _fitting(text: str, width: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += columns(character)
        if used > width:
            return text[:index]
    return text


def columns(text: str) -> int:
    """Return how many terminal columns the text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def terminal_width() -> "int | None":
    """Return the columns of the terminal on stdout, or None when stdout is none."""
    try:
        if not sys.stdout.isatty():
            return None
        there = os.get_terminal_size(sys.stdout.fileno()).columns or 80
        wanted = os.environ.get("COLUMNS", "")
        if wanted.isascii() and wanted.isdigit() and int(wanted[:9]) > 0:
            there = min(there, int(wanted[:9]))  # an older, wider one must not make lines that do not fit
        return max(40, there)
    except (OSError, ValueError):
        return 80


def emit(args: Args, value: object, text: "list[str]") -> None:
    """Print the result: `value` as JSON when JSON was asked for, else the lines of `text`, which steer no terminal.

    A `value` with a "script" is for a shell: its text is printed as it is, since a path in it may hold anything.
    """
    if args.output != "text":
        text = [encoded(value, args.output)]
    elif not (isinstance(value, dict) and "script" in value):
        text = [_steerless(line) for line in text]
    show(text)


def _steerless(line: str) -> str:
    # a path or an e-mail in a sentence comes from outside as much as the cells of a table do
    return line if line.isprintable() else "\n".join(clean(part) for part in line.split("\n"))


def show(lines: "list[str]") -> None:
    """Print lines to stdout; a character the terminal cannot encode is replaced, never an error."""
    _write(sys.stdout, lines)


def note(line: str) -> None:
    """Print one line for the person to stderr: a warning, a remark, progress. Where it cannot be, work goes on."""
    try:
        _write(sys.stderr, [clean(line)])
    except (BrokenPipeError, Failed):
        from amika_cli.lost_stream import give_up

        give_up(2)


def _write(stream: object, lines: "list[str]") -> None:
    from io import TextIOWrapper

    text = "".join(line + "\n" for line in lines)
    if isinstance(stream, TextIOWrapper):
        encoding = stream.encoding or "utf-8"
        text = text.encode(encoding, "replace").decode(encoding)
    try:
        print(text, end="", file=stream, flush=True)  # type: ignore[call-overload]  # sys.stdout may be any text stream
    except BrokenPipeError:
        raise
    except OSError as error:
        remedy = "Make room, or write elsewhere."
        raise Failed(f"the output cannot be written: {os.strerror(error.errno or 0)}", remedy=remedy) from None


def home_short(path: str, home: str) -> str:
    """Return a path below home as ~/…, as people write it."""
    return "~" + path[len(home) :] if home and (path == home or path.startswith(home.rstrip("/") + "/")) else path
