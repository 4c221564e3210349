"""Ends the keys that our own sign-ins made at almyty and that no login here holds any more.

Such a key is written down before it can come to that: a kill between storing a login and ending the key of the one
before would leave that key valid at the server, and nobody would know. The login that is here may end the other keys of
its user; what it cannot end is said.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from amika_agent.accounts.almyty_api import AlmytyApi
from amika_agent.accounts.almyty_notes import OldKey, key_of, note, noted, strike, write
from amika_agent.accounts.almyty_store import changing
from amika_agent.http.client import Http
from amika_local.almyty_file import AlmytyLogin, credentials_path, read_login, same_server
from amika_local.errors import AmikaError, Failed
from amika_local.login_file import LoginFileError


def end_replaced(folder: str, previous: AlmytyLogin, api: AlmytyApi, *, local: bool) -> str:
    """Delete the key of the login before, when our own sign-in made it and `api` is its server; nobody has it now.

    Return what a person has to know, "" for nothing. What time may solve stays written down.
    """
    if not previous.key_id:
        return ""
    if not local and not same_server(api.url, previous.url):
        strike(folder, previous.key_id)
        return f"the key of the login before stays valid at {previous.url}"
    if other := api.refuses(previous):
        why = f"the key of the login before was not deleted at the server: {other}"
    else:
        try:
            api.delete_key(previous.token, previous.key_id, previous.organization_id)
        except AmikaError as error:
            other = error.message
            why = f"the key of the login before could not be deleted at the server: {error.message}"
        else:
            strike(folder, previous.key_id)
            return ""
    with contextlib.suppress(Failed):
        note(folder, replace(key_of(previous), why=other))
    return why


def end_noted(folder: str, login: AlmytyLogin, api: AlmytyApi, *, local: bool, telling: bool = True) -> str:
    """End the keys that are written down, as far as the login that is here can; the caller holds its lock.

    Args:
        folder: of the login.
        login: the one that is here.
        api: its server: no other one is asked.
        local: the local workspace, whose port may change.
        telling: a person hears the answer: what only a person can do is not kept any longer.

    Return what a person has to know, clauses; "" for nothing.

    """
    known = noted(folder)
    if not known:
        return ""
    mine = [key for key in known if local or same_server(key.url, login.url)]
    left = _ended([key for key in mine if key.id != login.key_id], login, api)
    left += [replace(key, why=f"it is one of {key.url}", final=True) for key in known if key not in mine]
    kept = [key for key in left if not (telling and key.final)]
    if kept != known:
        with contextlib.suppress(Failed):
            write(folder, kept)
    return "; ".join(key.told for key in left)


def end_left(folder: str, http: Http, *, local_url: str = "") -> None:
    """End what a killed process of ours left, without anybody who would hear of it: what cannot be done stays noted.

    Raises:
        Busy: a sign-in or sign-out is under way, and does it itself.
        Failed: nothing can be written there.
        UsageError: the login names an address that must not be used.

    """
    if not noted(folder):
        return
    with changing(folder, wait=0.0):
        login = None
        with contextlib.suppress(LoginFileError):
            login = read_login(credentials_path(folder))
        if login is not None:
            end_noted(folder, login, AlmytyApi(local_url or login.url, http), local=bool(local_url), telling=False)


def _ended(keys: list[OldKey], login: AlmytyLogin, api: AlmytyApi) -> list[OldKey]:
    """Return those that are still there; a server that does not answer is asked once."""
    left: list[OldKey] = []
    trouble = api.refuses(login)
    for key in keys:
        if not login.email or key.email != login.email:
            left.append(replace(key, why=f"it is {key.email or 'another user'}'s", final=True))
            continue
        if not trouble:
            try:
                if _end(key, login, api):
                    continue
                left.append(replace(key, why="it belongs to another organization", final=True))
                continue
            except AmikaError as error:
                trouble = error.message
        left.append(replace(key, why=trouble, final=False))
    return left


def _end(key: OldKey, login: AlmytyLogin, api: AlmytyApi) -> bool:
    """End a key of the login's own user; False when nothing was found that could be ended.

    Raises:
        AmikaError: it may still be valid.

    """
    if key.id in api.key_ids(login.token, key.organization_id):
        if not api.delete_key(login.token, key.id, key.organization_id):
            raise Failed("the login that is here is not accepted any more")
        return True
    return key.organization_id == login.organization_id  # where its like are listed and it is not, it has ended
