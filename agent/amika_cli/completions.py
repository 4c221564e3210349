"""Completion scripts, made from the command table: words of commands, then the flags of the command."""

from __future__ import annotations

from importlib import import_module

from amika_cli.flags import COMMON, Flag
from amika_cli.main import COMMANDS

SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> list[str]:
    """Return the lines of the script for "bash", "zsh" or "fish"."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()


def words_after(prefix: str) -> list[str]:
    """Return the words that may follow the words of `prefix` in a command's name."""
    start = prefix.split()
    found = [name.split() for name in COMMANDS]
    return sorted({name[len(start)] for name in found if name[: len(start)] == start and len(name) > len(start)})


def flags_of(name: str) -> list[Flag]:
    """Return the flags of a command; only the common ones when its module is not part of this build."""
    try:
        module = import_module("amika_cli.commands." + COMMANDS[name][0])
    except ModuleNotFoundError:
        return list(COMMON)
    return [*module.FLAGS, *COMMON]


def _prefixes() -> list[str]:
    parts = [name.split() for name in COMMANDS]
    return sorted({" ".join(words[:count]) for words in parts for count in range(len(words))})


def _bash() -> list[str]:
    lines = ["# completion of amika for bash", "_amika() {", '  local words="" word cur="${COMP_WORDS[COMP_CWORD]}"']
    lines += ['  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do', '    case "$word" in -*) ;; *)']
    lines += ['      words="$words $word" ;;', "    esac", "  done", '  case "${words# }" in']
    for prefix in sorted({*_prefixes(), *COMMANDS}, key=lambda p: (-len(p.split()), p)):
        pattern = f'"{prefix}"' + (f'|"{prefix} "*' if prefix in COMMANDS and not words_after(prefix) else "")
        lines.append(f"    {pattern}) COMPREPLY=($(compgen -W '{' '.join(_candidates(prefix))}' -- \"$cur\")) ;;")
    return [*lines, "  esac", "}", "complete -o default -F _amika amika"]


def _zsh() -> list[str]:
    lines = ["#compdef amika", "# completion of amika for zsh", "_amika() {", "  local -a typed", "  local word"]
    lines += ["  for word in ${words[2,CURRENT-1]}; do", "    [[ $word == -* ]] || typed+=($word)", "  done"]
    lines.append('  case "${typed[*]}" in')
    for prefix in sorted({*_prefixes(), *COMMANDS}, key=lambda p: (-len(p.split()), p)):
        pattern = f'"{prefix}"' + (f'|"{prefix} "*' if prefix in COMMANDS and not words_after(prefix) else "")
        lines.append(f"    {pattern}) compadd -- {' '.join(_candidates(prefix))} ;;")
    return [
        *lines,
        "    *) _files ;;",
        "  esac",
        "}",
        '[[ "$funcstack[1]" == _amika ]] && _amika || compdef _amika amika',
    ]


def _fish() -> list[str]:
    lines = ["# completion of amika for fish", "function __amika_typed", "    set -l typed"]
    lines += [
        "    for word in (commandline -opc)[2..-1]",
        "        string match -q -- '-*' $word; or set -a typed $word",
    ]
    lines += ["    end", '    test "$typed" = "$argv"', "end"]
    for prefix in _prefixes():
        for word in words_after(prefix):
            full = f"{prefix} {word}".strip()
            text = _quoted(COMMANDS[full][1]) if full in COMMANDS else ""
            lines.append(
                f"complete -c amika -f -n '__amika_typed {prefix}' -a {word}" + (f" -d {text}" if text else "")
            )
    for name in COMMANDS:
        for flag in flags_of(name):
            lines.append(f"complete -c amika -n '__amika_typed {name}' -l {flag.name}{_fish_flag(flag)}")
    return lines


def _fish_flag(flag: Flag) -> str:
    short = f" -s {flag.short}" if flag.short else ""
    choices = f" -x -a '{' '.join(flag.choices)}'" if flag.choices else ""
    value = " -r" if flag.value and not flag.choices and not flag.optional else ""
    return f"{short}{choices}{value} -d {_quoted(flag.text)}"


def _candidates(prefix: str) -> list[str]:
    flags = [f"--{flag.name}" for flag in flags_of(prefix)] if prefix in COMMANDS else []
    return [*words_after(prefix), *flags]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
