"""The table of replacements: never none, exactly one at the end, and the checker can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.model.replacement import Bounds, Model, explore

from amika_agent.sync import replace as protocol
from amika_agent.sync.replace import RECOVERY, Seen, State, Txn


@pytest.mark.parametrize(
    "bounds",
    [
        Bounds(1, (2,), losses=3),
        Bounds(1, (3,), losses=3),
        Bounds(1, (2,), losses=2, refusals=2, unwanted=1),
        Bounds(2, (1, 1), losses=1),
        Bounds(2, (1, 1), losses=1, refusals=1),
    ],
    ids=str,
)
def test_never_none_and_exactly_one_at_the_end(bounds):
    report = explore(bounds)
    assert report.violation == "", "\n".join(report.trace)
    assert report.exhausted
    assert report.ends > 0
    assert report.states > 500


def test_it_finds_a_roll_back_after_an_unanswered_delete():
    def roll_back(txn: Txn, seen: Seen) -> Txn:
        return replace(txn, state=State.ABANDON, bridge_id=seen.bridge)

    planted = [
        replace(row, step=roll_back)
        if State.DELETE_OLD in row.states and (row.bridge, row.n) == ("yes", "old")
        else row
        for row in RECOVERY
    ]
    assert planted != list(RECOVERY)
    report = explore(Bounds(1, (1,), losses=2), Model(planted))
    assert report.violation == "none"
    assert any("DELETE N → no answer" in line for line in report.trace)


def test_it_finds_leaning_on_a_condemned_bridge():
    def leans(txn: Txn, n: str | None, bridge: str | None) -> Seen:
        return replace(protocol.observe(txn, n, bridge), leanable=bridge is not None)

    # two machines: after a lost DELETE of its bridge one goes on with that bridge, as a first version of the table did
    report = explore(Bounds(2, (1, 1), losses=2), Model(observe=leans))
    assert report.violation == "none"
    assert any("DELETE b1.0 → no answer" in line or "DELETE b0.0 → no answer" in line for line in report.trace)


@pytest.mark.parametrize("state", [s for s in State if s is not State.DONE])
@pytest.mark.parametrize("n", [None, "old", "other"])
@pytest.mark.parametrize("bridge", [None, "bridge"])
@pytest.mark.parametrize("unanswered", [(), (("old", 1),), (("bridge", 1),), (("other", 1),)])
@pytest.mark.parametrize("redo", [0, protocol.MAX_REDO])
def test_every_listing_has_an_answer(state, n, bridge, unanswered, redo):
    txn = Txn("t", state, "old", "B", "bridge", redo=redo, unanswered=unanswered)
    after = protocol.recover(txn, protocol.observe(txn, n, bridge))
    assert after.state in State
    if after.state is State.DONE:
        assert n is not None
    if after.state in (State.RELEASE, State.ABANDON):
        assert n is not None
        assert not after.condemned(n)


def test_an_organizations_gap_is_always_closed():
    bounds = Bounds(1, (2,), losses=3)
    report = explore(bounds, Model(protocol.GAP_RECOVERY), may_be_none=True)
    assert report.violation == "", "\n".join(report.trace)
    assert report.exhausted
    assert report.states > 500


def test_it_finds_a_gap_that_stays_open():
    planted = [
        replace(row, step=protocol._rehearse_again) if (row.states, row.n) == ((State.DELETE_OLD,), "none") else row
        for row in protocol.GAP_RECOVERY
    ]
    report = explore(Bounds(1, (1,), losses=1), Model(planted), may_be_none=True)
    assert report.violation == "ends with []"
