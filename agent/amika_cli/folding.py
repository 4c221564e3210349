"""Text on a narrow terminal: lines are folded between words, under the column in which their text stands. Pure."""

import re
from textwrap import wrap

_TEXT = re.compile(r"\s*\S.*?\s{2,}(?=\S)|\s*")  # up to where a line's text stands: behind its first column, if any


def folded(text: str, width: "int | None") -> str:
    """Return the text with no line longer than `width` columns, where words allow that; None: as it is."""
    lines = text.split("\n")
    if width is None or all(len(line) <= width for line in lines):
        return text
    return "\n".join(line for item in _items(lines) for line in _folded(item, width))


def hung(lines: "list[str]", width: "int | None") -> "list[str]":
    """Return the lines, each for itself, with what does not fit into `width` columns hung under its beginning."""
    folded_lines: list[str] = []
    for line in lines:
        fits = width is None or len(line) <= width
        folded_lines += [line] if fits else _wrapped(_margin(line), line.lstrip(), width or 0, hanging=4)
    return folded_lines


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _items(lines: "list[str]") -> "list[str]":
    """Return the lines with those joined that are one sentence: paragraphs, and what goes on below its column."""
    items: list[str] = []
    hanging = -1  # where a line has to begin to go on with the last item
    for line in lines:
        begin = len(line) - len(line.lstrip())
        if line and items and begin == hanging:
            items[-1] += " " + line.lstrip()
            continue
        items.append(line)
        hanging = _column(line) if line else -1
        hanging = -1 if hanging == begin > 0 else hanging  # an example stands for itself
    return items


def _folded(item: str, width: int) -> "list[str]":
    begin, column = len(item) - len(item.lstrip()), _column(item)
    if len(item) <= width or begin == column > 0:
        return [item]  # an example is copied: a line break in it would run its beginning
    if column < width // 2:
        return _wrapped(item[:column], item[column:], width)
    return [item[:column].rstrip(), *_wrapped(" " * (begin + 4), item[column:], width)]


def _wrapped(first: str, text: str, width: int, *, hanging: int = 0) -> "list[str]":
    under = " " * (len(first) + hanging)
    return wrap(
        text, width, initial_indent=first, subsequent_indent=under, break_long_words=False, break_on_hyphens=False
    )


def _column(line: str) -> int:
    match = _TEXT.match(line)
    return match.end() if match else 0
