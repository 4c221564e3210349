"""`amika`: finds the command's module, runs it, and turns every error into a line and an exit code."""

import os
import sys

from amika_cli.flags import COMMON, Args, Flag, WrongWords, parse
from amika_local.errors import AmikaError, Failed, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

# command -> (module in amika_cli.commands, one line for the overview)
COMMANDS: "dict[str, tuple[str, str]]" = {
    "up": ("up", "the main job: sign in, find, cache, push, and show it live"),
    "status": ("status", "who is signed in, what was found, what is in sync, and what needs you"),
    "sync": ("sync", "bring env cache and pushed secrets up to date now (--dry-run: only show the plan)"),
    "sync rules": ("sync_rules", "list what is kept in sync"),
    "sync add": ("sync_add", "keep a credential of this machine stored from now on"),
    "sync set": ("sync_set", "change a rule: what happens when its source goes"),
    "sync pause": ("sync_pause", "pause one rule"),
    "sync resume": ("sync_resume", "end the pause of one rule"),
    "sync forget": ("sync_forget", "stop keeping a secret in sync"),
    "sync resolve": ("sync_resolve", "answer what a rule asks: accept, restore, adopt, keep or delete"),
    "pause": ("pause", "write and push nothing, for a time or until resumed"),
    "resume": ("resume", "end the pause"),
    "activity": ("activity", "what happened to which credential, and when"),
    "auth login": ("auth_login", "sign in through the browser"),
    "auth status": ("auth_status", "who is signed in, from which store, until when"),
    "auth logout": ("auth_logout", "sign out: revoke at the server, then delete here"),
    "auth switch-org": ("auth_switch_org", "work in another of your organizations"),
    "auth extract": ("auth_extract", "print detected credentials as shell assignments"),
    "whoami": ("whoami", "same as auth status"),
    "tenant list": ("tenant_list", "list the tenants of your AKOS account"),
    "tenant use": ("tenant_use", "work on another tenant of your AKOS account"),
    "secret list": ("secret_list", "list your stored secrets: names, scopes, times"),
    "secret push": ("secret_push", "store KEY=VALUE secrets"),
    "secret extract": ("secret_extract", "show the credentials found here, masked; --push stores them"),
    "secret claude push": ("secret_provider_push", "store a Claude credential and keep it in sync"),
    "secret claude list": ("secret_provider_list", "list stored Claude credentials"),
    "secret claude delete": ("secret_provider_delete", "delete a stored Claude credential"),
    "secret codex push": ("secret_provider_push", "store a Codex credential and keep it in sync"),
    "secret codex list": ("secret_provider_list", "list stored Codex credentials"),
    "secret codex delete": ("secret_provider_delete", "delete a stored Codex credential"),
    "vault put": ("vault_put", "store a secret in the keyring of this machine, or sealed in a file"),
    "vault list": ("vault_list", "list the secrets of the vault: names, where, since when"),
    "vault get": ("vault_get", "show a secret masked; --reveal prints it, --copy copies it"),
    "vault delete": ("vault_delete", "delete a secret from the vault"),
    "vault rename": ("vault_rename", "give a secret of the vault another name"),
    "secrets set": ("secrets_set", "store a secret in the vault through the running agent"),
    "secrets list": ("secrets_list", "list the secrets of the vault through the running agent"),
    "creds list": ("creds_list", "the providers of AKOS and the keys that each needs"),
    "creds check": ("creds_check", "which providers have their keys: in environment, file, vault or on this machine"),
    "creds set": ("creds_set", "store a provider's key in the vault, guided"),
    "creds guide": ("creds_guide", "how to get every provider its keys, step by step"),
    "connections add": ("connections_add", "define a connection: its fields, and the vault key that it uses"),
    "connections provision": ("connections_add", "same as connections add"),
    "connections list": ("connections_list", "list the connections"),
    "connections inspect": ("connections_inspect", "what a connection would use, masked, and whether its key exists"),
    "connections remove": ("connections_remove", "forget a connection; its secret stays in the vault"),
    "shell-init": ("shell_init", "keep every open shell's API keys current"),
    "run": ("run", "run a command with the credentials in its environment only"),
    "allow": ("allow", "let this project's .amika/config.toml name the secrets `amika run` fills in"),
    "sandbox create": ("sandbox_create", "create a remote sandbox with secrets injected"),
    "sandbox list": ("sandbox_list", "list remote sandboxes"),
    "sandbox delete": ("sandbox_delete", "delete a remote sandbox"),
    "agent run": ("agent_run", "run the agent in the foreground"),
    "agent start": ("agent_start", "start the agent in the background"),
    "agent stop": ("agent_stop", "stop the agent"),
    "agent restart": ("agent_restart", "stop the agent and start it again"),
    "agent status": ("agent_status", "is the agent running, since when, which build"),
    "agent logs": ("agent_logs", "show the agent's log"),
    "agent install": ("agent_install", "start the agent at login"),
    "agent uninstall": ("agent_uninstall", "start it at login no more"),
    "workspace serve": ("workspace_serve", "run the local workspace in the foreground"),
    "workspace approve": ("workspace_approve", "approve a sign-in at the local workspace"),
    "workspace deny": ("workspace_deny", "deny a sign-in at the local workspace"),
    "tray": ("tray", "start the menu-bar application"),
    "doctor": ("doctor", "a redacted report that is safe to paste into a bug report"),
    "config list": ("config_list", "list settings"),
    "config get": ("config_get", "print one setting"),
    "config set": ("config_set", "change one setting"),
    "completion": ("completion", "print the completion script of a shell"),
    "install-cli": ("install_cli", "put `amika` on your PATH"),
}

# people wait for these at every start of a shell, or they hold no value: two milliseconds are too many
QUICK = ("", "auth extract", "auth status", "whoami", "completion", "shell-init", "agent run")

# these touch no file of ours, or say themselves which home they miss
HOMELESS = ("auth extract", "completion", "creds guide", "creds list")

# heading of the overview, before the command it begins with
SECTIONS = {
    "up": "every day",
    "auth login": "account",
    "secret list": "secrets",
    "vault put": "vault, providers and connections",
    "shell-init": "shells, commands and sandboxes",
    "agent run": "in the background",
    "doctor": "this program",
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
    if sys.stdout is None or sys.stderr is None:
        _open_closed_streams()
    return _flushed(_guarded(sys.argv[1:] if argv is None else argv, own=argv is None))


def _prepare(argv: "list[str]") -> None:
    """Have no core file made of this process, which would hold values, and load no more than is used."""
    name, _ = _find(_ordered(argv))
    if name != "run" and sys.platform != "win32":  # what `run` becomes keeps its own limit
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if name not in QUICK:
        from amika_cli.late_inspect import postpone

        postpone()
        from amika_agent.hardening import close_memory

        close_memory()


def _guarded(argv: "list[str]", *, own: bool) -> int:
    try:
        if own:  # this process is the command's alone
            _prepare(argv)
        return _dispatch(argv)
    except AmikaError as error:
        _complain(error.message, _for_profile(error.remedy, argv))
        return error.exit_code
    except KeyboardInterrupt:
        _complain("interrupted", "", newline=True)
        return 130
    except BrokenPipeError:
        return _pipe_closed()
    except Exception as error:  # noqa: BLE001 -- the last line of defence: a traceback may hold values
        _complain(f"unexpected failure ({_where(error)})", "This is a bug. `amika doctor` prints what a report needs.")
        return 1


def _for_profile(remedy: str, argv: "list[str]") -> str:
    """Return the remedy as it has to be typed: whoever said --local means the local profile in the next command too."""
    if "--local" not in (argv[: argv.index("--")] if "--" in argv else argv):
        return remedy
    from amika_cli.profile_words import with_local

    return with_local(remedy, COMMANDS)


def _flushed(code: int) -> int:
    """Write out what stdout still holds; at exit a full disk or a closed pipe would be a traceback."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _pipe_closed()
    except OSError:
        _pipe_closed()
        if code == 0:
            _complain("the output cannot be written", "Make room, or write elsewhere.")
        return code or Failed.exit_code
    return code


def _dispatch(argv: "list[str]") -> int:
    if argv[:1] in (["--version"], ["version"]):
        from amika_shared import BUILD

        _print(f"amika {BUILD}")
        return 0
    argv = _ordered(argv)
    name, rest = _find(argv)
    if not name:
        return _overview(argv)
    module = _module(name)
    flags: tuple[Flag, ...] = module.FLAGS
    low, high = module.WORDS
    try:
        args: Args = parse(rest, flags, low=low, high=high, rest=getattr(module, "REST", False))
    except WrongWords as error:
        meant = _meant(name, rest)
        raise UsageError(error.message + meant, remedy=f"usage: amika {name} {module.USAGE}") from None
    except UsageError as error:
        raise UsageError(error.message, remedy=error.remedy or f"`amika {name} --help` lists its flags.") from None
    if args.has("help"):
        _print(_fitting(_help(name, module.USAGE, module.TEXT, flags)))
        return 0
    args.command = name
    if name not in HOMELESS and not os.environ.get("HOME", "").startswith("/") and sys.platform != "win32":
        from amika_cli.homedir import settle

        settle(os.environ)
    code: int = module.run(args)
    return code


def _ordered(argv: "list[str]") -> "list[str]":
    """Return argv with the command first: `help X` is `X --help`, flags before the command go behind it."""
    if argv[:1] == ["help"]:
        return [*argv[1:], "--help"]
    if argv[:1] == ["secrets"] and argv[1:2] not in (["set"], ["list"], [], ["-h"], ["--help"]):
        return ["secret", *argv[1:]]
    ahead = _leading(argv)
    name, rest = _find(_ordered(argv[ahead:])) if ahead else ("", argv)
    return [*name.split(), *argv[:ahead], *rest] if name else argv


def _leading(argv: "list[str]") -> int:
    count = 0
    while argv[count : count + 1] and argv[count].partition("=")[0] in ("-o", "--output", "--json", "--local"):
        count += 2 if argv[count] in ("-o", "--output") else 1
    return count


def _module(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- a module; its shape is described above
    full = "amika_cli.commands." + COMMANDS[name][0]
    try:
        __import__(full)  # importlib's own import costs a millisecond
        return sys.modules[full]
    except ModuleNotFoundError as error:
        if error.name != full:
            raise
        raise Failed(f"`amika {name}` is not part of this build", remedy="`amika --version` tells the build.") from None


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
    _refuse_flag(argv)
    asked = not argv or any(word in ("--help", "-h", "help") for word in argv)
    prefix = " ".join(word for word in words if word != "help")
    shown = {n: t for n, (_, t) in COMMANDS.items() if not prefix or n.startswith(prefix + " ")}
    if not shown:
        raise UsageError(f"unknown command{_near(prefix)}", remedy="`amika --help` lists the commands.")
    _print(_fitting("\n".join(_listing(prefix, shown))), sys.stdout if asked else sys.stderr)
    if asked:
        return 0
    raise UsageError("which command?", remedy="See the list above.")


def _refuse_flag(argv: "list[str]") -> None:
    """Refuse a flag that only a command could have, where there is no command."""
    own = [f"--{flag.name}" for flag in COMMON] + [f"-{flag.short}" for flag in COMMON if flag.short]
    flag = argv[0].partition("=")[0] if argv else ""
    if flag.startswith("-") and flag not in own:
        meant = "; did you mean --version?" if flag in ("-v", "-V") else ""
        shown = flag if flag.replace("-", "").isalnum() and len(flag) <= 40 else "…"
        raise UsageError(f"unknown flag {shown}{meant}", remedy="`amika --help` lists the commands.")


def _listing(prefix: str, shown: "dict[str, str]") -> "list[str]":
    width = max(len(name) for name in shown) + 2
    lines = [f"usage: amika {prefix + ' ' if prefix else ''}COMMAND [FLAGS]"]
    for name, text in shown.items():
        if prefix and len(lines) == 1:
            lines.append("")
        elif not prefix and name in SECTIONS:
            lines += ["", SECTIONS[name]]
        lines.append(f"  {name:<{width}}{text}")
    if prefix == "secrets":
        lines += ["", "Every other `amika secrets …` means `amika secret …`."]
    lines += ["", f"`amika {prefix + ' ' if prefix else ''}COMMAND --help` explains one command."]
    return lines if prefix else [*lines, "`amika up --local` tries everything out, without an account."]


def _meant(name: str, rest: "list[str]") -> str:
    """Return the command below `name` that a word behind it most likely means: `sync ad` is `sync add`."""
    below = any(other.startswith(name + " ") for other in COMMANDS)
    return _near(f"{name} {rest[0]}") if below and rest and rest[0].isalpha() else ""


def _near(prefix: str) -> str:
    from amika_cli.guessing import guesses

    close = [f"`amika {name}`" for name in guesses(prefix, COMMANDS)]
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _help(name: str, usage: str, text: str, flags: "tuple[Flag, ...]") -> str:
    lines = [f"usage: amika {name} {usage}".rstrip(), "", text.strip(), "", "flags:"]
    for flag in (*flags, *COMMON):
        short = f"-{flag.short}, " if flag.short else "    "
        value = f"[{flag.value}]" if flag.optional else flag.value
        lines.append(f"  {short}{('--' + flag.name + ' ' + value).rstrip():<26}  {flag.text}")
    below = [f"  {other:<30}  {line}" for other, (_, line) in COMMANDS.items() if other.startswith(name + " ")]
    return "\n".join([*lines, *(["", "more:", *below] if below else [])])


def _fitting(text: str) -> str:
    from amika_cli.folding import folded
    from amika_cli.render import terminal_width

    return folded(text, terminal_width())


def _print(text: str, stream: "TextIO | None" = None) -> None:
    try:
        print(text, file=stream or sys.stdout, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        remedy = "Make room, or write elsewhere."
        raise Failed(f"the output cannot be written: {error.strerror}", remedy=remedy) from None


def _complain(message: str, remedy: str, *, newline: bool = False) -> None:
    text = "".join(
        f"{_steerless(line)}\n" for line in (f"amika: {message}" + (f"\n  {remedy}" if remedy else "")).split("\n")
    )
    for descriptor, stream, line in ((1, sys.stdout, ""), (2, sys.stderr, text)):
        try:
            stream.write("\n" + line if line and newline and stream.isatty() else line)  # a question may stand there
            stream.flush()
        except ValueError:
            continue
        except OSError:
            from amika_cli.lost_stream import give_up

            give_up(descriptor)


def _steerless(line: str) -> str:
    """Return a line without what steers a terminal: an error may name a file, or quote who answered."""
    if line.isprintable():
        return line
    from amika_shared.redaction import plain

    return plain(line)


def _open_closed_streams() -> None:
    """Give what is printed somewhere to go (`amika … >&-` closes stdout; Python then has None there)."""
    null = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 -- lives as long as the process
    sys.stdout = sys.stdout or null
    sys.stderr = sys.stderr or null


def _pipe_closed() -> int:
    from amika_cli.lost_stream import give_up

    give_up(1)  # the reader has gone: `amika … | head`
    return 141


def _where(error: BaseException) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    name = type(error).__name__
    return name if place is None else f"{name} in {place.tb_frame.f_code.co_name}:{place.tb_lineno}"


if __name__ == "__main__":
    sys.exit(main())
