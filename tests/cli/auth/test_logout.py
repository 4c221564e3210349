"""`amika auth logout`."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from tests.cli.auth.signing_in import signed_in
from tests.fakes.session_files import go_session, write_session

from amika_shared.profile import resolve


def test_logout_names_what_stays_stored(amika, server, state, pushed):
    code, out, _ = amika("auth", "logout")
    assert code == 0
    assert "Secrets you pushed stay stored: Claude OAuth" in out


def test_logout_that_the_server_did_not_hear_says_so(amika, server, state):
    signed_in(server, state)
    server.fail("logout", "500")
    code, out, err = amika("auth", "logout", "-o", "json")
    assert (code, json.loads(out)["revoked"]) == (0, False)
    assert "not ended at the server" in err


def test_what_a_link_leads_to_is_told_at_logout(amika, server, state, tmp_path):
    signed_in(server, state)
    (state / "workos-session.json").rename(tmp_path / "session.json")
    (state / "workos-session.json").symlink_to(tmp_path / "session.json")
    (tmp_path / "key.json").write_text('{"key": "ak_fake"}')
    (state / "api-key.json").symlink_to(tmp_path / "key.json")
    code, out, err = amika("auth", "logout")
    assert code == 0
    assert f"{tmp_path / 'session.json'} still holds its token" in out
    assert f"the stored API key was a link, and {tmp_path / 'key.json'} still holds it" in err
    assert not (state / "workos-session.json").is_symlink()
    assert not (state / "api-key.json").is_symlink()


def test_a_local_login_is_removed_although_its_workspace_cannot_start(amika, home):
    """What cannot be revoked is said, and nobody stays signed in for it."""
    profile = resolve(os.environ, local=True)
    state = Path(profile.amika_state_dir)
    write_session(state, go_session(iat=time.time()))
    folder = Path(profile.workspace_dir)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the workspace's data should be")
    code, out, err = amika("auth", "logout", "--local")
    assert code == 0
    assert "Signed out here" in out
    assert "not ended at the server" in err
    assert "the local workspace cannot be started" in err
    assert not (state / "workos-session.json").exists()
    code, out, _ = amika("auth", "logout", "--local")
    assert (code, out) == (0, "You were not signed in.\n")
