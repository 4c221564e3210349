"""A session goes to the servers that it was made at, and to no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.workos_server import WorkosServer

from amika_agent.endpoints import Endpoints, resolve_endpoints
from amika_agent.session.keeper import SessionKeeper
from amika_agent.session.meta import MetaFile
from amika_local.errors import UsageError

EVIL = Endpoints("https://evil.example", "https://evil.example", "client")


def test_a_session_is_bound_to_the_certificates_its_servers_are_known_by(world):
    """XDG_CONFIG_HOME names a settings file that trusts a certificate of its author: any server could be ours."""
    real = Endpoints("https://real.example", "https://real.example", "client")
    world.sign_in_by_go()
    world.keeper("cli", real).fresh()
    trusting = replace(real, ca_file="/repository/ca.pem")
    with pytest.raises(UsageError, match=r"certificates of /repository/ca\.pem"):
        world.keeper("cli", trusting).bearer()
    with pytest.raises(UsageError):
        world.keeper("agent", trusting).fresh(force=True)
    assert world.keeper("cli", real).bearer().reveal() == world.stored()["access_token"]


def test_a_link_to_a_login_is_no_first_use(world, tmp_path):
    """AMIKA_STATE_DIRECTORY names a folder with nothing but a link: what is known of the login lies elsewhere."""
    world.sign_in_by_go()
    folder = tmp_path / "of a repository"
    folder.mkdir()
    (folder / "workos-session.json").symlink_to(world.file)
    there = SessionKeeper(str(folder), world.endpoints, world.http, world.clock, role="cli")
    for attempt in (there.bearer, lambda: there.fresh(force=True)):
        with pytest.raises(UsageError, match="symbolic link"):
            attempt()
    assert world.server.seen == []
    assert not (folder / ".session.meta").exists()


def test_a_session_is_bound_to_its_servers(world, server):
    world.sign_in()
    elsewhere = world.keeper("cli", EVIL)
    for attempt in (
        elsewhere.fresh,
        lambda: elsewhere.fresh(force=True),
        lambda: elsewhere.switch_organization("org_x"),
    ):
        with pytest.raises(UsageError, match="signed in to another server"):
            attempt()
    assert server.seen == []


def test_the_api_alone_or_the_sign_in_service_alone_is_enough_to_refuse(world):
    world.sign_in()
    for api, workos in ((world.server.url, "https://evil.example"), ("https://evil.example", world.server.url)):
        with pytest.raises(UsageError):
            world.keeper("cli", Endpoints(api, workos, "client")).fresh()


def test_a_file_that_go_wrote_is_bound_at_its_first_use(world):
    world.sign_in_by_go()
    world.cli.fresh()
    with pytest.raises(UsageError):
        world.keeper("cli", EVIL).fresh()


def test_the_binding_survives_a_renewal_by_go_and_by_us(world):
    world.sign_in()
    world.clock.turn(290)
    world.cli.fresh()
    _, answer = world.model._refresh({"refresh_token": world.stored()["refresh_token"]})
    world.write_as_go(answer)
    with pytest.raises(UsageError):
        world.keeper("cli", EVIL).fresh()


def test_another_port_on_this_machine_is_the_same_server(world, clock):
    world.sign_in()
    with WorkosServer(now=clock.now) as other:
        there = world.keeper("cli", resolve_endpoints({}, local_url=other.url))
        assert there.fresh().access_token.reveal() == world.stored()["access_token"]


def test_a_sign_in_binds_before_the_session_is_on_disk(world):
    """Killed between the two: the old session must still know where it belongs."""
    world.sign_in()
    sid = world.cli.stored().session_id
    meta = world.meta
    meta.bind("session_new", EVIL.origin, EVIL.issuer)
    MetaFile(str(world.state)).write(meta)
    assert world.meta.bindings[sid] == ["loopback", "loopback"]
    with pytest.raises(UsageError):
        world.keeper("cli", EVIL).fresh()
