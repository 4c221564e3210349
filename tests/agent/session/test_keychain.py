"""`session_store = "keychain"`: the tokens in the keyring, a pointer in the state directory."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from amika_agent.accounts.amika import AccountKey, Authority, sign_in
from amika_agent.session.keeper import RenewalPostponed, SessionEnded
from amika_agent.session.meta import MetaFile
from amika_agent.stores import keyring_process
from amika_agent.stores.keyring_process import KeyringProblem
from amika_local.identity import identity
from amika_local.secret import Secret

ROOT = Path(__file__).parents[3]


class Ring:
    """The fake keyring's file and mode."""

    def __init__(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file = file
        self._monkeypatch = monkeypatch

    def mode(self, mode: str) -> None:
        self._monkeypatch.setenv("FAKE_KEYRING_MODE", mode)

    def items(self) -> dict[str, str]:
        return json.loads(self.file.read_text()) if self.file.exists() else {}


@pytest.fixture
def ring(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.fakes.file_keyring.Keyring")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("FAKE_KEYRING_FILE", str(tmp_path / "ring.json"))
    return Ring(tmp_path / "ring.json", monkeypatch)


@pytest.fixture
def keychain(world, ring):
    return world.keeper("cli", store="keychain")


def who(world) -> dict:
    return identity({}, str(world.state), world.clock.now())


def tokens_on_disk(world) -> str:
    return "".join(path.read_text() for path in world.state.iterdir() if path.is_file())


def test_sign_in_renew_sign_out(world, keychain, ring):
    keychain.accept(world.model.open_session())
    assert not world.file.exists(), "the Go CLI reads this as signed out"
    first = keychain.bearer().reveal()
    assert (first in tokens_on_disk(world)) is False
    assert (world.model.live()[0].refresh in tokens_on_disk(world)) is False
    assert who(world)["storage"] == "keychain"
    assert who(world)["email"] == "dev@example.com"
    world.clock.turn(290)
    assert keychain.bearer().reveal() != first
    assert world.keeper("agent", store="keychain").bearer() == keychain.bearer()
    assert (world.model.live()[0].refresh in tokens_on_disk(world)) is False
    assert len(ring.items()) == 1, "no staged successor is left"
    assert keychain.sign_out().revoked is True
    assert ring.items() == {}
    assert world.model.live() == []
    assert who(world)["authenticated"] is False


def test_the_keyring_is_not_asked_for_every_request(world, keychain, ring):
    keychain.accept(world.model.open_session())
    keychain.bearer()
    ring.mode("locked")
    for _ in range(5):
        keychain.bearer()


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


def test_get_put_delete(ring):
    assert keyring_process.get("s", "a") is None
    keyring_process.put("s", "a", Secret("fäke\nline"))
    assert keyring_process.get("s", "a").reveal() == "fäke\nline"
    keyring_process.delete("s", "a")
    keyring_process.delete("s", "a")
    assert keyring_process.get("s", "a") is None


def test_the_setting_moves_a_login_there_and_back(world, ring):
    world.sign_in()
    refresh = world.stored()["refresh_token"]
    moved = world.keeper("agent", store="keychain")
    assert moved.fresh().refresh_token.reveal() == refresh
    assert not world.file.exists()
    assert len(ring.items()) == 1
    back = world.keeper("agent", store="file")
    assert back.fresh().refresh_token.reveal() == refresh
    assert world.stored()["refresh_token"] == refresh
    assert ring.items() == {}
    assert who(world)["storage"] == "file"


def test_a_login_stays_in_its_file_while_the_keyring_is_locked(world, ring):
    world.sign_in()
    ring.mode("locked")
    keeper = world.keeper("agent", store="keychain")
    assert keeper.fresh()
    assert world.file.exists()


def test_killed_before_the_pointer_was_written(world, keychain, ring):
    """The keyring has the new login, the pointer does not say so: the file counts, the next start moves it."""
    world.sign_in()
    store = keychain._parts.store
    ring.file.write_text(json.dumps({f"amika-desktop|{store.keychain._item}": "left-over"}))
    assert keychain.fresh()
    assert not world.file.exists()
    assert world.model.live()[0].refresh in next(iter(ring.items().values()))


def test_killed_before_the_file_was_deleted(world, keychain):
    keychain.accept(world.model.open_session())
    world.write_as_go(world.model.open_session())
    pointer = keychain._parts.store.pointer.path
    os.utime(world.file, (1000, 1000))
    assert os.stat(pointer).st_mtime > 1000
    keychain._tidy_at = 0
    keychain.fresh()
    assert not world.file.exists()
    assert who(world)["storage"] == "keychain"


def test_another_program_signs_in_by_file_and_that_login_counts(world, keychain):
    keychain.accept(world.model.open_session())
    content = world.sign_in_by_go()
    later = os.stat(keychain._parts.store.pointer.path).st_mtime + 5
    os.utime(world.file, (later, later))
    assert who(world)["storage"] == "file"
    assert world.keeper("cli", store="keychain").fresh().refresh_token.reveal() == content["refresh_token"]
    assert not world.file.exists(), "moved into the keyring"


def test_the_keyring_lost_the_login(world, keychain, ring):
    keychain.accept(world.model.open_session())
    ring.file.unlink()
    fresh = world.keeper("cli", store="keychain")
    with pytest.raises(Exception, match="keyring holds the login, but it does not") as caught:
        fresh.fresh()
    assert caught.value.exit_code == 3


def test_rolled_forward_from_the_keyring(world, keychain, ring):
    from tests.agent.session.successor import stage_with

    keychain.accept(world.model.open_session())
    answer = stage_with(world, keychain)
    assert len(ring.items()) == 2
    world.clock.turn(1)
    found = world.keeper("cli", store="keychain").fresh()
    assert found.refresh_token.reveal() == answer["refresh_token"]
    assert world.server.count("refresh") == 0
    assert len(ring.items()) == 1


def test_killed_between_keyring_and_pointer_during_a_renewal(world, keychain, ring):
    """The keyring has the successor, the pointer still names the spent one: the next process asks the keyring."""
    keychain.accept(world.model.open_session())
    other = world.keeper("agent", store="keychain")
    other.fresh()
    store = keychain._parts.store
    pointer = Path(store.pointer.path).read_bytes()
    info = os.stat(store.pointer.path)
    world.clock.turn(290)
    keychain.fresh()
    Path(store.pointer.path).write_bytes(pointer)
    os.utime(store.pointer.path, ns=(info.st_mtime_ns, info.st_mtime_ns))
    other.fresh()
    assert world.server.count("refresh") == 1


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


def test_offline_in_keychain_mode(world, keychain):
    keychain.accept(world.model.open_session())
    world.clock.turn(290)
    world.server.stop()
    with pytest.raises(RenewalPostponed):
        keychain.fresh()
    world.server.start()
    assert keychain.fresh()
    assert MetaFile(str(world.state)).read().sent_at == 0


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


# beside a running agent


def beside(world, agent, asked, **more):
    """Return a command's keeper, and have the agent do what a real one does when it is told to look."""

    def ask() -> bool:
        asked.append(world.clock.monotonic())
        agent()
        return True

    return world.keeper("cli", store="keychain", agent=ask, **more)


def test_the_agent_renews_what_is_in_the_keyring_and_a_command_takes_it(world, keychain, ring):
    keychain.accept(world.model.open_session())
    asked: list[float] = []
    agent = world.keeper("agent", store="keychain")
    command = beside(world, agent.fresh, asked)
    assert command.fresh().access_token == keychain.stored().access_token
    assert asked == [], "while the token is good nobody is asked"
    world.clock.turn(290)
    ring_before = ring.items()
    token = command.bearer()
    assert token == agent.bearer()
    assert (len(asked), world.server.count("refresh")) == (1, 1)
    assert ring.items() != ring_before
    assert len(world.model.live()) == 1


def test_a_command_that_came_too_late_takes_what_the_agent_had_brought(world, keychain):
    keychain.accept(world.model.open_session())
    world.clock.turn(290)
    agent = world.keeper("agent", store="keychain")
    command = beside(world, lambda: None, [])
    command.named()
    seen = command.stored()
    agent.fresh()
    assert command._renew(seen, None).access_token == agent.stored().access_token
    assert world.server.count("refresh") == 1
    assert world.clock.slept == []


def test_an_agent_that_brings_nothing_is_no_reason_to_be_signed_out(world, keychain):
    keychain.accept(world.model.open_session())
    world.clock.turn(290)
    asked: list[float] = []
    command = beside(world, lambda: None, asked)
    assert command.fresh()
    assert (len(asked), world.server.count("refresh")) == (1, 1)
    assert sum(world.clock.slept) == pytest.approx(5, abs=0.1)


def test_nobody_waits_for_an_agent_that_is_not_there(world, keychain):
    keychain.accept(world.model.open_session())
    world.clock.turn(290)
    command = world.keeper("cli", store="keychain", agent=lambda: False)
    assert command.fresh()
    assert world.clock.slept == []


def test_nobody_waits_for_what_no_agent_can_bring(world, keychain):
    """The server has refused this token for good: an agent would not send it again either."""
    keychain.accept(world.model.open_session())
    world.model.sessions.clear()
    world.clock.turn(290)
    with pytest.raises(SessionEnded):
        keychain.fresh()
    asked: list[float] = []
    with pytest.raises(SessionEnded):
        beside(world, lambda: None, asked).fresh()
    assert asked == []


def test_a_session_in_the_file_is_renewed_by_whoever_needs_it(world):
    world.sign_in()
    world.clock.turn(290)
    asked: list[float] = []
    assert world.keeper("cli", agent=lambda: bool(asked.append(1.0))).fresh()
    assert (asked, world.server.count("refresh")) == ([], 1)
