"""`amika completion SHELL`."""

from amika_cli.flags import Args

USAGE = "bash|zsh|fish"
TEXT = """Prints the completion script of a shell. To use it:

  bash   amika completion bash > ~/.local/share/bash-completion/completions/amika
  zsh    amika completion zsh  > ~/.zfunc/_amika        (with ~/.zfunc in fpath, before compinit)
  fish   amika completion fish > ~/.config/fish/completions/amika.fish"""
FLAGS = ()
WORDS = (1, 1)


def run(args: Args) -> int:
    """Print the script, made from the command table."""
    from amika_cli.completions import SHELLS, script
    from amika_cli.render import emit
    from amika_local.errors import UsageError

    shell = args.words[0]
    if shell not in SHELLS:
        raise UsageError("there is no completion for this shell", remedy="amika completion bash|zsh|fish")
    lines = script(shell)
    emit(args, {"shell": shell, "script": "\n".join(lines) + "\n"}, lines)
    return 0
