from __future__ import annotations

import json
import stat
import threading

import pytest

from amika_agent.accounts.amika import (
    ChooseOrganization,
    CodeReady,
    SignedIn,
    SignInCancelled,
    SignInDenied,
    sign_in,
)
from amika_agent.endpoints import Endpoints, resolve_endpoints
from amika_agent.session.keeper import SessionKeeper
from amika_local.errors import Failed, NotFound, NotSignedIn, Unreachable, UsageError

TWO = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]


@pytest.fixture
def world(tmp_path, server, http, clock):
    endpoints = resolve_endpoints({}, local_url=server.url)

    class World:
        state = tmp_path / "state"
        file = state / "workos-session.json"
        cancel = threading.Event()
        keeper = SessionKeeper(str(state), endpoints, http, clock, role="cli")

        def start(self, **more):
            return sign_in(endpoints, http, clock, cancel=self.cancel, keeper=self.keeper, **more)

        def run(self, **more):
            """Sign in with an approving person; return every event."""
            events = []
            for event in self.start(**more):
                events.append(event)
                if isinstance(event, CodeReady):
                    server.model.approve(event.user_code)
            return events

        def stored(self):
            return json.loads(self.file.read_text())

    return World()


def test_signed_in_and_stored_before_it_is_said(world, server):
    for event in world.start():
        if isinstance(event, CodeReady):
            assert not world.file.exists()
            server.model.approve(event.user_code)
        if isinstance(event, SignedIn):
            assert world.stored()["email"] == event.email == "dev@example.com"
            assert event.organization_id == "org_01ACME"
    assert stat.S_IMODE(world.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(world.state.stat().st_mode) == 0o700


def test_the_go_cli_can_read_it(world):
    world.run()
    stored = world.stored()
    assert list(stored)[:6] == ["access_token", "refresh_token", "user_id", "email", "organization_id", "expires_at"]
    assert stored["expires_at"].endswith("Z")
    assert world.file.read_text().startswith('{\n  "access_token"')


def test_the_device_code_is_in_no_file_and_no_event(world, server):
    events = world.start()
    ready = next(events)
    device_code = next(iter(server.model.codes))
    assert device_code not in repr(ready)
    written = "".join(path.read_text() for path in world.state.iterdir())
    assert ready.user_code in written
    assert device_code not in written
    events.close()


def test_the_local_server_is_told_who_asks_and_a_hosted_one_is_not(world, server):
    world.run()
    extra = next(iter(server.model.codes.values())).extra
    assert extra["requesting_program"] == "amika"
    assert "requesting_machine" in extra
    from amika_agent.accounts.sign_in import _extra

    assert _extra(Endpoints("https://a.example", "https://b.example", "c")) == {}


def test_one_organization_is_named_and_right(world, server):
    world.run(organization="org_01ACME")
    assert server.count("select") == 0


@pytest.mark.parametrize("wanted", ["org_02BETA", "Beta", " beta "])
def test_organization_by_id_or_name(world, server, wanted):
    server.model.organizations = TWO
    events = world.run(organization=wanted)
    assert isinstance(events[-1], SignedIn)
    assert world.stored()["organization_id"] == "org_02BETA"
    assert not any(isinstance(event, ChooseOrganization) for event in events)


def test_organization_chosen_by_the_person(world, server):
    server.model.organizations = TWO
    events = world.run(choose_organization=lambda choices: choices[1].id)
    shown = next(event for event in events if isinstance(event, ChooseOrganization))
    assert [one.name for one in shown.organizations] == ["Acme", "Beta"]
    assert world.stored()["organization_id"] == "org_02BETA"


def test_nobody_can_choose(world, server):
    server.model.organizations = TWO
    with pytest.raises(UsageError, match="Acme") as caught:
        world.run()
    assert "--org" in caught.value.remedy
    assert not world.file.exists()


def test_no_such_organization(world, server):
    server.model.organizations = TWO
    with pytest.raises(NotFound) as caught:
        world.run(organization="Gamma")
    assert "Beta" in caught.value.remedy
    assert not world.file.exists()


def test_two_organizations_of_one_name(world, server):
    server.model.organizations = [("org_1", "Acme"), ("org_2", "ACME")]
    with pytest.raises(UsageError) as caught:
        world.run(organization="acme")
    assert "org_2" in caught.value.remedy


def test_names_with_control_characters_stay_out_of_messages(world, server):
    server.model.organizations = [("org_1", "A\x1b[31mcme\u202e"), ("org_2", "Beta")]
    with pytest.raises(UsageError) as caught:
        world.run()
    assert caught.value.message.isprintable()


def test_the_choice_is_cancelled(world, server):
    server.model.organizations = TWO
    with pytest.raises(SignInCancelled):
        world.run(choose_organization=lambda choices: None)
    assert not world.file.exists()


def test_another_organization_than_the_server_granted(world, server):
    server.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    granted = server.model.open_session

    def only_one():
        return 200, granted()

    server.model._granted = only_one
    world.run(organization="org_02BETA")
    assert world.stored()["organization_id"] == "org_02BETA"


def test_a_name_that_cannot_be_looked_up_signs_nobody_in(world, server):
    with pytest.raises(NotFound):
        world.run(organization="Beta")
    assert not world.file.exists()
    assert server.model.live() == []


@pytest.mark.parametrize("kind", ["reset", "500", "429", "half"])
def test_a_fault_while_choosing_is_survived(world, server, kind):
    server.model.organizations = TWO
    server.fail("select", kind, times=2)
    assert isinstance(world.run(organization="Acme")[-1], SignedIn)


def test_a_server_that_never_takes_the_choice(world, server):
    server.model.organizations = TWO
    server.fail("select", "reset", times=50)
    with pytest.raises(Unreachable):
        world.run(organization="Acme")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("email_verification_required", "e-mail"),
        ("mfa_challenge", "second factor"),
        ("something_new", "one more step"),
    ],
)
def test_other_steps_send_the_person_to_the_browser(world, server, code, words):
    server.model.step_up = code
    with pytest.raises(NotSignedIn, match=words) as caught:
        world.run()
    assert "browser" in caught.value.remedy


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    "body", [{"error": "sso_required", "connection_ids": ["c"]}, {"code": "mfa_enrollment", "message": "BODY"}]
)
def test_a_step_that_comes_without_a_token_to_go_on_with(world, server, status, body):
    server.fail("poll", "answer", status=status, body=json.dumps(body).encode())
    with pytest.raises(NotSignedIn, match="not complete: your organization asks") as caught:
        world.run()
    assert "browser" in caught.value.remedy
    assert "BODY" not in caught.value.message + caught.value.remedy


def test_organizations_that_are_none(world, server):
    body = {
        "code": "organization_selection_required",
        "pending_authentication_token": "p",
        "organizations": [{"id": 7}],
    }
    server.fail("poll", "answer", status=403, body=json.dumps(body).encode())
    with pytest.raises(Failed, match="offers none"):
        world.run()


def test_denied(world, server):
    events = world.start()
    server.model.deny(next(events).user_code)
    with pytest.raises(SignInDenied):
        list(events)
    assert not world.file.exists()


def test_a_directory_that_cannot_be_written_is_found_out_first(world, server):
    world.state.parent.mkdir(exist_ok=True)
    world.state.write_text("a file is in the way")
    with pytest.raises(Failed):
        world.run()
    assert server.seen == []


def test_a_session_that_cannot_be_stored_is_ended_at_the_server(world, server):
    world.run()
    kept = world.file.read_bytes()
    events = world.start()
    server.model.approve(next(events).user_code)
    # between the code and the approval somebody replaces the file by a link
    elsewhere = world.state.parent / "elsewhere.json"
    elsewhere.write_bytes(kept)
    world.file.unlink()
    world.file.symlink_to(elsewhere)
    with pytest.raises(Failed, match="symbolic link"):
        list(events)
    assert elsewhere.read_bytes() == kept
    assert len(server.model.live()) == 1


def test_signing_in_anew_replaces_and_ends_the_old_session(world, server):
    world.run()
    first = world.stored()
    world.run()
    assert world.stored()["refresh_token"] != first["refresh_token"]
    assert len(server.model.live()) == 1
    assert server.model.live()[0].refresh == world.stored()["refresh_token"]


def test_a_failed_sign_in_leaves_the_old_session(world, server):
    world.run()
    before = world.file.read_bytes()
    events = world.start()
    server.model.deny(next(events).user_code)
    with pytest.raises(SignInDenied):
        list(events)
    assert world.file.read_bytes() == before
    assert len(server.model.live()) == 1


def test_closing_the_iterator_frees_the_way(world):
    events = world.start()
    next(events)
    events.close()
    assert isinstance(world.run()[-1], SignedIn)


def test_cancelled_after_the_grant_leaves_no_session_anywhere(world, server):
    events = world.start()
    server.model.approve(next(events).user_code)
    server.after = lambda step: world.cancel.set() if step == "poll" else None
    with pytest.raises(SignInCancelled):
        list(events)
    assert not world.file.exists()
