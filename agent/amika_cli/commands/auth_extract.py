"""`amika auth extract`: run by people's shells at every start, so the plain case imports next to nothing."""

import os
import sys
import time

from amika_cli.flags import Args, Flag
from amika_local.discovery import BAD, Discovery, discover
from amika_local.errors import Failed, UsageError
from amika_local.providers import variables
from amika_local.quoting import POSIX, assignment, unfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from amika_local.credential import Credential

USAGE = "[FLAGS]"
TEXT = """Prints the credentials found on this machine as shell assignments:

  eval "$(amika auth extract --export)"                    bash, zsh, sh
  amika auth extract --export --shell fish | source        fish

It reads the files of Claude Code, Codex, OpenCode, Amp and Amika. Other tools (Gemini CLI, Qwen Code …; --explain
lists them all) fill in where nobody else gives their provider. A file that cannot be used is a warning; the others
are printed."""
FLAGS = (
    Flag("export", "", "put `export` before each assignment"),
    Flag("homedir", "PATH", "look in this home; variables that move a source are ignored"),
    Flag("no-oauth", "", "leave OAuth tokens out"),
    Flag(
        "shell", "SHELL", "quote for this shell; without it, values no shell could misread", choices=("posix", "fish")
    ),
    Flag("native-names", "", "only the variable each tool itself reads: CLAUDE_CODE_OAUTH_TOKEN for Claude's login"),
    Flag("explain", "", "show instead where each source stands: used, shadowed, skipped and why; values masked"),
    Flag("reveal", "", "with -o json: plain values"),
    Flag("strict", "", "exit 5 when a source could not be used"),
)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Print what was found."""
    if args.has("reveal") and args.output == "text":
        raise UsageError("--reveal belongs to -o json", remedy="The assignments hold the plain values anyway.")
    found = _discover(args)
    chosen = _chosen(found, native=args.has("native-names"))
    kept = chosen
    if args.output != "text" or args.has("explain"):
        from amika_cli.secrets.extract_report import show

        show(args, found, chosen)
    else:
        kept = {name: credential for name, credential in chosen.items() if not _unfit(credential, args)}
        _print(args, kept)
    _warn(found, args, chosen, kept)
    bad = sum(problem.code in BAD for problem in found.problems)
    if bad and args.has("strict"):
        raise Failed(f"{bad} of the sources could not be used (--strict)", remedy="See the warnings above.")
    return 0


def _discover(args: Args) -> Discovery:
    homedir = args.get("homedir")
    home = _absolute(homedir) if homedir else os.environ.get("HOME") or _home_of_account()
    if homedir and os.path.exists(home) and not os.path.isdir(home):
        raise UsageError(f"--homedir: {homedir} is not a directory", remedy="Name somebody's home.")
    return discover(
        home,
        os.environ,
        now=time.time(),
        confined=bool(homedir),
        oauth=not args.has("no-oauth"),
        beyond=args.has("explain"),
        is_mirrored=_ledgers(),
    )


def _absolute(homedir: str) -> str:
    from amika_cli.homedir import absolute

    return absolute(homedir)


def _home_of_account() -> str:
    from amika_shared.folders import account_home

    home = account_home()
    if not home:
        raise UsageError("HOME is not set", remedy="Set it, or say which home is meant: --homedir PATH")
    return home


def _chosen(found: Discovery, *, native: bool) -> "dict[str, Credential]":
    """Return variable -> the credential whose value it gets, bytewise by name."""
    winners = found.winners.values()
    if native:
        pairs = [(winner.native_name, winner) for winner in winners if winner.native_name]
    else:
        pairs = [(name, winner) for winner in winners for name in variables(winner.provider)]
    return dict(sorted(pairs, key=lambda pair: pair[0]))


def _unfit(credential: "Credential", args: Args) -> str:
    return unfit(credential.value.reveal(), args.get("shell"))


def _print(args: Args, kept: "dict[str, Credential]") -> None:
    shell, export = args.get("shell", POSIX), args.has("export")
    lines = [
        assignment(name, credential.value.reveal(), shell=shell, export=export) + "\n"
        for name, credential in kept.items()
    ]
    try:
        sys.stdout.buffer.write("".join(lines).encode())  # bytes: the value must come back exactly, whatever the locale
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        from amika_cli.lost_stream import give_up

        give_up(1)
        reason = os.strerror(error.errno or 0)
        raise Failed(f"cannot write the output: {reason}", remedy="Make room, or write elsewhere.") from None


def _warn(found: Discovery, args: Args, chosen: "dict[str, Credential]", kept: "dict[str, Credential]") -> None:
    """Say what is wrong. An expired login is no fault of its file: its owner renews it, and `--explain` shows it."""
    lines = [f"{problem.message}. {problem.remedy}" for problem in found.problems if problem.code != "expired"]
    if args.get("homedir") and not os.path.exists(args.get("homedir")):  # as a home without credentials: no error
        lines.append(f"--homedir: there is no {args.get('homedir')}")
    lines += [f"{name} is left out: its value {_unfit(chosen[name], args)}" for name in chosen if name not in kept]
    if args.has("native-names"):
        lines += [
            f"{winner.provider} is left out: its login token has no variable of its own ({winner.source})"
            for winner in found.winners.values()
            if not winner.native_name
        ]
    if lines:
        from amika_cli.render import note

        for line in lines:
            note(f"warning: {line.rstrip()}")


def _ledgers() -> "Callable[[str, str], bool]":
    """Return what asks the agent's ledgers about an entry of the env cache that carries no mark; loaded when asked."""
    opened: list[Callable[[str, str], bool]] = []

    def ask(name: str, value: str) -> bool:
        if not opened:
            from amika_cli.mirrored import Ledgers

            opened.append(Ledgers(os.environ))
        return opened[0](name, value)

    return ask
