"""The Amika account: who is signed in, with what right requests are sent, and how one signs in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from amika_agent.accounts.device import Waiting
from amika_agent.accounts.endpoints import Endpoints
from amika_agent.clock import Clock
from amika_agent.http import Http
from amika_agent.session import SessionKeeper
from amika_local.secret import Secret


@dataclass(frozen=True)
class AccountKey:
    """What rules, ledger and pending work belong to: one user of one organization on one server."""

    api_url: str
    user_id: str
    org_id: str

    @property
    def text(self) -> str:
        """A stable key."""
        return "\n".join((self.api_url, self.user_id, self.org_id))


@dataclass(frozen=True)
class Organization:
    """An organization that the person may sign in to."""

    id: str
    name: str


@dataclass(frozen=True)
class CodeReady:
    """Show this code and open this page. `verification_uri_complete` is "" when the server has none."""

    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_at: float
    interval: float
    joined: bool = False


@dataclass(frozen=True)
class ChooseOrganization:
    """The person belongs to several organizations; `choose_organization` is called next."""

    organizations: tuple[Organization, ...]


@dataclass(frozen=True)
class SignedIn:
    """Done: the session file is written."""

    email: str
    organization_id: str


SignInEvent = CodeReady | Waiting | ChooseOrganization | SignedIn


class Authority:
    """The right to talk to Amika's API: AMIKA_API_KEY, else the stored API key, else the session."""

    def __init__(
        self,
        state_dir: str,
        env: Mapping[str, str],
        endpoints: Endpoints,
        http: Http,
        clock: Clock,
        role: str,
        *,
        store: str = "file",
    ) -> None:
        self.endpoints = endpoints
        self.keeper = SessionKeeper(state_dir, endpoints, http, clock, role=role, store=store)

    @property
    def method(self) -> str:
        """Return "env_api_key", "stored_api_key", "session" or "none"."""
        raise NotImplementedError

    def bearer(self, *, force: bool = False) -> Secret:
        """Return the token to send; `force` after a 401 renews a session once.

        Raises:
            NotSignedIn, UsageError, Unreachable, Busy, Failed: as `SessionKeeper.fresh`.

        """
        raise NotImplementedError

    def account(self) -> AccountKey | None:
        """Return whose account it is, without network; None when nobody is signed in."""
        raise NotImplementedError

    def verify(self) -> dict[str, object]:
        """Ask the server whether it accepts the bearer: {"verified": bool, "reason": str}.

        Raises:
            NotSignedIn: there is nothing to verify, or the server rejects it.
            Unreachable: nothing was learned.

        """
        raise NotImplementedError


def sign_in(
    endpoints: Endpoints,
    http: Http,
    clock: Clock,
    *,
    cancel: threading.Event,
    keeper: SessionKeeper,
    choose_organization: Callable[[Sequence[Organization]], str | None] | None = None,
    organization: str | None = None,
) -> Iterator[SignInEvent]:
    """Sign in by the device flow; the session file is written before SignedIn is yielded.

    Only one sign-in runs at a time: a second caller is shown the code of the first and ends with it.
    Close the iterator or set `cancel` to stop.

    Args:
        endpoints: the servers.
        http: used for every request.
        clock: time.
        cancel: set to stop at once.
        keeper: takes the session.
        choose_organization: called with the choices after ChooseOrganization; returns an id, or None to cancel.
        organization: name or id, asked for beforehand.

    Raises:
        SignInCancelled, SignInDenied, SignInExpired: how it ended.
        NotFound, UsageError: the organization.
        Failed, Unreachable: the server.

    """
    raise NotImplementedError
