"""The text of an env file: commands of a shell that give it the keys, as few as possible.

    # amika 7f3a… 0                    a mark of the content, and the earliest expiry (epoch seconds; 0: none)
    if [[ … ]]; then …                 is one of them set already? then each is compared, else all are exported
    $__amika_put GROQ_API_KEY='gsk_…'

`__amika_rest`, `__amika_put`, `__amika_set` and `__amika_done` are the hook's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

Key = tuple[str, str]
_PUT = "$__amika_put "


def write(keys: Iterable[Key], shell: str, ends: int) -> str:
    """Return the text for `keys`, pairs of a name and a quoted value; `ends` is the earliest expiry, 0 for none."""
    keys = sorted(keys)
    body = _fish(keys) if shell == "fish" else _posix(keys)
    # the mark changes with the content; it is no secret: 64 bits of a hash over the whole file
    return f"# amika {hashlib.sha256(body.encode('utf-8', 'surrogatepass')).hexdigest()[:16]} {ends}\n{body}"


def read(text: str, shell: str) -> tuple[list[Key], int]:
    """Return keys and earliest expiry of a text that `write` made for this shell."""
    head, _, body = text.partition("\n")
    separator = " " if shell == "fish" else "="
    lines = [line.removeprefix(_PUT).removesuffix("\n") for line in _commands(body, shell) if line.startswith(_PUT)]
    end = head.rpartition(" ")[2]
    return [(name, value) for name, _, value in (line.partition(separator) for line in lines)], int(end or "0")


def _posix(keys: list[Key]) -> str:
    # nothing here calls a function while no key was set before: a shell that starts has no time for that
    taken = "".join(f"${{{name}+x}}" for name, _ in keys)
    ours = "".join(f' _AMIKA_WAS_{name}="${name}"' for name, _ in keys)
    names = "".join(f" {name}" for name, _ in keys)
    return (
        f"if [[ -n ${{_AMIKA_NAMES+x}}{taken} ]]; then "
        '. "$__amika_rest"; __amika_put=__amika_set; else __amika_put=export; fi\n'
        + "".join(f"{_PUT}{name}={value}\n" for name, value in keys)
        + 'if [[ $__amika_put != export ]]; then eval "$__amika_done"; '
        + (f"else export _AMIKA_NAMES='{names} '{ours}; fi\n" if keys else "fi\n")
    )


def _fish(keys: list[Key]) -> str:
    names = "".join(f" {name}" for name, _ in keys)
    return (
        # its status is the number of names that are not set
        f"set -q _AMIKA_NAMES{names}\n"
        f"if test $status -eq {len(keys) + 1}; set -g __amika_put set -gx; else; source $__amika_rest; "
        "set -g __amika_put __amika_set; end\n"
        + "".join(f"{_PUT}{name} {value}\n" for name, value in keys)
        + 'if test "$__amika_put" = __amika_set; eval $__amika_done; '
        + ("else; " + "".join(f"set -gx _AMIKA_WAS_{name} ${name}; " for name, _ in keys) if keys else "")
        + (f"set -gx _AMIKA_NAMES '{names} '; end\n" if keys else "end\n")
    )


def _commands(body: str, shell: str) -> Iterator[str]:
    """Yield the lines of a text; a quoted value may hold line ends."""
    start, quoted, escaped = 0, False, False
    for index, character in enumerate(body):
        if escaped:
            escaped = False
        elif character == "\\" and (not quoted or shell == "fish"):
            escaped = True
        elif character == "'":
            quoted = not quoted
        elif character == "\n" and not quoted:
            yield body[start : index + 1]
            start = index + 1
