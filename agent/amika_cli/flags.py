"""Flags: a small hand-written parser; argparse costs 15 ms on a path that people run at every shell start.

Understood everywhere: `--flag value`, `--flag=value`, `--switch`, `--switch=false`, `-o value`, `-ovalue`; `--` ends
the flags; `--no-x` only where it is declared. Unknown flags are refused with the nearest known name.
"""

from amika_local.errors import UsageError


class Flag:
    """One flag of a command.

    name      long form without dashes: "homedir"
    value     placeholder of its value ("PATH"), or "" for a switch
    text      one line for --help
    short     one letter, or ""
    choices   allowed values, or () for any
    many      True: may be repeated; the value is a list
    optional  True: `--flag` alone is allowed too; its value is then ""
    """

    __slots__ = ("choices", "many", "name", "optional", "short", "text", "value")

    def __init__(
        self,
        name: str,
        value: str,
        text: str,
        *,
        short: str = "",
        choices: "tuple[str, ...]" = (),
        many: bool = False,
        optional: bool = False,
    ) -> None:
        self.name = name
        self.value = value
        self.text = text
        self.short = short
        self.choices = choices
        self.many = many
        self.optional = optional


class Args:
    """What the person gave: `words` are positional arguments, `rest` is what follows `--`.

    command   the command's full name ("secret claude push"), set by `main`: rows of the table may share a module
    """

    __slots__ = ("_values", "command", "rest", "words")

    def __init__(self, words: "list[str]", values: "dict[str, object]", rest: "list[str]") -> None:
        self.command = ""
        self.words = words
        self._values = values
        self.rest = rest

    def has(self, name: str) -> bool:
        """Tell whether the flag was given."""
        return name in self._values

    def get(self, name: str, default: str = "") -> str:
        """Return the value of a flag, or `default`."""
        value = self._values.get(name, default)
        return value if isinstance(value, str) else default

    def all(self, name: str) -> "list[str]":
        """Return every value of a repeatable flag."""
        value = self._values.get(name)
        return list(value) if isinstance(value, list) else []

    @property
    def output(self) -> str:
        """Return "text", "json" or "json-pretty"."""
        return "json" if self.has("json") else self.get("output", "text")

    @property
    def local(self) -> bool:
        """Tell whether the local workspace's profile is meant."""
        return self.has("local")


# what the Go `amika` understands behind a switch's `=`
_ON = ("true", "True", "TRUE", "t", "T", "1")
_OFF = ("false", "False", "FALSE", "f", "F", "0")

COMMON = (
    Flag("output", "FORMAT", "text, json or json-pretty", short="o", choices=("text", "json", "json-pretty")),
    Flag("json", "", "same as -o json"),
    Flag("local", "", "use the local workspace instead of your account"),
    Flag("help", "", "show this help", short="h"),
)


class WrongWords(UsageError):
    """Too few or too many positional arguments: the command's usage line is the remedy."""


def parse(argv: "list[str]", flags: "tuple[Flag, ...]", *, low: int = 0, high: int = 0, rest: bool = False) -> Args:
    """Return the parsed arguments.

    Args:
        argv: what follows the command's name.
        flags: the command's own flags; COMMON is added.
        low: fewest positional arguments.
        high: most positional arguments; -1 for any number.
        rest: whether `-- WORDS…` is taken verbatim into `Args.rest`.

    Raises:
        UsageError: unknown flag, missing or unwanted value, wrong number of arguments. Never quotes a value.

    """
    known = {flag.name: flag for flag in (*flags, *COMMON)}
    letters = {flag.short: flag for flag in known.values() if flag.short}
    words: list[str] = []
    values: dict[str, object] = {}
    tail: list[str] = []
    queue = list(argv)
    while queue:
        word = queue.pop(0)
        if word == "--":
            (tail if rest else words).extend(queue)
            break
        if word.startswith("--"):
            name, has_value, value = word[2:].partition("=")
            flag = known.get(name)
            if flag is None:
                raise _refused(_unknown(name, list(known)), rest and words)
            _store(values, flag, value if has_value else None, queue)
        elif word.startswith("-") and len(word) > 1:
            flag = letters.get(word[1])
            if flag is None:
                raise _refused(f"unknown flag -{word[1]}", rest and words)
            _store(values, flag, word[2:].removeprefix("=") if len(word) > 2 else None, queue)
        else:
            words.append(word)
    if "help" not in values:
        _count(len(words), low, high)
    return Args(words, values, tail)


def _refused(what: str, command: object) -> UsageError:
    """Return the error about a flag; behind a word it is most likely the flag of the `command` that is to run."""
    if command:
        return WrongWords("the command to run goes behind two dashes")
    return UsageError(what)


def _store(values: "dict[str, object]", flag: Flag, value: "str | None", queue: "list[str]") -> None:
    if not flag.value:
        _switch(values, flag.name, value)
        return
    if value is None and flag.optional and (not queue or queue[0].startswith("-")):
        value = ""
    if value is None:
        if not queue or (queue[0].startswith("--") and len(queue[0]) > 2):
            raise UsageError(f"--{flag.name} needs a value: --{flag.name} {flag.value}")
        value = queue.pop(0)
    if flag.choices and value not in flag.choices:
        raise UsageError(f"--{flag.name} takes {_either(flag.choices)}")
    if flag.many:
        earlier = values.setdefault(flag.name, [])
        if isinstance(earlier, list):
            earlier.append(value)
    else:
        values[flag.name] = value


def _switch(values: "dict[str, object]", name: str, value: "str | None") -> None:
    """Turn a switch on or, with `--name=false`, off again; the last one counts."""
    if value is None or value in _ON:
        values[name] = True
    elif value in _OFF:
        values.pop(name, None)
    else:
        raise UsageError(f"--{name} takes no value, or =true or =false")


def _either(choices: "tuple[str, ...]") -> str:
    return " or ".join((", ".join(choices[:-1]), choices[-1])) if len(choices) > 1 else choices[0]


def _count(count: int, low: int, high: int) -> None:
    if count < low:
        raise WrongWords("an argument is missing")
    if 0 <= high < count:
        raise WrongWords("too many arguments")


def _unknown(name: str, known: "list[str]") -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    shown = name if name.replace("-", "").isalnum() and len(name) <= 40 else "…"
    return f"unknown flag --{shown}" + (f"; did you mean --{close[0]}?" if close else "")
