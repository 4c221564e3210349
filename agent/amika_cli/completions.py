"""Completion scripts, made from the command table: words of commands, values of flags, flags of the command."""

from __future__ import annotations

from importlib import import_module

from amika_cli.flags import COMMON, Flag
from amika_cli.main import COMMANDS

SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> list[str]:
    """Return the lines of the script for "bash", "zsh" or "fish"."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()


def words_after(prefix: str) -> list[str]:
    """Return the words that may follow the words of `prefix`: of a command's name, or its first argument."""
    start = prefix.split()
    found = [name.split() for name in COMMANDS]
    below = {name[len(start)] for name in found if name[: len(start)] == start and len(name) > len(start)}
    return [*sorted(below), *first_words(prefix)]


def first_words(name: str) -> list[str]:
    """Return what the first argument of a command may be, where that is known beforehand."""
    match name:
        case "auth login" | "auth status" | "auth logout" | "whoami":
            from amika_cli.accounts.services import SERVICES

            return list(SERVICES)
        case "completion" | "shell-init":
            return list(SHELLS)
        case "config get" | "config set":
            from amika_shared.settings_schema import SCHEMA

            return [setting.key for setting in SCHEMA]
        case "connections add" | "connections provision":
            from amika_agent.akos.connection_kinds import KINDS

            return [kind.name for kind in KINDS]
    return []


def flags_of(name: str) -> list[Flag]:
    """Return the flags of a command; only the common ones when its module is not part of this build."""
    try:
        module = import_module("amika_cli.commands." + COMMANDS[name][0])
    except ModuleNotFoundError:
        return list(COMMON)
    return [*module.FLAGS, *COMMON]


def _takes_words(name: str) -> bool:
    low_high: tuple[int, int] = import_module("amika_cli.commands." + COMMANDS[name][0]).WORDS
    return low_high[1] != 0


def _prefixes() -> list[str]:
    parts = [name.split() for name in COMMANDS]
    return sorted({" ".join(words[:count]) for words in parts for count in range(len(words))})


def _longest_first() -> list[str]:
    return sorted({*_prefixes(), *COMMANDS}, key=lambda p: (-len(p.split()), p))


def _with_value() -> list[str]:
    """Return the flags behind which a value follows, whatever the command."""
    flags = [flag for name in COMMANDS for flag in flags_of(name)]
    without = {flag.name for flag in flags if not flag.value or flag.optional}
    found = {f"--{flag.name}" for flag in flags if flag.name not in without}
    return sorted(found | {f"-{flag.short}" for flag in COMMON if flag.value and flag.short})


def _pattern(prefix: str) -> str:
    is_leaf = prefix in COMMANDS and not [name for name in COMMANDS if name.startswith(prefix + " ")]
    return f'"{prefix}"' + (f'|"{prefix} "*' if is_leaf else "")


def _cases() -> list[str]:
    """Return what is the same in bash and zsh: `typed`, `prev` and `cur` decide what is `offered`."""
    lines = ['  case "${typed# }" in']
    for prefix in _longest_first():
        flags = flags_of(prefix) if prefix in COMMANDS else []
        names = " ".join(f"--{flag.name}" for flag in flags) or "--help"
        words = words_after(prefix)
        if prefix in COMMANDS and not _takes_words(prefix):
            words.append(names)
        chosen = [f"--{flag.name}) values='{' '.join(flag.choices)}' ;;" for flag in flags if flag.choices]
        lines.append(f"    {_pattern(prefix)}) offered='{' '.join(words)}' flags='{names}'")
        lines += [f'      case "$prev" in {" ".join(chosen)} esac ;;' if chosen else "      ;;"]
    return [
        *lines,
        "  esac",
        f"  [[ $prev == -o ]] && values='{' '.join(COMMON[0].choices)}'",
        '  if [[ -n $values ]]; then offered="$values"; else',
        '    case "$prev" in',
        f"      {'|'.join(_with_value())}) offered= ;;",  # a file, or what nobody knows
        '      *) [[ $cur == -* ]] && offered="$flags" ;;',
        "    esac",
        "  fi",
    ]


def _typed(all_before: str, add: str) -> list[str]:
    """Return the loop that gathers the words typed so far, without flags and their values."""
    return [
        f"  for word in {all_before}; do",
        '    case "$behind" in',
        f"      {'|'.join(_with_value())}) behind=; continue ;;",
        "    esac",
        '    behind="$word"',
        f'    case "$word" in -*|=) ;; *) {add} ;; esac',
        "  done",
    ]


def _bash() -> list[str]:
    return [
        "# completion of amika for bash",
        "_amika() {",
        '  local typed="" word behind="" offered="" flags="" values=""',
        '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"',
        '  if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev="${COMP_WORDS[COMP_CWORD-2]}"; fi',
        *_typed('"${COMP_WORDS[@]:1:COMP_CWORD-1}"', 'typed="$typed $word"'),
        *_cases(),
        '  COMPREPLY=($(compgen -W "$offered" -- "$cur"))',
        "}",
        "complete -o default -F _amika amika",
    ]


def _zsh() -> list[str]:
    return [
        "#compdef amika",
        "# completion of amika for zsh",
        "_amika() {",
        '  local typed="" word behind="" offered="" flags="" values=""',
        '  local cur="${words[CURRENT]}" prev="${words[CURRENT-1]}"',
        "  if [[ $cur == --*=* ]]; then prev=${cur%%=*}; cur=${cur#*=}; compset -P '*='; fi",
        *_typed('"${(@)words[2,CURRENT-1]}"', 'typed="$typed $word"'),
        *_cases(),
        "  if [[ -n $offered ]]; then compadd -- ${=offered}; else _files; fi",
        "}",
        '[[ "$funcstack[1]" == _amika ]] && _amika || compdef _amika amika',
    ]


def _fish() -> list[str]:
    lines = [
        "# completion of amika for fish",
        "function __amika_words",
        "    set -l behind",
        "    for word in (commandline -opc)[2..-1]",
        f'        if contains -- "$behind" {" ".join(_with_value())}',
        "            set behind",
        "            continue",
        "        end",
        "        set behind $word",
        "        string match -q -- '-*' $word; or echo $word",
        "    end",
        "end",
        "function __amika_typed",
        "    set -l typed (__amika_words)",
        '    test "$typed" = "$argv"',
        "end",
        "function __amika_within",
        "    set -l typed (__amika_words)",
        '    string match -q -- "$argv *" "$typed "',
        "end",
    ]
    for prefix in sorted({*_prefixes(), *COMMANDS}):
        for word in words_after(prefix):
            full = f"{prefix} {word}".strip()
            text = _quoted(COMMANDS[full][1]) if full in COMMANDS else ""
            lines.append(
                f"complete -c amika -f -n '__amika_typed {prefix}' -a {word}" + (f" -d {text}" if text else "")
            )
    for name in COMMANDS:
        where = "within" if '"*' in _pattern(name) else "typed"
        if not _takes_words(name):
            lines.append(f"complete -c amika -f -n '__amika_{where} {name}'")
        lines += [
            f"complete -c amika -n '__amika_{where} {name}' -l {flag.name}{_fish_flag(flag)}" for flag in flags_of(name)
        ]
    return lines


def _fish_flag(flag: Flag) -> str:
    short = f" -s {flag.short}" if flag.short else ""
    choices = f" -x -a '{' '.join(flag.choices)}'" if flag.choices else ""
    value = " -r -F" if flag.value and not flag.choices and not flag.optional else ""
    return f"{short}{choices}{value} -d {_quoted(flag.text)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
