"""`amika shell-init`: a hook that keeps every open shell's API keys current."""

from amika_cli.flags import Args, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from amika_agent.shell.env_file import Choice
    from amika_agent.shell.folder import Folder
    from amika_cli.context import Context

USAGE = "bash|zsh|fish [--install|--uninstall|--explain]"
TEXT = """
Keeps the API keys of every open shell equal to the credentials on this machine, at the price of asking once per prompt
whether a file is there. Variables that you set yourself are left alone.

--install writes the hook and the env file it reads (API keys in plain text, readable by you only), and prints the
line for your shell's start-up file; with --yes it adds the line itself. The running agent keeps the file current.
Logins (OAuth tokens) are never exported. ANTHROPIC_API_KEY is withheld beside a Claude subscription login, because it
would switch Claude Code to metered billing: `amika config set shell.allow ANTHROPIC_API_KEY` allows it.
Without a flag the hook is printed.

  amika shell-init bash --install --yes    from the next shell on; a key that changes is in the next prompt
  amika shell-init bash --explain          which keys, and which not
"""
FLAGS = (
    Flag("install", "", "install the hook"),
    Flag("uninstall", "", "remove hook, env file and the line"),
    Flag("explain", "", "show what is exported, what is withheld, and why"),
    Flag("yes", "", "also add the line to the shell's start-up file", short="y"),
)
WORDS = (1, 1)


def run(args: Args) -> int:
    """Print, install, remove or explain the hook."""
    from amika_agent.shell import hook
    from amika_agent.shell.folder import SHELLS, folder
    from amika_cli.context import Context
    from amika_cli.render import emit, note
    from amika_local.errors import UsageError

    shell = args.words[0]
    if shell not in SHELLS:
        raise UsageError("the shell must be one of: bash, zsh, fish")
    if sum(args.has(name) for name in ("install", "uninstall", "explain")) > 1:
        raise UsageError("--install, --uninstall and --explain exclude each other")
    with Context(args) as context:
        where = folder(context.profile.data_dir)
        if args.has("explain"):
            return _explain(context, shell, where)
        if args.has("install"):
            return _install(context, shell, where)
        if args.has("uninstall"):
            return _uninstall(context, shell, where)
    text = hook.text(where, shell)
    emit(args, {"shell": shell, "script": text}, [text.rstrip("\n")])
    if shell not in where.installed():
        note(f"amika: the hook has nothing to read yet; install it with: {_command(context, shell)}")
    return 0


def _command(context: "Context", shell: str) -> str:
    return f"amika shell-init {shell} --install" + (" --local" if context.args.local else "")


def _install(context: "Context", shell: str, where: "Folder") -> int:
    from shlex import quote

    from amika_agent.shell import env_file, hook, rc_file
    from amika_cli.render import emit, note
    from amika_local.errors import Failed

    for problem in hook.renew(where, context.clock.now()):
        raise Failed(problem.message, remedy=problem.remedy)
    path = hook.install(where, shell)
    for problem in env_file.update(context.profile.data_dir, _choices(context)):
        raise Failed(problem.message, remedy=problem.remedy)
    rc = rc_file.path(shell, context.env, context.profile.home)
    line = rc_file.line(shell, where)
    wanted = context.args.has("yes")
    try:
        added = wanted and rc_file.add(rc, line, where)
    except Failed as error:
        raise Failed(error.message, remedy=f"Add this line yourself: {line}") from None
    read = "source" if shell == "fish" else "."
    if added:
        lines = [f"Installed: {rc} loads the hook from now on. Open a new shell, or: {read} {quote(rc)}"]
    elif wanted:
        lines = [f"Installed: {rc} loads the hook already."]
    else:
        lines = [f"Installed. Add this line to {rc} (with --yes it is added for you):", "", line]
    found = {"hook": path, "env_file": where.env(shell), "rc_file": rc, "line": line, "added": added}
    emit(context.args, found, lines)
    if rc_file.others(rc, where):
        note(f"amika: {rc} loads the hook of another profile too; a shell follows the one whose line is last")
    if login := rc_file.login_file_without_rc(shell, context.profile.home):
        # other shells read .profile too, when a desktop starts for one: they do not understand what is in the rc file
        only = '[ -z "${BASH_VERSION-}" ] || ' if login.endswith(".profile") else ""
        note(f"amika: login shells (tmux, ssh) read {login}, which does not read {rc}; add there: {only}. {quote(rc)}")
    return 0


def _uninstall(context: "Context", shell: str, where: "Folder") -> int:
    from amika_agent.shell import hook, rc_file
    from amika_cli.render import emit

    hook.renew(where, context.clock.now())  # one of an older version has other files
    was = hook.uninstall(where, shell)
    rc = rc_file.path(shell, context.env, context.profile.home)
    removed = rc_file.remove(rc, where)
    gone = "The hook is gone; open shells drop its variables at their next prompt."
    lines = [gone if was else f"No hook was installed for {shell}."]
    if removed:
        lines.append(f"Its line in {rc} is gone too.")
    emit(context.args, {"removed": was, "rc_file": rc, "line_removed": removed}, lines)
    return 0


def _explain(context: "Context", shell: str, where: "Folder") -> int:
    from amika_agent.shell import env_file
    from amika_cli.render import emit, note, table, terminal_width

    choices = _choices(context)
    found: list[dict[str, object]] = []
    for choice in choices:
        own = _of_this_shell(choice, context.env) if choice.exported else ""
        told = {"exported": choice.exported and not own, "reason": own or choice.reason}
        found.append({"name": choice.name, "source": choice.credential.source, **told})
    rows: list[tuple[str, ...]] = [
        (str(v["name"]) or "-", str(v["source"]), "exported" if v["exported"] else "withheld", str(v["reason"]))
        for v in found
    ]
    lines = table(("VARIABLE", "SOURCE", "SHELL", "WHY"), rows, width=terminal_width(), keep=(0, 2), below=(3,))
    emit(context.args, {"variables": found}, lines if rows else ["No credentials were found on this machine."])
    if shell not in where.installed():
        note(f"amika: no hook is installed that would export them; install it with: {_command(context, shell)}")
    elif not env_file.is_current(where, shell, choices):
        note("amika: shells still have what was exported before; the agent changes that unless it is paused or stopped")
    return 0


def _of_this_shell(choice: "Choice", env: "Mapping[str, str]") -> str:
    """Return why the shell that started this command goes without a key that the hook exports, or ""."""
    from amika_agent.shell.env_text import RECORD, SEPARATOR

    given = env.get(RECORD, "").split(SEPARATOR)
    if choice.name in env:
        value = env[choice.name]
        if f"{choice.name}={value}" in given or value == choice.credential.value.reveal():
            return ""
        return "you set it yourself in this shell: your value stays"
    if f"{choice.name}={choice.credential.value.reveal()}" in given:
        return "you removed it in this shell: it stays away until it changes"
    return ""


def _choices(context: "Context") -> "list[Choice]":
    from amika_agent.shell import env_file

    return env_file.choose(context.discover(), context.settings.words("shell.allow"), context.clock.now())
