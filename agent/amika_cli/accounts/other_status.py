"""Who is signed in to the services beside Amika: loaded only where there is such a login, or one was asked for."""

from amika_cli.flags import Args
from amika_local.errors import AmikaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Part(Protocol):
        """What one service's module tells."""

        def look(self, args: Args) -> "tuple[dict[str, object], AmikaError | None]":
            """Return who is signed in, and what stands in the way."""

        def summary(self, who: "dict[str, object]") -> "list[str]":
            """Return its lines of `auth status`."""

        def lines(self, who: "dict[str, object]") -> "list[str]":
            """Return its lines of `whoami`."""

        def report(self, who: "dict[str, object]") -> "dict[str, object]":
            """Return the JSON of its `whoami`."""


def run(args: Args, service: str) -> int:
    """Print who is signed in to "almyty" or "akos"."""
    part = _part(service)
    who, refusal = part.look(args)
    if args.output == "text":
        from amika_cli.render import note, show

        if who["authenticated"]:
            show(part.lines(who))
        for warning in _warnings(who) if who["authenticated"] else []:
            note(f"warning: {warning}")
    else:
        from amika_cli.render import emit

        emit(args, part.report(who), [])
    if refusal is not None:
        raise refusal
    return 0


def described(
    args: Args, services: "list[str]"
) -> "tuple[list[tuple[list[str], bool, dict[str, object], list[str]]], AmikaError | None]":
    """Return (lines, signed in, account, warnings) of each service, and what a server said against one."""
    from amika_cli.accounts.other_words import account

    found: list[tuple[list[str], bool, dict[str, object], list[str]]] = []
    against: AmikaError | None = None
    for service in services:
        part = _part(service)
        who, refusal = part.look(args)
        signed_in = bool(who["authenticated"])
        found.append((part.summary(who) if signed_in else [], signed_in, account(service, who), _warnings(who)))
        if args.has("verify") and refusal is not None:
            against = against or refusal
    return found, against


def _part(service: str) -> "Part":
    if service == "almyty":
        from amika_cli.accounts import almyty_status

        return almyty_status
    from amika_cli.accounts import akos_status

    return akos_status


def _warnings(who: "dict[str, object]") -> "list[str]":
    warnings = who["warnings"]
    return [str(text) for text in warnings] if isinstance(warnings, list) else []
