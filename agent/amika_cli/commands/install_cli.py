"""`amika install-cli`."""

from amika_cli.flags import Args, Flag

USAGE = "[--uninstall] [FLAGS]"
TEXT = """Links ~/.local/bin/amika to this program, so that every terminal finds it. Another `amika` that is already
there, or comes first on your PATH, is named and never replaced. --uninstall removes our link and nothing else."""
FLAGS = (Flag("uninstall", "", "remove the link again"),)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Link, or unlink, and say what a new terminal will find."""
    import os

    from amika_cli.programs import own_path
    from amika_cli.render import emit
    from amika_cli.setup.linking import link, others_on_path, unlink

    target = own_path()
    place = os.path.join(os.path.expanduser("~"), ".local", "bin", "amika")
    if args.has("uninstall"):
        removed = unlink(place, target)
        emit(args, {"link": place, "removed": removed}, [f"removed {place}" if removed else "there is no link of ours"])
        return 0
    changed = link(place, target)
    text = [f"{'linked' if changed else 'already linked'}: {place} -> {target}"]
    first, on_path = others_on_path(os.environ.get("PATH", ""), place)
    if first:
        text.append(f"Another amika comes first on your PATH and is left as it is: {first}")
    if not on_path:
        text.append(f"{os.path.dirname(place)} is not on your PATH; add it in your shell's start-up file.")
    emit(args, {"link": place, "target": target, "changed": changed, "other": first or None, "on_path": on_path}, text)
    return 0
