"""The whole work, blocking: look at the files, renew the session, reconcile the remote secrets.

One implementation for both: the agent's lanes call `look`, `renew` and `reconcile` in worker threads, the command line
calls `cycle` when no agent runs. Each part owns its own facts behind its own lock, so the three may run at the same
time and a slow server delays neither the env cache nor a renewal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from amika_agent.clock import Clock
    from amika_shared.profile import Profile


class Engine:
    """Everything that one profile needs done.

    profile  folders of the profile
    env      environment of this process: never a client's
    clock    time source
    role     "agent" or "cli": how early the session is renewed
    """

    def __init__(self, profile: Profile, env: Mapping[str, str], clock: Clock, role: Literal["agent", "cli"]) -> None:
        self.profile = profile
        self.env = env
        self.clock = clock
        self.role = role

    def look(self) -> None:
        """Read every source and bring the env cache up to date. Needs neither network nor keyring.

        A source that fails becomes a problem of the snapshot; nothing is raised for it.
        """
        raise NotImplementedError

    def renew(self, *, force: bool = False) -> None:
        """Renew what is ours and due. A failure becomes a problem of the snapshot."""
        raise NotImplementedError

    def reconcile(self, *, dry_run: bool = False) -> list[dict[str, Any]]:
        """Bring the remote secrets up to date and return what was done, or with `dry_run` what would be.

        Each entry: {"rule", "action", "provider", "name", "scope", "detail", "ok"}; never a value.

        Raises:
            AmikaError: only with `dry_run`; otherwise a failure becomes a problem of the snapshot.

        """
        raise NotImplementedError

    def cycle(self, *, dry_run: bool = False) -> list[dict[str, Any]]:
        """Do `look`, `renew` and `reconcile` in this order and return what `reconcile` returned."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        """Return the present facts in the shape of `amika_shared.snapshot.Snapshot`; reads memory only."""
        raise NotImplementedError

    def sign_in(
        self,
        cancel: threading.Event,
        *,
        choose_organization: Callable[[list[dict[str, str]]], str] | None = None,
        organization: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the events of one sign-in to Amika.

        {"event":"code","user_code","verification_uri","verification_uri_complete","expires_at","interval"},
        {"event":"waiting","message"}, {"event":"choose_organization","organizations":[{"id","name"}]},
        {"event":"done","email","organization_id"}: the session is on disk before "done" is yielded.

        Raises:
            AmikaError: denied, expired, cancelled, unreachable.

        """
        raise NotImplementedError

    def sign_out(self) -> dict[str, Any]:
        """Revoke at the server, then forget locally. Idempotent.

        Returns {"was_signed_in": bool, "revoked": bool, "detail": str, "left_remotely": [names of pushed secrets]}.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Give back connections and the database, and stop a local workspace that this engine started."""
