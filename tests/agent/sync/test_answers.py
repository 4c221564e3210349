"""Answers of a person that are given although nothing was asked, or come too late."""

from __future__ import annotations

import pytest
from tests.agent.sync.world import claude
from tests.fakes.discoveries import discovery

from amika_local.errors import NotFound


def test_adopting_what_this_machine_stored_itself_forgets_nothing(machine, server):
    machine.remote.run(discovery(claude("one")))
    machine.remote.resolve("claude-oauth", "adopt", discovery(claude("one")))
    (outcome,) = machine.remote.run(discovery(claude("one")))
    assert (outcome.did, outcome.code) == ("unchanged", "in_sync")


@pytest.mark.parametrize("choice", ["accept", "adopt"])
def test_a_credential_that_has_gone_meanwhile_cannot_be_accepted(machine, server, choice):
    machine.remote.run(discovery(claude("one")))
    with pytest.raises(NotFound) as caught:
        machine.remote.resolve("claude-oauth", choice, discovery())
    assert "amika sync resolve claude-oauth keep|delete" in caught.value.remedy
