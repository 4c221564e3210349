"""Signing out of almyty: the key at the server when our own browser sign-in minted it, then the file."""

from __future__ import annotations

import contextlib
import os

from amika_agent.accounts.almyty_api import AlmytyApi
from amika_agent.accounts.almyty_keys import end_noted
from amika_agent.accounts.almyty_notes import key_of, note
from amika_agent.accounts.almyty_store import changing, delete_login
from amika_agent.accounts.signed_out import SignedOut
from amika_agent.http.client import Http
from amika_agent.stores.link import left_behind
from amika_local.almyty_file import AlmytyLogin, credentials_path, read_login
from amika_local.errors import AmikaError, Failed
from amika_local.login_file import LoginFileError

_NOT_OURS = "signed out of almyty; the key was not made by this program and stays valid at the server"


def sign_out(folder: str, http: Http, *, local_url: str = "") -> SignedOut:
    """Delete the key at the server when our own browser sign-in minted it, then the file.

    The server is the one that the file names; `local_url` where that is the local workspace, whose port may change.

    Raises:
        Failed: the file cannot be deleted.

    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(Failed):  # where no lock can be had the server is told all the same
            if os.path.isdir(folder):
                stack.enter_context(changing(folder))
        return _alone(folder, http, local_url)


def _alone(folder: str, http: Http, local_url: str) -> SignedOut:
    path = credentials_path(folder)
    left = left_behind(path)
    try:
        login = read_login(path)
    except LoginFileError as error:
        delete_login(folder)
        done = f"deleted a login that could not be read: {error}"
        return SignedOut(was_signed_in=True, revoked=None, done=done, left=left)
    if login is None:
        delete_login(folder)  # a link that leads nowhere
        return SignedOut(was_signed_in=False, revoked=None, done="nobody was signed in to almyty")
    revoked, done, problem = _revoke(folder, login, http, local_url)
    delete_login(folder)
    return SignedOut(was_signed_in=True, revoked=revoked, done=done, problem=problem, left=left)


def _revoke(folder: str, login: AlmytyLogin, http: Http, local_url: str) -> tuple[bool | None, str, str]:
    try:
        api = AlmytyApi(local_url or login.url, http)
    except AmikaError as error:
        if not login.key_id:
            return None, _NOT_OURS, ""
        return _left(folder, login, f"the key could not be deleted at the server: {error.message}")
    earlier = end_noted(folder, login, api, local=bool(local_url))
    revoked, done, problem = _own(folder, login, api)
    return revoked, f"{done}; {earlier}" if earlier else done, problem


def _own(folder: str, login: AlmytyLogin, api: AlmytyApi) -> tuple[bool | None, str, str]:
    if not login.key_id:
        return None, _NOT_OURS, ""
    if other := api.refuses(login):
        return _left(folder, login, f"the key was not deleted at the server: {other}")
    try:
        deleted = api.delete_key(login.token, login.key_id, login.organization_id)
    except AmikaError as error:
        return _left(folder, login, f"the key could not be deleted at the server: {error.message}")
    if not deleted:
        return True, "signed out of almyty; the server had ended the key already", ""
    return True, "signed out of almyty; the key was deleted at the server", ""


def _left(folder: str, login: AlmytyLogin, why: str) -> tuple[bool | None, str, str]:
    """Note the key, so that the next login of its user ends it: its own is gone in a moment."""
    with contextlib.suppress(Failed):
        note(folder, key_of(login))
    return False, "signed out of almyty here", why
