"""`amika`: finds the command's module, runs it, and turns every error into a line and an exit code."""

import sys

from amika_cli.flags import COMMON, Args, Flag, parse
from amika_local.errors import AmikaError, UsageError

# command -> (module in amika_cli.commands, one line for the overview)
COMMANDS: "dict[str, tuple[str, str]]" = {
    "auth extract": ("auth_extract", "print detected credentials as shell assignments"),
}

# A module of a command has:
#   USAGE: str          what follows "amika <command>" in the usage line
#   TEXT: str           what it does, for --help
#   FLAGS: tuple        its own flags
#   WORDS: (low, high)  positional arguments; high -1 for any number
#   REST: bool          optional; takes "-- CMD…" verbatim
#   run(args) -> int    the exit code


def main(argv: "list[str] | None" = None) -> int:
    """Run one command and return its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        return _dispatch(argv)
    except AmikaError as error:
        _complain(error.message, error.remedy)
        return error.exit_code
    except KeyboardInterrupt:
        _complain("interrupted", "")
        return 130
    except BrokenPipeError:
        return _pipe_closed()
    except Exception as error:  # noqa: BLE001 -- the last line of defence: a traceback may hold values
        _complain(f"unexpected failure ({_where(error)})", "This is a bug. `amika doctor` prints what a report needs.")
        return 1


def _dispatch(argv: "list[str]") -> int:
    if argv[:1] == ["--version"]:
        from amika_shared import BUILD

        print(f"amika {BUILD}")
        return 0
    name, rest = _find(argv)
    if not name:
        return _overview(argv)
    from importlib import import_module

    module = import_module("amika_cli.commands." + COMMANDS[name][0])
    flags: tuple[Flag, ...] = module.FLAGS
    low, high = module.WORDS
    args: Args = parse(rest, flags, low=low, high=high, rest=getattr(module, "REST", False))
    if args.has("help"):
        print(_help(name, module.USAGE, module.TEXT, flags))
        return 0
    code: int = module.run(args)
    sys.stdout.flush()
    return code


def _find(argv: "list[str]") -> "tuple[str, list[str]]":
    for count in (3, 2, 1):
        name = " ".join(argv[:count])
        if len(argv) >= count and name in COMMANDS:
            return name, argv[count:]
    return "", argv


def _overview(argv: "list[str]") -> int:
    words = []
    for word in argv:
        if word.startswith("-"):
            break
        words.append(word)
    prefix = " ".join(words)
    asked = any(word in ("--help", "-h", "help") for word in argv)
    shown = {n: t for n, (_, t) in COMMANDS.items() if not prefix or n == prefix or n.startswith(prefix + " ")}
    if not shown and words[:1] != ["help"]:
        raise UsageError(f"unknown command{_near(prefix)}", remedy="`amika --help` lists the commands.")
    listing = shown or {n: t for n, (_, t) in COMMANDS.items()}
    width = max(len(name) for name in listing) + 2
    lines = ["usage: amika COMMAND [FLAGS]", ""]
    lines += [f"  {name:<{width}}{text}" for name, text in listing.items()]
    lines += ["", "`amika COMMAND --help` explains one command."]
    print("\n".join(lines), file=sys.stdout if asked or not argv else sys.stderr)
    if asked or not argv:
        return 0
    raise UsageError("which command?", remedy="See the list above.")


def _near(prefix: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(prefix, list(COMMANDS), 1)
    return f"; did you mean `amika {close[0]}`?" if close else ""


def _help(name: str, usage: str, text: str, flags: "tuple[Flag, ...]") -> str:
    lines = [f"usage: amika {name} {usage}".rstrip(), "", text.strip(), "", "flags:"]
    for flag in (*flags, *COMMON):
        short = f"-{flag.short}, " if flag.short else "    "
        lines.append(f"  {short}{('--' + flag.name + ' ' + flag.value).rstrip():<24}{flag.text}")
    return "\n".join(lines)


def _complain(message: str, remedy: str) -> None:
    try:
        sys.stdout.flush()
        print(f"amika: {message}" + (f"\n  {remedy}" if remedy else ""), file=sys.stderr)
    except OSError:
        return


def _pipe_closed() -> int:
    import os

    # the reader has gone (`amika … | head`): keep the interpreter from complaining at exit
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 141


def _where(error: BaseException) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    name = type(error).__name__
    return name if place is None else f"{name} in {place.tb_frame.f_code.co_name}:{place.tb_lineno}"


if __name__ == "__main__":
    sys.exit(main())
