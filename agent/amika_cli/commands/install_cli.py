"""`amika install-cli`."""

from amika_cli.flags import Args, Flag

USAGE = "[--uninstall] [FLAGS]"
TEXT = """Links ~/.local/bin/amika to this program, so that every terminal finds it. Every other `amika` that is
already there, or on your PATH, is named and never replaced. --uninstall removes our link and nothing else."""
FLAGS = (Flag("uninstall", "", "remove the link again"),)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Link, or unlink, and say what a new terminal will find."""
    import os

    from amika_cli.programs import own_path
    from amika_cli.render import clean, emit, home_short
    from amika_cli.setup.linking import leads_nowhere, link, others_on_path, unlink

    target = own_path()
    home = os.path.expanduser("~")
    place = os.path.join(home, ".local", "bin", "amika")
    shown = home_short(place, home)
    lost = leads_nowhere(place)
    told = [clean(f"{shown} led to {lost}, which is not there")] if lost and lost != target else []
    if args.has("uninstall"):
        removed = unlink(place, target)
        text = [*told, f"removed {shown}" if removed else "there is no link of ours"]
        emit(args, {"link": place, "removed": removed}, text)
        return 0
    changed = link(place, target)
    text = [*told, f"{'linked' if changed else 'already linked'}: {shown} -> {home_short(target, home)}"]
    others = others_on_path(os.environ.get("PATH", ""), place)
    text += _named(others.before, others.after)
    if not others.on_path:
        text.append(f"{os.path.dirname(shown)} is not on your PATH; add it in your shell's start-up file.")
    value = {
        "link": place,
        "target": target,
        "changed": changed,
        "other": next(iter(others.before), None),
        "others": [*others.before, *others.after],
        "on_path": others.on_path,
    }
    emit(args, value, text)
    return 0


def _named(before: "list[str]", after: "list[str]") -> "list[str]":
    from amika_cli.render import clean

    lines = []
    for number, path in enumerate(before):
        comes = "comes first on your PATH" if number == 0 else "is on your PATH as well"
        lines.append(clean(f"Another amika {comes} and is left as it is: {path}"))
    lines += [clean(f"Another amika is left as it is, but terminals find this one before it: {path}") for path in after]
    return lines
