"""Which providers `creds list` and `creds check` are about, and their common flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amika_cli.flags import Args, Flag

if TYPE_CHECKING:
    from amika_agent.akos.providers import Provider

FLAGS = (
    Flag("kind", "KIND", "only this kind: llm, integration, marketplace, local; may be repeated", many=True),
    Flag("provider", "ID", "only this provider; may be repeated", many=True),
)


def chosen(args: Args) -> list[Provider]:
    """Return the providers that the flags choose; both take commas too.

    Raises:
        UsageError: there is no such kind or provider.

    """
    from amika_agent.akos import providers
    from amika_cli.secrets.found import names_of

    return providers.chosen(names_of(args.all("kind")), names_of(args.all("provider")))
