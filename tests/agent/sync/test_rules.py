"""Which rules there can be."""

from __future__ import annotations

import pytest
from tests.agent.sync.world import (
    claude,
)

from amika_agent.sync import rules
from amika_local.credential import Credential
from amika_local.errors import Conflict, UsageError
from amika_local.secret import Secret


def test_one_rule_for_one_remote_name(machine):
    machine.db.put_rule(machine.key, rules.rule_for(claude("one")))
    with pytest.raises(Conflict) as caught:
        machine.db.put_rule(machine.key, rules.rule_for(claude("one"), taken=["claude-oauth"]))
    assert "claude-oauth" in caught.value.remedy


def test_rules_of_odd_sources(machine):
    odd = Credential("groq", "api_key", Secret("k"), "opencode", "/x", 200)
    with pytest.raises(UsageError):
        rules.rule_for(odd)
    assert rules.generic_rule_for(odd, "GROQ key").id == "generic-groq-key"
