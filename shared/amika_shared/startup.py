"""What makes a program start at login, as texts: XDG autostart, systemd, launchd, Windows' Run key. Pure.

A path may hold anything a file name may; each format has its own way to say so.
"""

from __future__ import annotations

from collections.abc import Sequence

TRAY_ID = "amika-tray"
AGENT_UNIT = "amika-agent.service"
LAUNCH_LABEL = "dev.amika.tray"
RUN_VALUE = "Amika"


def desktop_entry(command: Sequence[str], *, name: str = "Amika", comment: str = "") -> str:
    """Return an XDG autostart entry that runs `command`."""
    told = [f"Comment={_entry_text(comment)}"] if comment else []
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        f"Name={_entry_text(name)}",
        *told,
        f"Exec={desktop_exec(command)}",
        "Icon=amika-tray",
        "Terminal=false",
        "X-GNOME-Autostart-enabled=true",
    ]
    return "\n".join(lines) + "\n"


def desktop_exec(command: Sequence[str]) -> str:
    """Return the value of `Exec`: each argument quoted, then escaped once more as every value of such a file is."""
    return " ".join(_exec_word(word) for word in command).replace("\\", "\\\\")


def desktop_runs(text: str, command: Sequence[str]) -> bool:
    """Tell whether an autostart entry starts `command` at login: switched on, and pointing to that program."""
    fields: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("["):
            inside = stripped == "[Desktop Entry]"
        elif inside and "=" in stripped and not stripped.startswith("#"):
            name, _, value = stripped.partition("=")
            fields.setdefault(name.strip(), value.strip())
    hidden = fields.get("Hidden", "false").lower() == "true"
    off = fields.get("X-GNOME-Autostart-enabled", "true").lower() == "false"
    return not hidden and not off and fields.get("Exec") == desktop_exec(command)


def systemd_unit(command: Sequence[str], *, description: str) -> str:
    """Return a systemd user unit that keeps `command` running; it must stay in the foreground."""
    return "\n".join(
        [
            "[Unit]",
            f"Description={_one_line(description)}",
            # a full disk at the start may last: no number of failed starts is the end
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            f"ExecStart={' '.join(_systemd_word(word) for word in command)}",
            "Restart=on-failure",
            # a session whose renewal was cut off can be saved within 30 s
            "RestartSec=1",
            # used wrongly: a second try would change nothing
            "RestartPreventExitStatus=2",
            "UMask=0077",
            "NoNewPrivileges=true",
            "",
            "[Install]",
            "WantedBy=default.target",
            "",
        ]
    )


def launch_agent(command: Sequence[str], *, label: str, keep_alive: bool = False) -> str:
    """Return a property list for ~/Library/LaunchAgents that runs `command` at login."""
    words = "".join(f"    <string>{_xml(word)}</string>\n" for word in command)
    kept = (
        "  <key>KeepAlive</key>\n  <dict><key>SuccessfulExit</key><false/></dict>\n"
        "  <key>ThrottleInterval</key>\n  <integer>5</integer>\n"
        if keep_alive
        else ""
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
        '<plist version="1.0">\n<dict>\n'
        f"  <key>Label</key>\n  <string>{_xml(label)}</string>\n"
        f"  <key>ProgramArguments</key>\n  <array>\n{words}  </array>\n"
        "  <key>RunAtLoad</key>\n  <true/>\n"
        f"{kept}"
        "  <key>ProcessType</key>\n  <string>Background</string>\n"
        "</dict>\n</plist>\n"
    )


def run_key(command: Sequence[str]) -> str:
    """Return the value for the Run key of the current user: a command line for Windows."""
    from subprocess import list2cmdline  # noqa: PLC0415 -- 15 ms that only Windows needs

    program, *rest = command
    return f'"{program}"' + (f" {list2cmdline(rest)}" if rest else "")


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _entry_text(text: str) -> str:
    return _one_line(text).replace("\\", "\\\\")


def _exec_word(word: str) -> str:
    if word and all(char.isalnum() or char in "/._-+:,@=" for char in word):
        return word
    quoted = "".join(f"\\{char}" if char in '"`$\\' else char for char in word)
    return f'"{quoted.replace("%", "%%")}"'


def _systemd_word(word: str) -> str:
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    plain = safe == word and bool(word) and not any(char in " \t'" for char in word)
    return word if plain else f'"{safe}"'
