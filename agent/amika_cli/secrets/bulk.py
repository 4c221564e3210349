"""Storing several generic secrets: what will happen, then doing it so that running it again finishes the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amika_local.errors import AmikaError, NotSignedIn, Unreachable, UsageError
from amika_local.secret import Secret, masked

if TYPE_CHECKING:
    from amika_agent.stores.amika_api import GenericSecret, SecretsApi

CREATE = "create"
UPDATE = "update"
SLOW_DOWN = 429
DID = {CREATE: "created", UPDATE: "updated"}
_STOPPED = "not tried, because an earlier one failed"
_INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Item:
    """One secret to store. `origin` says where its value comes from: ".env", "argument", "environment"."""

    name: str
    value: Secret
    origin: str


@dataclass(frozen=True)
class Step:
    """What is done with one item: `action` "create" or "update" (then `id` is the server's)."""

    item: Item
    action: str
    scope: str
    id: str = ""


@dataclass
class Progress:
    """What was done and what was not, each with its reason; `error` is the last thing that went wrong.

    interrupted  the person ended it: whether the first one left was stored is not known
    """

    done: list[Step] = field(default_factory=list)
    left: list[tuple[Step, str]] = field(default_factory=list)
    error: AmikaError | None = None
    interrupted: bool = False


def gathered(*layers: Sequence[Item]) -> list[Item]:
    """Return one item per name: the first layer that names it gives its place, the last one its value."""
    chosen: dict[str, Item] = {}
    for layer in layers:
        chosen.update({item.name: item for item in layer})
    return list(chosen.values())


def steps(items: Sequence[Item], listing: Sequence[GenericSecret], scope: str) -> list[Step]:
    """Return one step per item. (name, scope) is a secret's key: the same name in the other scope is another one."""
    known = {(secret.name, secret.scope): secret.id for secret in listing}
    return [
        Step(item, UPDATE if (item.name, scope) in known else CREATE, scope, known.get((item.name, scope), ""))
        for item in items
    ]


def checked(planned: Sequence[Step]) -> None:
    """Look at what would be sent before anything is: an empty value may only empty a secret that is there.

    Raises:
        UsageError: a name or a value that cannot be stored; it names the secret and where its value came from.

    """
    from amika_agent.sync.payload import plain_value
    from amika_agent.sync.rules import checked_name

    for step in planned:
        checked_name(step.item.name)
        if step.item.value or step.action == CREATE:
            try:
                plain_value(step.item.value)
            except UsageError as error:
                where = f"{step.item.name} ({step.item.origin})"
                raise UsageError(f"{where}: {error.message}", remedy=f"{error.remedy} Nothing was stored.") from None


def preview(planned: Sequence[Step], listing: Sequence[GenericSecret]) -> list[tuple[str, ...]]:
    """Return rows of (name, masked value, from, what will happen)."""
    elsewhere = {secret.name: secret.scope for secret in listing}
    rows: list[tuple[str, ...]] = []
    for step in planned:
        what = "update: it will be empty" if step.action == UPDATE and not step.item.value else step.action
        other = elsewhere.get(step.item.name)
        if step.action == CREATE and other is not None:
            what += f" (there is another one of that name in scope {other})"
        rows.append((step.item.name, shown(step.item.value), step.item.origin, what))
    return rows


def shown(value: Secret) -> str:
    """Return what may be shown of a value."""
    return masked(value.reveal()) if value else "(empty)"


def store(api: SecretsApi, planned: Sequence[Step]) -> Progress:
    """Do the steps in order.

    A refusal costs its own secret; being offline, signed out or asked to slow down ends it: the rest would fail alike.
    """
    progress = Progress()
    for index, step in enumerate(planned):
        try:
            progress.done.append(_store_one(api, step))
        except AmikaError as error:
            progress.error = error
            progress.left.append((step, error.message))
            if _stops(error):
                progress.left += [(later, _STOPPED) for later in planned[index + 1 :]]
                break
        except KeyboardInterrupt:
            progress.interrupted = True
            progress.left += [(later, _INTERRUPTED) for later in planned[index:]]
            break
    return progress


def _stops(error: AmikaError) -> bool:
    return isinstance(error, Unreachable | NotSignedIn) or getattr(error, "status", 0) == SLOW_DOWN


def _store_one(api: SecretsApi, step: Step) -> Step:
    from amika_agent.stores.amika_api import Refused

    if step.action == UPDATE:
        api.update_generic(step.id, step.item.value)
        return step
    try:
        api.create_generic(step.item.name, step.item.value, step.scope)
    except Refused as refusal:
        if refusal.status != 409:
            raise
        # created meanwhile, perhaps by an earlier try of ours whose answer was lost: it is there, so give it the value
        again = steps([step.item], api.list_generic(), step.scope)[0]
        if again.action == CREATE:
            raise
        return _store_one(api, again)
    return step


def as_json(progress: Progress) -> dict[str, object]:
    """Return {"done": [{"name", "scope", "action"}], "left": [{"name", "scope", "reason"}]}."""
    return {
        "done": [{"name": s.item.name, "scope": s.scope, "action": DID[s.action]} for s in progress.done],
        "left": [{"name": s.item.name, "scope": s.scope, "reason": reason} for s, reason in progress.left],
    }


def from_environment(names: str, env: Mapping[str, str]) -> list[Item]:
    """Return the variables of a comma-separated list.

    Raises:
        UsageError: one is not set or empty; named, since a name is no secret.

    """
    items = []
    for name in (part.strip() for part in names.split(",")):
        if not name:
            continue
        if name not in env:
            raise UsageError(f"the environment has no {name}", remedy=f"Set it, or leave {name} out of --from-env.")
        if not env[name]:
            raise UsageError(f"{name} is empty in the environment", remedy="Set it, or leave it out of --from-env.")
        items.append(Item(name, Secret(env[name]), "environment"))
    return items
