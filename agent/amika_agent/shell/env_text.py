r"""The text of an env file: all that a shell reads when it starts, in commands as few and as short as possible.

    #7f3a…␟0                                a digest of the keys, U+001F, the earliest expiry (epoch seconds; 0: none)
    __amika_prompt() { …                    the part that stays in the shell (start.SHELL) and looks for the mark
    [[ ${GROQ_API_KEY+x}… ]] && …; return   is a variable set already, or would a trace (`set -x`) show keys?
                                            Then `hook` decides, not this
    \export GROQ_API_KEY … _AMIKA_API_KEYS
    GROQ_API_KEY='gsk_…' …                  one line, which `hook` reads too
    _AMIKA_API_KEYS="…"                     what this shell was given, for its prompts and the shells started from it

In bash braces are around the last two: it runs both, or, where one name is readonly, what comes after them; then `hook`
sets what can be set, for without that record a prompt looks.

For fish, where each command costs more than all the text, the first line is data: record, U+001E, value, U+001E, value
and so on, and one `read` sets all variables from it. What is in a comment is never run. That `read` asks too whether
one of the variables is set: `$NAME-` is nothing where it is not, and otherwise no name, which `read` refuses before it
begins. (A variable that was set to no value at all, `set -g NAME`, looks as if it were not set.) After U+001E
comes a digest of the names: where the file was replaced since fish took them from it, by one with others, `read` gives
none of them a value that is another's, but all of them none, which `hook` puts right.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from itertools import pairwise

from amika_agent.shell import quoted_words
from amika_local.quoting import fish, posix

Key = tuple[str, str]
RECORD = "_AMIKA_API_KEYS"  # what hides variables by their names in reports hides it too
SEPARATOR = "\x1f"
_FIELD = "\x1e"
_LINE_END = "\x1d"  # in fish's first line
RESERVED = frozenset({SEPARATOR, _FIELD, _LINE_END})  # no key holds one: `env_file.choose` sees to that


def write(keys: Iterable[Key], shell: str, ends: int, start: str, folder: str) -> str:
    """Return the text of an env file.

    Args:
        keys: pairs of a variable's name and its value.
        shell: "bash", "zsh" or "fish".
        ends: the earliest expiry, epoch seconds; 0 for none.
        start: the commands before the keys; see `start.SHELL`.
        folder: where hook and env file are.

    """
    keys = sorted(keys)
    # it changes with the keys; it is no secret: 64 bits of a hash over all of them
    content = SEPARATOR.join([str(ends), *(f"{name}={value}" for name, value in keys)])
    first = f"#{hashlib.sha256(content.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}{SEPARATOR}{ends}"
    start = start.replace("@MARK@", digest(first))
    if shell == "fish":
        return _fish(keys, first, ends, start, folder)
    return _posix(keys, first, ends, start, folder, shell)


def digest(first: str) -> str:
    """Return what the first line of an env file tells the keys by; "" of any other line."""
    found = re.match(rf"#([0-9a-f]{{16}}){SEPARATOR}", first)
    return found[1] if found else ""


def read(text: str, shell: str) -> tuple[list[Key], int]:
    """Return keys and earliest expiry of a text that `write` made for this shell; nothing of any other text."""
    lines = text.split("\n")
    head, *pairs = lines[0].partition(_FIELD)[0].split(SEPARATOR)
    # up to version 4 it was the last word before the first U+001F
    ends = next((int(end) for end in (*pairs[:1], head.rpartition(" ")[2]) if end.isdecimal()), 0)
    if shell == "fish":
        parts = (pair.partition("=") for pair in pairs if "=" in pair)
        return [(name, value.replace(_LINE_END, "\n")) for name, _, value in parts], ends
    for before, line in pairwise(lines):
        if line.startswith(f"{RECORD}="):
            parts = (word.partition("=") for word in quoted_words.split(before))
            return [(name, quoted_words.value(word)) for name, _, word in parts], ends
    return [], 0


def _posix(keys: list[Key], first: str, ends: int, start: str, folder: str, shell: str) -> str:
    names = [name for name, _ in keys]
    taken = "".join(f"${{{name}+x}}" for name in (RECORD, *names))
    # a file that ends leaves to `hook` even the first look
    hook = posix(f"{folder}/hook.{shell}")
    decide = (
        f"[[ ! -r {hook} ]] || \\. {hook}; \\return"
        if ends
        else f"[[ {taken} || $- == *[xv]* ]] && __amika_prompt && \\return"
    )
    record = SEPARATOR.join([first, *(f"{name}=${name}" for name in names), ""])
    if shell == "zsh":  # which may take it for a pattern
        record = f'"{record}"'
    values = " ".join(f"{name}={_posix_word(value)}" for name, value in keys) + f"\n{RECORD}={record}"
    group = f"{{\n{values}\n}}" if shell == "bash" else values
    return f"{first}\n{start}{decide}\n\\export {' '.join([*names, RECORD])}\n{group}\n"


def _posix_word(value: str) -> str:
    return posix(value).replace("\n", "'$'\\n''")  # a line each would have to be told from the lines around it


def _fish(keys: list[Key], first: str, ends: int, start: str, folder: str) -> str:
    names = [RECORD, *(name for name, _ in keys)]
    tag = hashlib.sha256(" ".join(names).encode()).hexdigest()[:4]
    values = [value.replace("\n", _LINE_END) for _, value in keys]
    record = SEPARATOR.join([first, *(f"{name}={value}" for name, value in zip(names[1:], values, strict=True)), ""])
    hook = f"source {fish(f'{folder}/hook.fish')}"
    steps = [hook]
    if not ends and not any("\n" in value for _, value in keys):
        # most often a shell that was started from a shell has them all
        current = f"set -q {RECORD} && string match -q '#{digest(first)}*' \"${RECORD}\""
        taken = " ".join(f"${name}-" for name in names)
        # without a standard error, whatever your line says: what `read` refuses may be a key
        read = f"read -gxd\\x1e{tag} {' '.join(names)} {taken} <{fish(f'{folder}/env.fish')} 2>&-"
        steps = [current, read, hook]
    return f"{f'{_FIELD}{tag}'.join([record, *values])}\n{start}{' || '.join(steps)}\n"
