"""Who is signed in to the services beside Amika: loaded only where there is such a login, or one was asked for."""

from amika_cli.flags import Args
from amika_local.errors import AmikaError


def run(args: Args, service: str) -> int:
    """Print who is signed in to "almyty" or "akos"."""
    if service == "almyty":
        from amika_cli.accounts.almyty_status import run as run_almyty

        return run_almyty(args)
    from amika_cli.accounts.akos_status import run as run_akos

    return run_akos(args)


def described(
    args: Args, services: "list[str]"
) -> "tuple[list[tuple[list[str], bool, dict[str, object], list[str]]], AmikaError | None]":
    """Return (lines, signed in, account, warnings) of each service, and what a server said against one."""
    found: list[tuple[list[str], bool, dict[str, object], list[str]]] = []
    against: AmikaError | None = None
    for service in services:
        if service == "almyty":
            from amika_cli.accounts import almyty_status as module
        else:
            from amika_cli.accounts import akos_status as module  # type: ignore[no-redef]
        who, refusal = module.look(args)
        warnings = who["warnings"]
        texts = [str(text) for text in warnings] if isinstance(warnings, list) else []
        signed_in = bool(who["authenticated"])
        found.append((module.summary(who) if signed_in else [], signed_in, module.account(who), texts))
        if args.has("verify") and refusal is not None:
            against = against or refusal
    return found, against
