"""`connections add`: what a kind needs, which secret authenticates it, and keeping it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from amika_agent.akos import connection_state
from amika_agent.akos.connection_fields import checked_fields, checked_name, kind_of
from amika_agent.akos.connection_kinds import KINDS, Field, Kind
from amika_agent.stores.connections import Connection, Connections, connections_path
from amika_cli.render import emit, note, table, terminal_width
from amika_cli.vault.opening import open_vault, record, scope_of
from amika_local.errors import UsageError
from amika_shared.redaction import redact

if TYPE_CHECKING:
    from amika_cli.context import Context


def store(context: Context) -> Connections:
    """Return the connections of the profile."""
    return Connections(connections_path(context.profile.data_dir), context.clock)


def add(context: Context, kind_name: str, name: str) -> int:
    """Keep a connection; warn of keys that the vault does not have yet.

    Raises:
        UsageError: unknown kind or field, a value that is none or looks like a token, no authentication chosen.
        Conflict: the name is taken.

    """
    args = context.args
    kind = kind_of(kind_name)
    checked = Connection(
        checked_name(name),
        kind.name,
        checked_fields(kind, args.all("set"), context.command),
        _key(context, kind),
        scope_of(args),
        context.clock.now(),
    )
    store(context).add(checked, replace=args.has("force"))
    record(context, "stored", name, "connection", f"kind {kind.name}")
    absent = missing_keys(context, checked)
    for key in absent:
        note(f"warning: the vault has no {key} yet. Store it: {context.command(f'vault put {key}')}")
    inspect = context.command(f"connections inspect {name}")
    shape = {"name": name, "kind": kind.name, "fields": dict(checked.fields), "vault_key": checked.vault_key or None}
    emit(args, {**shape, "missing_keys": absent}, [f"Added the {kind.name} connection {name}. See it: {inspect}"])
    return 0


def missing_keys(context: Context, connection: Connection) -> list[str]:
    """Return the vault keys that a connection uses and the vault does not have."""
    return connection_state.missing_keys(connection, open_vault(context).list())


def show_kinds(context: Context, name: str) -> NoReturn:
    """Print the fields of a kind, or without a name the kinds.

    Raises:
        UsageError: always, for nothing was added.

    """
    if name:
        kind = kind_of(name)
        rows = [(f.name, _needed(kind, f), f.default, _meaning(f)) for f in kind.fields]
        lines = table(("FIELD", "", "DEFAULT", "MEANING"), rows, width=terminal_width(), keep=(0, 1, 2), below=(3,))
        usual = f"Usual key: {kind.key}" if kind.key else "It needs no authentication."
        emit(context.args, _as_json(kind), [f"{kind.name}: {kind.text}", "", *lines, "", usual])
        raise UsageError("the connection needs a name", remedy=f"amika connections add {kind.name} NAME --set …")
    kinds = [(kind.name, kind.text, " ".join(f.name for f in kind.fields)) for kind in KINDS]
    emit(
        context.args,
        [_as_json(k) for k in KINDS],
        table(("KIND", "CONNECTS TO", "FIELDS"), kinds, width=terminal_width(), keep=(0,), below=(2,)),
    )
    raise UsageError("which kind?", remedy="See the list above; `amika connections add KIND` explains one.")


def _key(context: Context, kind: Kind) -> str:
    from amika_agent.stores.vault import checked_key

    args = context.args
    key = args.get("vault-key")
    if args.has("vault-key") and args.has("no-auth"):
        raise UsageError("--vault-key and --no-auth exclude each other")
    if args.has("vault-key"):
        if redact(key) != key:
            raise UsageError(
                "--vault-key takes the name of a secret, not the secret",
                remedy=f"Store it: {context.command('vault put KEY')}. Then pass --vault-key KEY.",
            )
        return checked_key(key)
    if kind.key and not args.has("no-auth"):
        raise UsageError(
            f"{kind.name} needs to know how it is authenticated",
            remedy=f"Pass --vault-key KEY (usually {kind.key}), or --no-auth.",
        )
    return ""


def _needed(kind: Kind, field: Field) -> str:
    if field.name in kind.one_of:
        return "one of"
    return "optional" if not field.required or field.default else "required"


def _meaning(field: Field) -> str:
    return f"{field.text}: {', '.join(field.choices)}" if field.choices else field.text


def _as_json(kind: Kind) -> dict[str, object]:
    fields = [
        {
            "name": f.name,
            "type": f.type,
            "required": f.required and not f.default,
            "default": f.default or None,
            "choices": list(f.choices),
            "text": f.text,
        }
        for f in kind.fields
    ]
    return {"kind": kind.name, "text": kind.text, "fields": fields, "usual_key": kind.key or None}
