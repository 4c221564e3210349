from __future__ import annotations

import threading

import pytest
from tests.fakes.workos_server import WorkosServer

from amika_agent.clock import SystemClock
from amika_agent.http.client import Http
from amika_agent.session.keeper import SessionKeeper
from amika_local.errors import Failed, NotSignedIn
from amika_local.session_file import SessionFileError


def test_revoked_then_deleted(world):
    world.sign_in()
    sid = world.cli.stored().session_id
    result = world.cli.sign_out()
    assert (result.signed_in, result.revoked) == (True, True)
    assert world.server.seen[-1].form == {"session_id": sid}
    assert world.model.live() == []
    assert world.files() == {".session.lock", ".session.meta"}
    with pytest.raises(NotSignedIn):
        world.cli.fresh()


def test_twice_does_no_harm(world):
    world.sign_in()
    world.cli.sign_out()
    result = world.cli.sign_out()
    assert (result.signed_in, result.revoked) == (False, None)
    assert world.server.count("logout") == 1


def test_never_signed_in(world):
    assert world.cli.sign_out().signed_in is False


@pytest.mark.parametrize("kind", ["refused", "reset", "silence", "half", "500", "403", "huge"])
def test_the_server_does_not_answer_and_we_sign_out_all_the_same(world, kind):
    world.sign_in()
    if kind == "refused":
        world.server.stop()
    else:
        world.server.fail("logout", kind)
    result = world.cli.sign_out(deadline=0.5)
    assert (result.signed_in, result.revoked) == (True, False)
    assert "not ended at the server" in result.message
    assert "BODY" not in result.message
    assert not world.file.exists()


def test_a_session_the_server_no_longer_knows_is_ended(world):
    world.sign_in()
    world.model.sessions.clear()
    assert world.cli.sign_out().revoked is True


def test_a_session_of_another_server_is_not_named_to_this_one(world, server):
    world.sign_in()
    evil = type(world.endpoints)("https://evil.example", "https://evil.example", "client")
    result = world.keeper("cli", evil).sign_out()
    assert (result.signed_in, result.revoked) == (True, False)
    assert server.seen == []
    assert not world.file.exists()


def test_a_session_without_an_id_cannot_be_ended_at_the_server(world):
    world.cli.accept({"access_token": "opaque", "refresh_token": "rt", "expires_in": 600})
    result = world.cli.sign_out()
    assert (result.signed_in, result.revoked) == (True, None)
    assert world.server.seen == []
    assert not world.file.exists()


def test_a_damaged_login_is_removed(world):
    world.sign_in()
    world.file.write_text("{broken")
    result = world.cli.sign_out()
    assert (result.signed_in, result.revoked) == (True, False)
    assert not world.file.exists()


def test_a_successor_left_by_a_kill_is_revoked_too(world):
    from tests.agent.session.successor import stage

    world.sign_in()
    stage(world)
    assert world.cli.sign_out().revoked is True
    assert world.model.live() == []
    assert not world.next.exists()


def test_a_login_that_comes_back_is_removed_and_said(world):
    world.sign_in()
    content = world.file.read_bytes()
    world.cli.sign_out()
    world.file.write_bytes(content)
    assert world.cli.stored() is None
    assert world.cli.due_at() is None
    with pytest.raises(NotSignedIn, match="signed out here"):
        world.cli.fresh()
    assert not world.file.exists()
    world.sign_in()
    assert world.cli.fresh()


def test_it_wins_against_a_renewal_that_does_not_let_go(tmp_path):
    """The renewal hangs in its request and holds the lock; the sign-out does not wait for it for ever."""
    with WorkosServer() as server, Http() as http:
        from amika_agent.endpoints import resolve_endpoints
        from amika_agent.session.sign_out import sign_out

        endpoints = resolve_endpoints({}, local_url=server.url)

        def keeper():
            return SessionKeeper(str(tmp_path), endpoints, http, SystemClock(), role="cli")

        keeper().accept(server.model.open_session())
        in_request, go_on = threading.Event(), threading.Event()

        def hold(step: str) -> None:
            if step == "refresh":
                in_request.set()
                go_on.wait(10)

        server.after = hold
        ends: list[BaseException] = []

        def renew() -> None:
            try:
                keeper().fresh(force=True)
            except NotSignedIn as error:
                ends.append(error)

        thread = threading.Thread(target=renew)
        # got_at is now: the spacing would keep the token; make it look older
        from amika_agent.session.meta import MetaFile

        meta = MetaFile(str(tmp_path)).read()
        meta.got_at -= 60
        MetaFile(str(tmp_path)).write(meta)
        thread.start()
        assert in_request.wait(10)
        assert sign_out(keeper()._parts, 5.0, patience=0.3).revoked is True
        go_on.set()
        thread.join(10)
        assert "signed out while" in str(ends[0])
        assert server.model.live() == []
        assert not (tmp_path / "workos-session.json").exists()


def test_a_disk_that_takes_no_note_keeps_no_login(world):
    """A full disk: nothing can be written, but deleted all the same."""
    world.sign_in()
    meta = world.state / ".session.meta"
    meta.unlink()
    meta.mkdir()
    assert world.cli.sign_out().revoked is True
    assert not world.file.exists()
    assert world.model.live() == []


def test_a_file_that_cannot_be_deleted_is_said_with_what_the_server_did(world):
    world.sign_in()
    world.next.mkdir()
    with pytest.raises(Failed, match="was ended at the server, but not deleted here") as caught:
        world.cli.sign_out()
    assert ".session.next" in caught.value.message
    assert world.model.live() == []


def test_a_server_that_is_not_to_be_asked(world):
    world.sign_in()
    result = world.cli.sign_out(deadline=0.0)
    assert (result.revoked, world.server.count("logout")) == (False, 0)
    assert not world.file.exists()


def test_what_killed_writers_left_goes_with_the_login(world):
    """A kill inside a write leaves a temporary file that holds what the file would have held."""
    world.sign_in()
    left = [world.state / f"workos-session.json.tmp-{n}" for n in ("0a1b2c3d", "deadbeef")]
    for one in left:
        one.write_bytes(world.file.read_bytes())
    world.cli.sign_out()
    assert world.files() == {".session.lock", ".session.meta"}


def test_what_killed_writers_left_goes_at_the_next_sign_in(world):
    world.state.mkdir(mode=0o700)
    left = world.state / "workos-session.json.tmp-0a1b2c3d"
    left.write_text("a token")
    world.sign_in()
    assert not left.exists()


def test_a_link_is_removed_and_what_it_leads_to_is_named(world, tmp_path):
    """What it leads to is somebody else's file: it is not deleted, and not kept quiet about either."""
    world.sign_in()
    real = tmp_path / "elsewhere.json"
    world.file.rename(real)
    world.file.symlink_to(real)
    result = world.cli.sign_out()
    assert result.revoked is True
    assert result.message == f"signed out; the login was a link, and {real} still holds its token"
    assert real.exists()
    assert not world.file.is_symlink()
    assert world.model.live() == [], "what it holds is of no use at the server any more"


def test_a_damaged_login_behind_a_link_is_named_too(world, tmp_path):
    world.sign_in()
    real = tmp_path / "elsewhere.json"
    real.write_text('{"access_token": "half')
    world.file.unlink()
    world.file.symlink_to(real)
    assert str(real) in world.cli.sign_out().message
    assert not world.file.is_symlink()


def test_nothing_is_kept_of_a_damaged_login(world):
    world.sign_in()
    world.file.write_text('{"access_token": "half')
    with pytest.raises(SessionFileError):
        world.cli.fresh()
    assert [name for name in world.files() if ".corrupt-" in name]
    world.cli.sign_out()
    assert world.files() == {".session.lock", ".session.meta"}
