"""What was recorded under one account when another signs in."""

from __future__ import annotations

from tests.agent.sync.world import claude, codex_key, generic, only
from tests.fakes.discoveries import discovery

from amika_agent.accounts.amika import AccountKey
from amika_agent.stores.amika_api import SecretsApi
from amika_agent.sync import rules
from amika_agent.sync.facts import PushSettings
from amika_agent.sync.remote import RemoteSync
from amika_local.secret import Secret


def test_nothing_recorded_under_one_account_is_sent_to_another(new_machine, server):
    machine = new_machine()
    machine.remote.run(discovery(claude("one")))
    server.add_account("other-token", "user_other", "org_other")
    api = SecretsApi(server.url, lambda _force: Secret("other-token"), machine.http)
    account = AccountKey(server.url, "user_other", "org_other")
    for auto_push in ((), ("claude",)):
        other = RemoteSync(machine.db, api, account, machine.clock, PushSettings(auto_push=auto_push, settle=0.0))
        (parked,) = other.run(discovery(claude("two")))
        assert parked.code == "parked"
        assert (parked.problem is not None) is bool(auto_push)
        assert [a.code for a in other.plan(discovery(claude("two"))).actions] == ["parked"]
        assert "user_fake of org_fake" in parked.reason
        assert "user_other of org_other" in parked.reason
    assert all(r.token == server.token for r in server.requests if r.method != "GET")
    machine.db.put_rule(account.text, rules.rule_for(claude("two")))
    assert only(other.run(discovery(claude("two")))).did == "created"


def in_another_account(machine, server, user="user_other", org="org_other", **more):
    server.add_account(f"token-of-{user}", user, org)
    api = SecretsApi(server.url, lambda _force: Secret(f"token-of-{user}"), machine.http)
    settings = PushSettings(auto_push=("claude", "codex"), settle=0.0)
    return RemoteSync(machine.db, api, AccountKey(server.url, user, org), machine.clock, settings, **more)


def test_a_parked_rule_names_the_old_and_the_new_account_as_a_person_knows_them(machine, server):
    ada = RemoteSync(machine.db, machine.api, machine.account, machine.clock, machine.settings, who="ada@a.org, Acme")
    ada.run(discovery(claude("one")))
    eve = in_another_account(machine, server, who="eve@b.org, Other")
    parked = only(eve.run(discovery(claude("one"))))
    assert (parked.code, parked.did) == ("parked", "blocked")
    assert "ada@a.org, Acme" in parked.reason
    assert "eve@b.org, Other" in parked.reason
    assert "amika secret claude push" in parked.problem.remedy
    assert eve.plan(discovery(claude("one"))).actions[0].reason == parked.reason


def test_a_rule_made_by_itself_for_the_new_account_frees_no_parked_one(machine, server):
    machine.remote.run(discovery(claude("one")))
    other = in_another_account(machine, server)
    here = discovery(claude("one"), codex_key("one"))
    for _ in range(3):
        codes = {outcome.provider: outcome.code for outcome in other.run(here)}
        assert codes["claude"] == "parked"
    assert codes["codex"] == "in_sync"
    assert [
        r.method for r in server.requests if r.token != server.token and "claude" in r.path and r.method != "GET"
    ] == []


def test_a_generic_rule_of_another_account_is_parked_too(machine, server):
    here = generic(machine, "one")
    machine.remote.run(here)
    other = in_another_account(machine, server)
    parked = only(other.run(here))
    assert (parked.code, parked.did, parked.name) == ("parked", "waiting", "GROQ_API_KEY")
    (action,) = other.plan(here).actions
    assert action.remedy.endswith("amika sync add opencode/groq --generic --name GROQ_API_KEY")
    assert all(r.token == server.token for r in server.requests)
