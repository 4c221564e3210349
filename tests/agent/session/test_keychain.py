"""A session whose tokens are in the keyring: signing in and out, renewing, moving, being killed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.agent.session.ring import who

from amika_agent.session.keeper import RenewalPostponed
from amika_agent.session.meta import MetaFile
from amika_agent.stores import keyring_process
from amika_local.secret import Secret


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


def test_offline_in_keychain_mode(world, keychain):
    keychain.accept(world.model.open_session())
    world.clock.turn(290)
    world.server.stop()
    with pytest.raises(RenewalPostponed):
        keychain.fresh()
    world.server.start()
    assert keychain.fresh()
    assert MetaFile(str(world.state)).read().sent_at == 0
