"""`amika agent install`."""

from amika_cli.flags import Args

USAGE = "[FLAGS]"
TEXT = """Has the agent started at login, without the menu-bar application: by a systemd user unit, an autostart entry
where there is no systemd, by a LaunchAgent on macOS. It does not start the agent now; `amika agent start` does. The
menu-bar application starts the agent by itself, so with it this is not needed."""
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """Write the file and say where."""
    import os

    from amika_cli.programs import agent_path
    from amika_cli.render import emit, home_short
    from amika_cli.setup.login_start import chosen, install, tell_systemd

    start = chosen(os.environ, agent_path(), ["--local"] if args.local else [])
    changed = install(start)
    tell_systemd(start)
    place = home_short(start.path, os.path.expanduser("~"))
    text = [f"The agent {'now' if changed else 'already'} starts at login ({start.kind}): {place}"]
    if start.kind == "systemd":
        text.append("Without a login (on a server): loginctl enable-linger")
    emit(args, {"kind": start.kind, "path": start.path, "changed": changed}, text)
    return 0
