"""Takes apart the words that `env_text` quoted for bash and zsh."""

from __future__ import annotations

from collections.abc import Iterator


def split(line: str) -> Iterator[str]:
    """Yield the words of a line, still quoted; a quoted part may hold blanks."""
    word, quoted, escaped = "", False, False
    for character in line:
        if character == " " and not (quoted or escaped):
            if word:
                yield word
            word = ""
            continue
        word += character
        if escaped:
            escaped = False
        elif character == "\\" and not quoted:
            escaped = True
        elif character == "'":
            quoted = not quoted
    if word:
        yield word


def value(word: str) -> str:
    r"""Return the value of a word made of '…' parts, \' and $'\n' between them."""
    found, rest = "", word
    while rest:
        if rest.startswith("\\"):
            found, rest = found + rest[1], rest[2:]
        elif rest.startswith("$'\\n'"):
            found, rest = found + "\n", rest[5:]
        else:
            part, _, rest = rest.removeprefix("'").partition("'")
            found += part
    return found
