"""The Amika account as the rest of the program knows it: the right to use it, which is light, and the sign-in."""

from __future__ import annotations

from amika_agent.accounts.authority import AccountKey, Authority
from amika_agent.accounts.device import SignInCancelled, SignInDenied, SignInExpired, Waiting
from amika_agent.accounts.sign_in import sign_in
from amika_agent.accounts.sign_in_events import ChooseOrganization, CodeReady, Organization, SignedIn, SignInEvent

__all__ = [
    "AccountKey",
    "Authority",
    "ChooseOrganization",
    "CodeReady",
    "Organization",
    "SignInCancelled",
    "SignInDenied",
    "SignInEvent",
    "SignInExpired",
    "SignedIn",
    "Waiting",
    "sign_in",
]
