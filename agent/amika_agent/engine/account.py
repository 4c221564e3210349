"""The account part of the engine: who is signed in, with which servers, and until when."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amika_agent.back_off import BackOff
from amika_agent.snapshot.facts import AccountFacts
from amika_local import rfc3339
from amika_local.credential import Problem
from amika_local.errors import AmikaError, NotSignedIn, Unreachable
from amika_local.identity import identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amika_agent.accounts.amika import AccountKey, Authority, Organization, SignInEvent
    from amika_agent.clock import Clock
    from amika_agent.endpoints import Endpoints
    from amika_agent.http.client import Http
    from amika_agent.settings import Settings
    from amika_agent.workspace.in_use import Use
    from amika_shared.profile import Profile


FAR_OFF = 300.0


class Services:
    """The servers of the account and the right to use them; replaced as a whole when the servers change."""

    def __init__(self, endpoints: Endpoints, http: Http, authority: Authority) -> None:
        self.endpoints = endpoints
        self.http = http
        self.authority = authority


class AccountPart:
    """Owner of the servers, the session and the sign-in of this process.

    Args:
        profile: folders.
        env: environment of this process.
        clock: time.
        role: "agent" or "cli".
        settings: reads the settings.

    """

    def __init__(
        self, profile: Profile, env: Mapping[str, str], clock: Clock, role: str, settings: Callable[[], Settings]
    ) -> None:
        self._profile = profile
        # the local workspace is its own account: an API key of the environment belongs to another server
        self._env = {k: v for k, v in env.items() if profile.name != "local" or not k.startswith("AMIKA_")}
        self._clock = clock
        self.role = role
        self._settings = settings
        self._lock = threading.Lock()
        self._renewing = threading.Lock()
        self._services: Services | None = None
        self._workspace: Use | None = None
        self._back_off = BackOff()
        self._changing = threading.Lock()
        self.facts = AccountFacts(self._who())

    def services(self) -> Services:
        """Return the servers, starting the local workspace when it is the server and does not run.

        Raises:
            AmikaError: a URL is refused, or the workspace does not start.

        """
        with self._lock:
            url = self._workspace_url()
            if self._services is None or (url is not None and self._services.endpoints.api_url != url):
                self._services = self._connect(url)
            return self._services

    def renew(self, *, force: bool = False) -> bool:
        """Renew the session when it is due and take note of who is signed in; True when that changed."""
        with self._renewing:
            before = self.facts
            problem, offline, due = self._renewed(force=force)
            api_url = "" if self._services is None else self._services.endpoints.api_url
            problems = tuple(told for told in (problem, self._clock_problem()) if told is not None)
            self._note(who=self._who(), api_url=api_url, offline=offline, problems=problems, due_at=due)
            return _essence(before) != _essence(self.facts)

    def account(self) -> AccountKey | None:
        """Return whose rules are applied, or None when nobody is signed in."""
        return self.services().authority.account()

    def sign_in(
        self,
        cancel: threading.Event,
        choose: Callable[[list[dict[str, str]]], str | None] | None,
        organization: str | None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the events of one sign-in, keeping `facts.sign_in` at what is to be shown."""
        from amika_agent.accounts.amika import sign_in

        services = self.services()

        def chosen(organizations: Sequence[Organization]) -> str | None:
            return choose([{"id": o.id, "name": o.name} for o in organizations]) if choose else None

        try:
            for event in sign_in(
                services.endpoints,
                services.http,
                self._clock,
                cancel=cancel,
                keeper=services.authority.keeper,
                choose_organization=chosen if choose else None,
                organization=organization,
            ):
                told = _told(event)
                self._note(sign_in=_shown(told, self.facts.sign_in))
                if told["event"] == "done":
                    self.renew()
                yield told
        finally:
            self._note(sign_in=None)

    def sign_out(self) -> dict[str, Any]:
        """Revoke at the server, then delete here."""
        services = self.services()
        result = services.authority.keeper.sign_out()
        self.renew()
        return {"was_signed_in": result.signed_in, "revoked": result.revoked, "detail": result.message}

    def close(self) -> None:
        """Close connections; leave the local workspace, which its last user stops."""
        with self._lock:
            services, self._services = self._services, None
            workspace, self._workspace = self._workspace, None
        if services is not None:
            services.http.close()
        if workspace is not None:
            workspace.close()

    def _renewed(self, *, force: bool) -> tuple[Problem | None, bool, float | None]:
        try:
            services = self.services()
            services.authority.keeper.tidy()
            if services.authority.method == "session":
                services.authority.keeper.fresh(force=force)
        except Unreachable as error:
            later = self._back_off.next(self._clock.now())
            return _problem("offline", error), True, self._due() or later
        except NotSignedIn as error:
            self._back_off.reset()
            return _signed_out(error, self._who()), False, None
        except AmikaError as error:
            return _problem("session", error), False, self._back_off.next(self._clock.now())
        self._back_off.reset()
        return None, False, self._due()

    def _due(self) -> float | None:
        """Return when the session wants to be renewed, as its keeper says; None when there is none."""
        if self._services is None or self._services.authority.method not in ("session", "none"):
            return None
        return self._services.authority.keeper.due_at()

    def _clock_problem(self) -> Problem | None:
        from amika_agent.session.meta import MetaFile

        skew = MetaFile(self._profile.amika_state_dir).read().skew
        if abs(skew) <= FAR_OFF:
            return None
        how = f"{abs(skew) / 60:.0f} min {'ahead of' if skew > 0 else 'behind'} the server's"
        return Problem("clock", f"the clock of this machine is {how}", remedy="Set it, or turn on NTP.")

    def _who(self) -> Mapping[str, Any]:
        return signed_in_as(self._env, self._profile.amika_state_dir, self._clock.now())

    def _note(self, **changes: Any) -> None:  # noqa: ANN401 -- fields of AccountFacts
        # a renewal and a sign-in may end at the same moment, each with its own part of the facts
        with self._changing:
            self.facts = replace(self.facts, **changes)

    def _workspace_url(self) -> str | None:
        if self._profile.name != "local":
            return None
        from amika_agent.workspace.in_use import Use

        # it proved itself ours when it was found; while that process lives, nobody else can hold its port
        if self._workspace is None:
            self._workspace = Use(self._profile.workspace_dir, self._clock)
        elif not self._workspace.is_alive:
            self._workspace.again()
        return self._workspace.running.url

    def _connect(self, local_url: str | None) -> Services:
        from amika_agent.accounts.authority import Authority
        from amika_agent.endpoints import resolve_endpoints
        from amika_agent.http.client import Http

        settings = self._settings()
        endpoints = resolve_endpoints(self._env, local_url=local_url, settings=settings.values)
        http = Http(proxy=settings.text("network.proxy"), ca_file=settings.text("network.ca_file"), clock=self._clock)
        state_dir = self._profile.amika_state_dir
        store = settings.text("session_store")
        authority = Authority(state_dir, self._env, endpoints, http, self._clock, self.role, store=store)
        return Services(endpoints, http, authority)


def signed_in_as(env: Mapping[str, str], state_dir: str, now: float) -> Mapping[str, Any]:
    """Return what `auth status` shows, with `expires_at` in epoch seconds; reads files only."""
    who = identity(dict(env), state_dir, now)
    at = who.get("expires_at")
    return {**who, "expires_at": rfc3339.parse(at) if isinstance(at, str) and at else None}


def _told(event: SignInEvent) -> dict[str, Any]:
    from amika_agent.accounts.amika import ChooseOrganization, CodeReady, SignedIn

    if isinstance(event, CodeReady):
        return {"event": "code", **vars(event)}
    if isinstance(event, ChooseOrganization):
        return {
            "event": "choose_organization",
            "organizations": [{"id": o.id, "name": o.name} for o in event.organizations],
        }
    if isinstance(event, SignedIn):
        return {"event": "done", **vars(event)}
    return {"event": "waiting", "message": event.message}


def _shown(event: Mapping[str, Any], before: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the sign-in as the snapshot shows it after `event`."""
    present = dict(before or {"service": "amika", "state": "waiting"})
    kind = event["event"]
    if kind == "done":
        return None
    if kind == "code":
        for name in ("user_code", "verification_uri", "verification_uri_complete", "expires_at"):
            present[name] = event[name]
    elif kind == "choose_organization":
        present |= {"state": "choose_organization", "organizations": event["organizations"]}
    elif event["message"]:
        present["message"] = event["message"]
    return present


def _essence(facts: AccountFacts) -> object:
    who = facts.who
    names = ("authenticated", "method", "user_id", "org_id", "expires_at", "problem")
    return [who.get(name) for name in names], facts.offline, facts.api_url


def _signed_out(error: NotSignedIn, who: Mapping[str, Any]) -> Problem | None:
    """Being signed out is a state, not a problem; a login that ended or cannot be read is one."""
    if not who.get("problem") and not who.get("authenticated"):
        return None
    return _problem("session", error)


def _problem(code: str, error: AmikaError) -> Problem:
    return Problem(code, error.message, source="amika", remedy=error.remedy)
