"""A keyring that is locked, absent, slow, forgetful or has lost the login costs no token."""

from __future__ import annotations

import os
import threading

import pytest
from tests.agent.session.ring import who

from amika_agent.accounts.amika import AccountKey, Authority, sign_in
from amika_agent.stores import keyring_process
from amika_agent.stores.keyring_process import KeyringProblem
from amika_local.secret import Secret


@pytest.mark.parametrize(("mode", "words"), [("locked", "locked"), ("broken", "failed")])
def test_a_keyring_that_cannot_be_used_costs_no_token(world, keychain, ring, mode, words):
    keychain.accept(world.model.open_session())
    world.clock.turn(290)
    ring.mode(mode)
    with pytest.raises(KeyringProblem, match=words) as caught:
        keychain.fresh()
    assert caught.value.exit_code == 5
    assert "BODY" not in caught.value.message + caught.value.remedy
    assert world.server.count("refresh") == 0
    ring.mode("")
    assert keychain.fresh()
    assert len(world.model.live()) == 1


def test_whose_login_it_is_can_be_said_with_a_locked_keyring(world, keychain, ring):
    keychain.accept(world.model.open_session())
    ring.mode("locked")
    authority = Authority(str(world.state), {}, world.endpoints, world.http, world.clock, "cli", store="keychain")
    assert authority.method == "session"
    assert authority.account() == AccountKey("loopback", "user_01FAKE", "org_01ACME")
    assert authority.keeper.due_at() == world.clock.now() + 60
    with pytest.raises(KeyringProblem):
        authority.bearer()


def test_a_keyring_locked_at_sign_in_keeps_the_login_that_was_there(world, keychain, ring):
    keychain.accept(world.model.open_session())
    before = ring.items()
    ring.mode("locked")
    with pytest.raises(KeyringProblem):
        keychain.accept(world.model.open_session())
    ring.mode("")
    assert ring.items() == before
    assert keychain.fresh()


@pytest.mark.slow
def test_a_slow_keyring_is_left_after_three_seconds(ring):
    ring.mode("slow")
    with pytest.raises(KeyringProblem, match="3 seconds") as caught:
        keyring_process.get("service", "account")
    assert caught.value.kind == "slow"


def test_no_keyring_and_one_that_forgets(ring, monkeypatch):
    ring.mode("forgetful")
    with pytest.raises(KeyringProblem, match="does not keep"):
        keyring_process.put("service", "account", Secret("fake"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with pytest.raises(KeyringProblem, match="no keyring") as caught:
        keyring_process.get("service", "account")
    assert "session_store" in caught.value.remedy
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    with pytest.raises(KeyringProblem, match="no keyring"):
        keyring_process.get("service", "account")


def test_a_helper_that_cannot_load_its_backend(ring, monkeypatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no.such.module.Keyring")
    with pytest.raises(KeyringProblem, match="failed"):
        keyring_process.get("service", "account")


def test_a_login_stays_in_its_file_while_the_keyring_is_locked(world, ring):
    world.sign_in()
    ring.mode("locked")
    keeper = world.keeper("agent", store="keychain")
    assert keeper.fresh()
    assert world.file.exists()


def test_the_keyring_lost_the_login(world, keychain, ring):
    keychain.accept(world.model.open_session())
    ring.file.unlink()
    fresh = world.keeper("cli", store="keychain")
    with pytest.raises(Exception, match="keyring holds the login, but it does not") as caught:
        fresh.fresh()
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("asked_before", [True, False])
def test_signing_out_with_a_locked_keyring_signs_out_and_clears_it_later(world, keychain, ring, asked_before):
    keychain.accept(world.model.open_session())
    ring.mode("locked")
    result = (keychain if asked_before else world.keeper("cli", store="keychain")).sign_out()
    assert result.revoked is True
    assert "keyring" in result.message
    assert world.model.live() == []
    assert who(world)["authenticated"] is False
    assert len(ring.items()) == 1
    ring.mode("")
    keeper = world.keeper("cli", store="keychain")
    with pytest.raises(Exception, match="not signed in"):
        keeper.fresh()
    assert ring.items() == {}


def test_whose_login_it_is_asks_no_keyring(world, keychain, ring):
    """A slow keyring is asked once by a command, for its token, and not before that for a name."""
    keychain.accept(world.model.open_session())
    ring.mode("broken")
    named = world.keeper("cli", store="keychain").named()
    assert (named.email, named.access_token.reveal()) == ("dev@example.com", "")


@pytest.mark.parametrize(("mode", "words"), [("locked", "locked"), ("forgetful", "does not keep"), ("", None)])
def test_a_keyring_that_cannot_take_a_login_is_found_out_before_anybody_is_asked(world, keychain, ring, mode, words):
    ring.mode(mode)
    events = sign_in(
        world.endpoints, world.http, world.clock, cancel=threading.Event(), keeper=keychain, organization=None
    )
    if words is None:
        assert next(events)
        assert ring.items() == {}
        events.close()
        return
    with pytest.raises(KeyringProblem, match=words):
        next(events)
    assert world.server.count("device") == 0


def test_left_overs_of_a_locked_keyring_go_though_nobody_signs_in_again(world, keychain, ring):
    keychain.accept(world.model.open_session())
    ring.mode("locked")
    keychain.sign_out()
    ring.mode("")
    later = world.keeper("agent", store="keychain")
    assert later.due_at() == world.clock.now() + 600
    later.tidy()
    assert ring.items() == {}
    assert later.due_at() is None


def test_signing_out_again_clears_what_was_left(world, keychain, ring):
    keychain.accept(world.model.open_session())
    ring.mode("locked")
    keychain.sign_out()
    ring.mode("")
    assert world.keeper("cli", store="keychain").sign_out().signed_in is False
    assert ring.items() == {}


def test_a_disk_that_takes_no_pointer_keeps_no_login_in_the_keyring(world, keychain, ring):
    keychain.accept(world.model.open_session())
    # the write fails as on a full disk, the deletion does not
    pointer = world.state / ".session.store"
    held = pointer.read_bytes()
    pointer.unlink()
    (world.state / "real").write_bytes(held)
    pointer.symlink_to(world.state / "real")
    assert keychain.sign_out().revoked is True
    assert ring.items() == {}
    assert not os.path.lexists(pointer)
