"""What a sign-in to Amika tells whoever follows it."""

from __future__ import annotations

from dataclasses import dataclass

from amika_agent.accounts.device import Waiting


@dataclass(frozen=True)
class Organization:
    """An organization that the person may sign in to."""

    id: str
    name: str


@dataclass(frozen=True)
class CodeReady:
    """Show this code and open this page.

    verification_uri_complete   the page with the code filled in, "" when the server has none
    expires_at, interval        epoch seconds, seconds
    joined                      the code belongs to a sign-in that was already under way
    """

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
