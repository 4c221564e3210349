"""Signing in to Amika: the device flow, the choice of an organization, and one flow at a time on this machine."""

from __future__ import annotations

import contextlib
import platform
import threading
from collections.abc import Callable, Iterator, Sequence

from amika_agent.accounts.device import (
    STEP_UPS,
    DeviceEndpoints,
    SignInCancelled,
    cancellable,
    poll,
    refused,
    request_code,
)
from amika_agent.accounts.flow_record import FlowRecord, Progress
from amika_agent.accounts.joining import join
from amika_agent.accounts.sign_in_events import ChooseOrganization, CodeReady, Organization, SignedIn, SignInEvent
from amika_agent.clock import Clock
from amika_agent.endpoints import Endpoints
from amika_agent.http.client import Answer, Http, NoAnswer
from amika_agent.http.urls import is_loopback
from amika_agent.session.keeper import SessionKeeper
from amika_agent.session.rules import merged
from amika_local.errors import AmikaError, Busy, Failed, NotFound, NotSignedIn, UsageError

SELECTION_GRANT = "urn:workos:oauth:grant-type:organization-selection"
REQUEST = 10.0


Choose = Callable[[Sequence[Organization]], str | None]


def sign_in(
    endpoints: Endpoints,
    http: Http,
    clock: Clock,
    *,
    cancel: threading.Event,
    keeper: SessionKeeper,
    choose_organization: Choose | None = None,
    organization: str | None = None,
) -> Iterator[SignInEvent]:
    """Sign in by the device flow; the session file is written before SignedIn is yielded.

    Only one sign-in runs at a time: a second caller is shown the code of the first and ends with it, and goes on with
    one of its own when the first was cancelled or killed. Close the iterator or set `cancel` to stop.

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
        Failed, Unreachable: the server; or the session cannot be stored (found out before anything is asked).

    """
    record = FlowRecord(keeper.state_dir, endpoints, clock)
    while True:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(record.leading())
            except Busy:
                if (yield from join(record, keeper, clock, cancel, organization)):
                    return
                continue
            flow = _Flow(endpoints, http, clock, cancel, keeper, record, choose_organization, organization)
            yield from flow.run()
            return


class _Flow:
    """The leading sign-in."""

    def __init__(
        self,
        endpoints: Endpoints,
        http: Http,
        clock: Clock,
        cancel: threading.Event,
        keeper: SessionKeeper,
        record: FlowRecord,
        choose: Choose | None,
        organization: str | None,
    ) -> None:
        self.endpoints = endpoints
        self.http = cancellable(http, cancel)
        self.clock = clock
        self.cancel = cancel
        self.keeper = keeper
        self.record = record
        self.choose = choose
        self.organization = organization
        self.offered: dict[str, str] = {}

    def run(self) -> Iterator[SignInEvent]:
        """Yield the events; whatever happens, the record says how it ended."""
        done = False
        try:
            # at once: what an earlier one left, a dead code perhaps, is not for a second caller
            self.record.write(Progress("starting"))
            self.keeper.check_storable()
            for event in self._run():
                if isinstance(event, SignedIn):
                    # before it is told: whoever is told may leave at once, and must not take this for a cancelled one
                    done = True
                    self.record.finish(Progress("done"))
                yield event
        except AmikaError as error:
            self.record.finish(Progress("failed", code=error.code, message=error.message))
            raise
        except BaseException:  # the caller closed the iterator, Ctrl-C, a bug: a second caller must not wait for ever
            if not done:
                self.record.finish(Progress("failed", code=SignInCancelled.code, message="sign-in cancelled"))
            raise

    def _run(self) -> Iterator[SignInEvent]:
        device = DeviceEndpoints(
            self.endpoints.device_url, self.endpoints.token_url, self.endpoints.client_id, _extra(self.endpoints)
        )
        code = request_code(device, self.http, self.clock)
        ready = CodeReady(
            code.user_code, code.verification_uri, code.verification_uri_complete, code.expires_at, code.interval
        )
        self.record.write(
            Progress(
                "waiting",
                user_code=ready.user_code,
                verification_uri=ready.verification_uri,
                verification_uri_complete=ready.verification_uri_complete,
                expires_at=ready.expires_at,
                interval=ready.interval,
            )
        )
        yield ready
        for event in poll(code, device, self.http, self.clock, self.cancel):
            if isinstance(event, Answer):
                yield from self._decided(event)
            else:
                yield event

    def _decided(self, answer: Answer) -> Iterator[SignInEvent]:
        chosen = ""
        while not answer.ok:
            if answer.text("code") != "organization_selection_required" or chosen:
                raise _step_up(answer)
            choices = _organizations(answer)
            if self.organization is None:
                self.record.write(Progress("choose_organization"))
                yield ChooseOrganization(choices)
            self.offered = {one.id: one.name for one in choices}
            chosen = self._choose(choices)
            answer = self._select(answer, chosen)
        yield self._accepted(answer, chosen)

    def _choose(self, choices: Sequence[Organization]) -> str:
        if self.organization is not None:
            return picked(choices, self.organization)
        if self.choose is None:
            raise UsageError(
                f"you belong to several organizations: {', '.join(_label(one) for one in choices)}",
                remedy="Say which one: amika auth login --org NAME (or its id).",
            )
        chosen = self.choose(choices)
        if chosen is None or self.cancel.is_set():
            raise SignInCancelled("sign-in cancelled")
        return picked(choices, chosen)

    def _select(self, answer: Answer, organization_id: str) -> Answer:
        form = {
            "grant_type": SELECTION_GRANT,
            "pending_authentication_token": answer.text("pending_authentication_token"),
            "organization_id": organization_id,
            "client_id": self.endpoints.client_id,
        }
        for pause in (1.0, 2.0, 4.0, None):
            try:
                found = self.http.request("POST", self.endpoints.token_url, form=form, timeout=REQUEST)
            except NoAnswer:
                if pause is None:
                    raise
            else:
                transient = found.status == 429 or found.status >= 500
                if pause is None or not transient:
                    return found
            if self.clock.sleep(pause, self.cancel):
                raise SignInCancelled("sign-in cancelled")
        raise Failed("the sign-in server did not answer")  # not reached: the last pause is None

    def _accepted(self, answer: Answer, chosen: str) -> SignedIn:
        if not isinstance(answer.body, dict):
            raise Failed("the sign-in server's answer could not be read", remedy="Start again: amika auth login")
        granted = merged(None, answer.body, self.clock.now())
        wanted = self.organization
        if self.cancel.is_set():
            self.keeper.drop(granted)
            raise SignInCancelled("sign-in cancelled")
        elsewhere = not chosen and wanted is not None and wanted != granted.organization_id
        if elsewhere and not str(wanted).startswith("org_"):
            self.keeper.drop(granted)
            raise NotFound(
                "the server offered no choice of organizations to find that name in",
                remedy="Sign in without --org, or give the organization's id (org_…).",
            )
        try:
            session = self.keeper.accept(answer.body, self.offered)
        except (Failed, KeyboardInterrupt):
            if not self.keeper.holds(granted):
                self.keeper.drop(granted)  # nobody will ever have it
            raise
        if elsewhere:
            session = self.keeper.switch_organization(str(wanted))
        return SignedIn(session.email, session.organization_id)


def picked(choices: Sequence[Organization], wanted: str) -> str:
    """Return the id of the organization with this id or name.

    Raises:
        NotFound: there is none.
        UsageError: several have the name.

    """
    if any(one.id == wanted for one in choices):
        return wanted
    named = [one.id for one in choices if one.name.casefold() == wanted.strip().casefold()]
    if len(named) == 1:
        return named[0]
    listed = ", ".join(_label(one) for one in choices)
    if named:
        raise UsageError("several organizations have that name", remedy=f"Give the id of one: {listed}")
    raise NotFound("you do not belong to an organization of that name", remedy=f"You may choose: {listed}")


def _organizations(answer: Answer) -> tuple[Organization, ...]:
    given = answer.field("organizations")
    found = [
        Organization(one["id"], one["name"] if isinstance(one.get("name"), str) else one["id"])
        for one in (given if isinstance(given, list) else [])
        if isinstance(one, dict) and isinstance(one.get("id"), str) and one["id"]
    ]
    if not found or not answer.text("pending_authentication_token"):
        raise Failed("the sign-in server asks for an organization but offers none", remedy="Try again later.")
    return tuple(found)


def _step_up(answer: Answer) -> AmikaError:
    text = STEP_UPS.get(answer.text("code") or answer.text("error"))
    if text or answer.text("pending_authentication_token"):
        return NotSignedIn(
            f"sign-in is not complete: {text or 'the server asks for one more step'}",
            remedy="Finish it in the browser (the web application's own sign-in), then: amika auth login",
        )
    return Failed(refused(answer), remedy="Start again: amika auth login")


def _label(one: Organization) -> str:
    name = "".join(letter for letter in one.name if letter.isprintable())[:80]
    return f"{name} ({one.id})" if one.id.isprintable() and name != one.id else name


def _extra(endpoints: Endpoints) -> dict[str, str]:
    """Return what the local workspace shows beside the code; the hosted service does not know these fields."""
    if not is_loopback(endpoints.workos_url):
        return {}
    return {"requesting_program": "amika", "requesting_machine": platform.node()[:100]}
