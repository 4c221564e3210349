"""The services that `auth` and `whoami` take as a word."""

from amika_cli.flags import Args
from amika_local.errors import UsageError

SERVICES = ("amika", "almyty", "akos")
_VARIABLES = ("AMIKA_", "ALMYTY_", "AKOS_", "AGENTSKIT_")


def chosen(args: Args) -> str:
    """Return the service that the person named, or the default one.

    Raises:
        UsageError: there is no such service.

    """
    word = args.words[0] if args.words else SERVICES[0]
    if word not in SERVICES:
        raise UsageError("there is no such service", remedy=f"Known: {', '.join(SERVICES)}.")
    return word


def own_environment(args: Args) -> "dict[str, str]":
    """Return the environment as far as it speaks about this profile's account.

    The local workspace is an account of its own: a key or a server named for the hosted one is not for it.
    """
    import os

    return {key: value for key, value in os.environ.items() if not (args.local and key.startswith(_VARIABLES))}


def almyty_folder(args: Args) -> str:
    """Return the folder of almyty's files: the one that all its programs share, with `--local` one of our own."""
    import os

    if args.local:
        from amika_shared.profile import resolve

        return os.path.join(resolve(os.environ, local=True).data_dir, "almyty")
    from amika_local.almyty_file import almyty_dir

    return almyty_dir(os.path.expanduser("~"))


def akos_folder(args: Args) -> str:
    """Return the folder of the AKOS session."""
    import os

    if args.local:
        from amika_shared.profile import resolve

        return resolve(os.environ, local=True).data_dir
    from amika_local.akos_file import default_data_dir

    return default_data_dir(os.environ, os.path.expanduser("~"))


def present_others(args: Args) -> "list[str]":
    """Return the services beside Amika that have a login here, readable or not; as cheap as two looks at a file."""
    import os

    found = []
    env = own_environment(args)
    if env.get("ALMYTY_TOKEN", "").strip() or os.path.lexists(os.path.join(almyty_folder(args), "credentials.json")):
        found.append("almyty")
    tokens = ("AGENTSKIT_TOKEN", "AKOS_TOKEN")
    if any(env.get(name, "").strip() for name in tokens) or os.path.lexists(
        os.path.join(akos_folder(args), "akos-session.json")
    ):
        found.append("akos")
    return found
