"""Questions to the person: only on a terminal, one reader on stdin, on stderr so that stdout stays the result."""

import os
import sys
from collections.abc import Sequence

from amika_cli.flags import Args
from amika_cli.render import clean
from amika_cli.terminal.hidden import Hidden, whole
from amika_cli.terminal.interruption import wait_for_input
from amika_local.errors import UsageError
from amika_local.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


class Prompts:
    """Asks, or says which flag answers instead.

    JSON output never prompts: stdout belongs to a program then, and so, usually, does the terminal.
    """

    def __init__(self, args: Args) -> None:
        self._yes = args.has("yes")
        self._json = args.output != "text"

    @property
    def interactive(self) -> bool:
        """Tell whether a person can be asked."""
        return not self._json and is_terminal(sys.stdin) and is_terminal(sys.stderr)

    def confirm(self, question: str) -> bool:
        """Ask yes or no; `--yes` answers yes. Anything but y or yes is a no.

        Raises:
            UsageError: nobody can be asked and there is no `--yes`.

        """
        if self._yes:
            return True
        self._require(f"this needs a confirmation: {question}", "Pass --yes, or run it in a terminal.")
        return _read(f"{clean(question)} [y/N] ").strip().lower() in (b"y", b"yes")

    def choose(self, question: str, options: Sequence[str], *, otherwise: str) -> int:
        """Ask for one of the options; return its index.

        Raises:
            UsageError: nobody can be asked (`otherwise` says what to pass), or three answers named none.

        """
        self._require(f"this needs a choice: {question}", otherwise)
        for number, option in enumerate(options, 1):
            print(f"  {number}) {clean(option)}", file=sys.stderr)
        for _ in range(3):
            answer = _read(f"{clean(question)} [1-{len(options)}] ").strip()
            if answer.isdigit() and len(answer) <= 6 and 1 <= int(answer) <= len(options):
                return int(answer) - 1
            print(f"Please type a number from 1 to {len(options)}.", file=sys.stderr)
        raise UsageError("no choice was made", remedy=otherwise)

    def secret(self, question: str, *, otherwise: str) -> Secret:
        """Ask for a value without showing it.

        Raises:
            UsageError: nobody can be asked, the terminal cut the line, or it is not UTF-8; `otherwise` says what to
                pass.

        """
        self._require(f"this needs a value: {question}", otherwise)
        with Hidden(sys.stdin.fileno()):
            answer = _read(f"{clean(question)} (not shown): ")
        print(file=sys.stderr)
        try:
            return Secret(whole(answer).decode().rstrip("\r\n"))
        except UnicodeDecodeError:
            raise UsageError("what was typed is not UTF-8 text", remedy=otherwise or "Set a UTF-8 locale.") from None

    def _require(self, what: str, otherwise: str) -> None:
        if not self.interactive:
            raise UsageError(what, remedy=otherwise)


def is_terminal(stream: "TextIO | None") -> bool:
    """Tell whether a person is at the other end of a standard stream."""
    try:
        return stream is not None and stream.isatty()  # None: started without that stream
    except ValueError:  # closed since
        return False


def _read(prompt: str) -> bytes:
    """Return the line that the person types, with its end."""
    # not input(): the readline library's history may keep answers; not sys.stdin: its buffer would hide what has
    # arrived from those who read the terminal itself
    print(prompt, end="", file=sys.stderr, flush=True)
    descriptor = sys.stdin.fileno()
    wait_for_input(descriptor)
    line = b""
    while not line.endswith(b"\n") and (character := _character(descriptor)):
        line += character
    if not line:
        print(file=sys.stderr)
        raise UsageError("the input ended before the question was answered", remedy="Run it again and answer.")
    return line


def _character(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1)
    except OSError:  # the terminal has gone
        return b""
