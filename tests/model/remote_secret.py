"""One remote secret as the model sees it: what may be there, and what must."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.secrets_wire import SecretsWire
from tests.model.disk import GOOD, Source
from tests.model.laptop import Laptop

from amika_agent.sync.rules import GENERIC, ORG, bridge_of

DRIFT = ("vanished", "replaced_elsewhere", "take_over", "contested")
Row = dict[str, Any]
State = dict[str, Row]


@dataclass
class RemoteSecret:
    """What one rule keeps equal to a source.

    allowed  values that the rule may send: those the disk had while nothing stood in the way
    agreed   org scope: the person has agreed to the gap
    edited   somebody else changed it since the disk did: it is shown, not fought
    unclear  … while something of ours was under way: who wins is not determined
    asked    the person has asked for another push, which may be still to come
    others   how often somebody else has replaced it
    left     id that somebody else left, None when they deleted it
    vanish   a removal by our rule was called for at some time
    since    index of the first change of the server that this record was checked from
    """

    kind: str
    scope: str
    name: str
    rule: str
    source: Source
    deletes: bool = False
    allowed: set[str] = field(default_factory=set)
    agreed: bool = True
    edited: bool = False
    unclear: bool = False
    asked: bool = False
    others: int = 0
    left: str | None = None
    vanish: bool = False

    def sent(self, row: Row) -> str:
        """The value of a record, as the disk has it."""
        text = str(row["value"])
        return json.loads(text)["claudeAiOauth"]["accessToken"] if self.kind == "claude" else text

    def is_it(self, row: Row) -> bool:
        alone = self.scope == ORG and self.kind != GENERIC
        return row["kind"] == self.kind and row["scope"] == self.scope and (alone or row["name"] == self.name)

    def is_bridge(self, row: Row) -> bool:
        bridge = bridge_of(row["name"])
        return (
            row["kind"] == self.kind and bridge is not None and (bridge.name, bridge.scope) == (self.name, self.scope)
        )

    def is_ours(self, row: Row) -> bool:
        return self.is_it(row) or self.is_bridge(row)

    def stored(self, wire: SecretsWire) -> list[Row]:
        """The records under its name; at most one, or the server is broken."""
        return [row for row in wire._book.rows.values() if self.is_it(row)]

    def bridges(self, wire: SecretsWire) -> list[Row]:
        return [row for row in wire._book.rows.values() if self.is_bridge(row)]

    def pending(self, laptop: Laptop) -> bool:
        key = (self.kind, self.scope, self.name)
        return any(entry.key == key for entry in laptop.db.pending(laptop.key))

    def differs(self, wire: SecretsWire) -> bool:
        """Whether the server has something else than the disk."""
        stored = self.stored(wire)
        return not stored or self.source.meaning is not GOOD or self.sent(stored[0]) != self.source.value

    def somebody(self, wire: SecretsWire, laptop: Laptop, left: str | None) -> None:
        """Note that somebody else has just changed it."""
        self.unclear = self.edited and self.unclear
        self.edited, self.left = True, left
        self.others += left is not None
        self.unclear |= self.asked or self.pending(laptop) or bool(wire._late)

    def changed_on_disk(self) -> None:
        """A new value here is sent over whatever is there; an organization's record of somebody else needs a yes."""
        if not (self.scope == ORG and self.left is not None):
            self.edited = self.unclear = False

    def covered(self, state: State) -> bool:
        return any(self.is_ours(row) for row in state.values())

    def news(self, before: State, after: State) -> Iterator[tuple[str, Row]]:
        """Yield ("put" or "gone", record) of what one change of the server did to it."""
        for known, row in after.items():
            if self.is_ours(row) and before.get(known) != row:
                yield "put", row
        for known, row in before.items():
            if self.is_ours(row) and known not in after:
                yield "gone", row
