"""Assignments that a shell may evaluate: whatever the value holds, it stays a value."""

POSIX = "posix"
FISH = "fish"


def posix(value: str) -> str:
    """Return the value quoted for sh, bash, dash and zsh."""
    return "'" + value.replace("'", "'\\''") + "'"


def fish(value: str) -> str:
    """Return the value quoted for fish, where a backslash escapes inside single quotes too."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def assignment(name: str, value: str, *, shell: str = POSIX, export: bool = False) -> str:
    """Return one line (the value may hold line breaks) that sets a variable.

    Args:
        name: a valid name; see `providers.is_variable`.
        value: must hold no NUL; see `unfit`.
        shell: POSIX or FISH.
        export: also hand it to child processes.

    """
    if shell == FISH:
        return f"set -g{'x' if export else ''} {name} {fish(value)}"
    return f"{'export ' if export else ''}{name}={posix(value)}"


def unfit(value: str, shell: str = "") -> str:
    r"""Return why the value cannot be printed for `shell`, or "".

    With no shell chosen the line must be harmless in all of them: `\'` ends a quotation in sh and not in fish, so a
    value with a backslash would run as code there.
    """
    if "\0" in value:
        return "holds a NUL character, which no environment can carry"
    if not shell and "\\" in value:
        return "holds a backslash, which shells quote differently; choose one: --shell posix or --shell fish"
    return ""
