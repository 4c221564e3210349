"""Which key is deleted at which server, by a sign-out and by the next sign-in; no key is led elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.cli.almyty.login_file import FAKE, write
from tests.cli.conftest import Amika
from tests.cli.services_world import InProcess, Workspace


def test_a_key_is_never_led_to_another_server(amika: Amika, there: Workspace, stored: Path) -> None:
    write(stored, {"url": "https://api.example.test", "token": FAKE})
    plain = amika("whoami", "almyty")
    assert plain.code == 0
    assert "the stored login is for https://api.example.test" in plain.err
    asked = amika("whoami", "almyty", "--verify")
    assert asked.code == 2
    assert "Sign in there first" in asked.err
    write(stored, {"token": FAKE})  # a file without an address is almyty's own
    assert amika("whoami", "almyty", "--verify").code == 2


def test_logout_says_when_the_server_could_not_be_asked(quick: InProcess, stored: Path) -> None:
    from amika_local.almyty_file import token_hash

    note = {"keyId": "key_1", "tokenHash": token_hash(FAKE)}
    write(stored, {"url": "http://127.0.0.1:9", "token": FAKE, "_amika": note})
    ran = quick("auth", "logout", "almyty")
    assert ran.code == 0
    assert "could not be deleted at the server" in ran.err
    assert not stored.exists()


def test_a_note_about_another_token_deletes_nothing(amika: Amika, there: Workspace, stored: Path) -> None:
    token = there.mint()
    key_id = there.keys(token)[0]["id"]
    write(stored, {"url": there.url, "token": token, "_amika": {"keyId": key_id, "tokenHash": "0" * 16}})
    assert amika("auth", "logout", "almyty").code == 0
    assert there.accepts(token)


def test_logout_that_cannot_delete_says_so_and_is_exit_5(quick: InProcess, stored: Path) -> None:
    stored.mkdir(parents=True)
    ran = quick("auth", "logout", "almyty")
    assert ran.code == 5
    assert str(stored) in ran.err
    assert "igned out" not in ran.out
    assert stored.exists()


def ours(workspace: Workspace, stored: Path, *, url: str = "") -> str:
    """Store a login whose key our own sign-in made."""
    from amika_local.almyty_file import token_hash

    token = workspace.mint()
    note = {"keyId": workspace.keys(token)[-1]["id"], "tokenHash": token_hash(token)}
    write(stored, {"url": url or workspace.url, "token": token, "_amika": note})
    return token


def given(home: Path, token: str) -> str:
    path = home / "token"
    path.write_text(token)
    return str(path)


def test_a_new_login_deletes_the_key_of_the_one_it_replaces_and_no_other(
    quick: InProcess, there: Workspace, stored: Path, home: Path
) -> None:
    other, before, after = there.mint(), ours(there, stored), there.mint()
    ran = quick("auth", "login", "almyty", "--token-file", given(home, after))
    assert ran.code == 0
    assert [there.accepts(token) for token in (other, before, after)] == [True, False, True]
    # this one was made elsewhere: the next login leaves it alone
    assert quick("auth", "login", "almyty", "--token-file", given(home, other)).code == 0
    assert [there.accepts(token) for token in (other, after)] == [True, True]


def test_the_same_token_given_again_stays_ours_to_delete(
    quick: InProcess, there: Workspace, stored: Path, home: Path
) -> None:
    token = ours(there, stored)
    assert quick("auth", "login", "almyty", "--token-file", given(home, token)).code == 0
    assert there.accepts(token)
    assert quick("auth", "logout", "almyty").code == 0
    assert not there.accepts(token)


def test_the_key_of_another_server_is_named_and_not_sent_here(
    quick: InProcess, there: Workspace, stored: Path, home: Path
) -> None:
    before, after = ours(there, stored, url="https://api.example.test"), there.mint()
    ran = quick("auth", "login", "almyty", "--token-file", given(home, after))
    assert ran.code == 0
    assert "stays valid at https://api.example.test" in ran.err
    assert there.accepts(before)
