"""`amika secret claude push` and `amika secret codex push`."""

from amika_cli.flags import Args, Flag

USAGE = "[--type oauth|api_key] [FLAGS]"
TEXT = """Stores a credential of this coding agent for your sandboxes. Without --type, --value or --from-file you choose
among those found on this machine. One that was found is kept in sync from then on: when its file changes, the stored
one follows. --once stores it as it is now and leaves it at that.

Of a login only what a sandbox needs is sent. It renews itself with a single-use token that laptop and sandbox then
share; --without-refresh-token sends a copy that cannot renew and is replaced whenever the login is renewed here."""
FLAGS = (
    Flag("type", "TYPE", "oauth (a login) or api_key", choices=("oauth", "api_key")),
    Flag("value", "VALUE", "store this value; - reads it from stdin"),
    Flag("from-file", "FILE", "store what is in this file; - is stdin"),
    Flag("name", "NAME", "its name there; without it Claude OAuth, Codex API Key …"),
    Flag("scope", "SCOPE", "user (only you, the default) or org (everyone in it)", choices=("user", "org")),
    Flag("once", "", "store it once, do not keep it in sync"),
    Flag("without-refresh-token", "", "of a login, leave out what renews it"),
    Flag("force", "", "store it even if it is older than what was stored last"),
    Flag("homedir", "PATH", "look in this home instead of yours; what is there is stored once"),
    Flag("yes", "", "answer yes to questions", short="y"),
)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Choose, check, ask where it must be asked, store."""
    from amika_cli.context import Context
    from amika_cli.secrets.provider import provider_of
    from amika_cli.secrets.pushing import push

    with Context(args) as context:
        return push(context, provider_of(args))
