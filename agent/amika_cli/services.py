"""The services that `auth` and `whoami` take as a word."""

from amika_cli.flags import Args
from amika_local.errors import UsageError

SERVICES = ("amika",)


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

    return {key: value for key, value in os.environ.items() if not (args.local and key.startswith("AMIKA_"))}
