"""After a change of account: which push rules stay behind, with the old and the new account named."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from amika_cli.render import clean, note
from amika_local.errors import AmikaError

if TYPE_CHECKING:
    from amika_agent.accounts.amika import AccountKey
    from amika_cli.context import Context


class Before:
    """The account as it was: made before a sign-in or a switch, asked after it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._key = self._account()
        self._shown = _shown(context) if self._key is not None else ""

    def note_parked(self) -> None:
        """Tell on stderr when push rules were left with the old account, and how to have them for the new one."""
        after = self._account()
        if self._key is None or after is None or after == self._key or not self._rules(self._key):
            return
        context = self._context
        note(f"Push rules of {self._shown} are parked: nothing of theirs is sent to {_shown(context)}.")
        note(f"Make rules for this one by pushing again: {context.command('secret claude push')}")

    def _account(self) -> AccountKey | None:
        with contextlib.suppress(AmikaError):
            return self._context.authority.account()
        return None

    def _rules(self, account: AccountKey) -> bool:
        if not os.path.exists(self._context.profile.sync_db):
            return False
        with contextlib.suppress(AmikaError):
            return bool(self._context.db.rules(account.text))
        return False


def _shown(context: Context) -> str:
    parts = [clean(text) for text in (context.email, context.organization) if text]
    return " at ".join(parts) or "another account"
