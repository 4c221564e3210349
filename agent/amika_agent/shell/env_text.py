"""The text of an env file: commands of a shell that give it the keys, as few as possible.

    # amika 7f3a… 0                         a mark of the content, and the earliest expiry (epoch seconds; 0: none)
    case … in                               is one of them set already?
    '') __amika_put=export;;                no: a shell that starts
    __amika_apply*) ;;                      the hook's `rest` file has us read, and compares each with what is there
    *) __amika_prompt changed; return;; esac   yes: `rest` decides
    $__amika_put GROQ_API_KEY='gsk_…' …
    …                                       what this shell was given is exported too: _AMIKA_API_KEYS

For fish one `set -gx NAME VALUE` a line; its `rest` file reads those lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from amika_local.quoting import fish, posix

Key = tuple[str, str]
RECORD = "_AMIKA_API_KEYS"  # what hides variables by their names in reports hides it too
SEPARATOR = "\x1f"  # no key holds it: `env_file.choose` sees to that
_PUT = "$__amika_put"
_SET = "set -gx "


def write(keys: Iterable[Key], shell: str, ends: int) -> str:
    """Return the text of an env file.

    Args:
        keys: pairs of a variable's name and its value.
        shell: "fish" or "posix".
        ends: the earliest expiry, epoch seconds; 0 for none.

    """
    keys = sorted(keys)
    write_body = _fish if shell == "fish" else _posix
    # the mark changes with the content; it is no secret: 64 bits of a hash over the whole file
    line = f"# amika {hashlib.sha256(write_body(keys, '', ends).encode()).hexdigest()[:16]} {ends}"
    return f"{line}\n{write_body(keys, line, ends)}"


def read(text: str, shell: str) -> tuple[list[Key], int]:
    """Return keys and earliest expiry of a text that `write` made for this shell; nothing of any other text."""
    head, _, body = text.partition("\n")
    end = head.rpartition(" ")[2]
    ends = int(end) if end.isdecimal() else 0
    if shell == "fish":
        lines = [line.removeprefix(_SET).partition(" ") for line in body.split("\n") if line.startswith(_SET)]
        return [(name, _plain(value, shell)) for name, _, value in lines if name != RECORD], ends
    words = list(_words(body))
    if _PUT not in words:
        return [], 0
    given = words[words.index(_PUT) + 1 :]
    pairs = (word.partition("=") for word in given[: given.index("[[")])
    return [(name, _plain(value, shell)) for name, _, value in pairs], ends


def _posix(keys: list[Key], line: str, ends: int) -> str:
    taken = "".join(f"${{{name}+x}}" for name in (RECORD, *(name for name, _ in keys)))
    # a file that ends leaves to `rest` even the first look
    fresh = "" if ends else "'') __amika_put=export;; "
    # no function is called while no key was set before: a shell that starts has no time for that
    return (
        f"case ${{__amika_put-}}{taken} in {fresh}__amika_apply*) ;; "
        "*) __amika_prompt changed; return;; esac\n"
        + " ".join([_PUT, *(f"{name}={posix(value)}" for name, value in keys)])
        + f'\n[[ $__amika_put != export ]] || export {RECORD}="{_record(keys, line)}"\n'
    )


def _fish(keys: list[Key], line: str, ends: int) -> str:
    # fish takes a file line by line where a value may hold none
    sets = [f"{_SET}{name} {_fish_word(value)}\n" for name, value in keys]
    fresh = f"case {'never' if ends else len(keys) + 1}\n"
    return (
        # its status is the number of names that are not set
        f"set -q {' '.join((RECORD, *(name for name, _ in keys)))}\n"
        f'switch $status\n{fresh}{"".join(sets)}{_SET}{RECORD} "{_record(keys, line)}"\n'
        "case '*'\n__amika_prompt changed\nend\n"
    )


def _record(keys: list[Key], line: str) -> str:
    """Return what goes between double quotes of a shell and becomes the record."""
    return SEPARATOR.join([line, *(f"{name}=${name}" for name, _ in keys), ""])


def _fish_word(value: str) -> str:
    return fish(value).replace("\n", "'\\n'")


def _words(body: str) -> Iterator[str]:
    """Yield the words of a text; a quoted value may hold blanks and line ends."""
    word, quoted, escaped = "", False, False
    for character in body:
        if not (quoted or escaped) and character in " \n":
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


def _plain(word: str, shell: str) -> str:
    """Return the value of a quoted word."""
    if shell == "fish":
        return word.replace("'\\n'", "\n")[1:-1].replace("\\'", "'").replace("\\\\", "\\")
    return word[1:-1].replace("'\\''", "'")
