"""The services beside Amika as the engine knows them: who is signed in there, signing in and out."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amika_agent.accounts.almyty_notes import noted
from amika_agent.back_off import BackOff
from amika_agent.engine.other_accounts import OLD_KEY, almyty_folder, next_turn, own_environment, read
from amika_agent.snapshot.facts import OtherFacts
from amika_local.akos_file import env_token, read_session, session_path
from amika_local.almyty_file import credentials_path
from amika_local.credential import Problem
from amika_local.errors import AmikaError, Busy, UsageError
from amika_local.login_file import LoginFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from amika_agent.clock import Clock
    from amika_agent.engine.account import AccountPart
    from amika_agent.http.client import Http
    from amika_agent.settings import Settings
    from amika_shared.profile import Profile

OTHERS = ("almyty", "akos")
SPACING = 30.0
LONGEST_PAUSE = 60.0
KEYS_AGAIN = 3600.0  # seconds until old keys that could not be ended are tried again
EARLY = 90.0  # seconds before its end: a command that starts now must not meet an expired token


class OtherServices:
    """almyty and AKOS.

    Args:
        profile: folders.
        env: environment of this process.
        clock: time.
        settings: reads the settings.
        amika: knows the local workspace, which stands in for these services too.

    """

    def __init__(
        self,
        profile: Profile,
        env: Mapping[str, str],
        clock: Clock,
        settings: Callable[[], Settings],
        amika: AccountPart,
    ) -> None:
        self._profile = profile
        self._env = own_environment(profile, env)
        self._clock = clock
        self._settings = settings
        self._amika = amika
        self._lock = threading.Lock()
        self._back_off = BackOff()
        self._due_at: float | None = None
        self._tried_at = 0.0
        self._keys_at: float | None = None
        self._told = ""
        self.facts = self._read(None)

    def look(self) -> bool:
        """Read the files again; True when something changed."""
        with self._lock:
            before, self.facts = self.facts, self._read(self.facts.sign_in)
            return before.accounts != self.facts.accounts

    @property
    def due_at(self) -> float | None:
        """When (epoch seconds) the AKOS session wants to be renewed, or a login's end is to be told; or None."""
        known = (self._due_at, self._keys_at, next_turn(self.facts.accounts, self._clock.now()))
        return min((at for at in known if at is not None), default=None)

    def renew(self) -> None:
        """Renew the AKOS session when it is due. What fails is tried again later, and is no problem before it ends.

        And end the keys at almyty that a killed sign-in left.
        """
        self._end_old_keys()
        self._due_at = None
        if env_token(self._env)[0]:
            return
        try:
            session = read_session(session_path(self._profile.data_dir))
            if session is None or not session.refresh_token or session.texts["rejected"] or session.expires_at is None:
                return
            # a clock that was set back would make the pause a day
            tried = self._tried_at if self._tried_at - self._clock.now() <= LONGEST_PAUSE else 0.0
            now = self._clock.now()
            self._due_at = max(session.expires_at - EARLY, tried, session.asked_to_wait(now))
            if self._due_at <= now:
                self._renew()
        except LoginFileError:
            return
        except AmikaError:
            self._tried_at = self._due_at = self._back_off.next(self._clock.now())

    def _end_old_keys(self) -> None:
        folder, now = almyty_folder(self._profile), self._clock.now()
        if self._env.get("ALMYTY_TOKEN", "").strip() or not os.path.lexists(credentials_path(folder)):
            self._keys_at = None  # the login is not used, or there is none
            return
        waiting = self._keys_at is not None and now < self._keys_at <= now + KEYS_AGAIN
        if waiting or not noted(folder):
            self._keys_at = self._keys_at if waiting else None
            return
        from amika_agent.accounts.almyty_keys import end_left

        try:
            with self._http() as http:
                end_left(folder, http, local_url=self._local_url())
            self._keys_at = now + KEYS_AGAIN if noted(folder) else None
        except Busy:
            self._keys_at = now + SPACING
        except AmikaError:
            self._keys_at = now + KEYS_AGAIN

    def _renew(self) -> None:
        from amika_agent.accounts.akos_endpoints import akos_place
        from amika_agent.accounts.akos_session import AkosKeeper

        with self._http() as http:
            keeper = AkosKeeper(self._profile.data_dir, http, self._clock)
            settings, local_url = self._settings().values, self._local_url()
            where = akos_place(self._env, settings, local_url=local_url, session=keeper.stored())
            session = keeper.fresh(where, early=EARLY)
        self._back_off.reset()
        # a token that lives for seconds only is renewed every half minute, not without a pause
        self._tried_at = self._clock.now() + SPACING
        self._due_at = None if session.expires_at is None else max(session.expires_at - EARLY, self._tried_at)

    def sign_in(self, service: str, cancel: threading.Event) -> Iterator[dict[str, Any]]:
        """Yield the events of one sign-in: "code", "waiting" and "done", as `Engine.sign_in` has them.

        almyty's "code" has no `user_code` and `"here": True`: its page comes back to this machine.

        Raises:
            UsageError: no such service, or it has no address.
            AmikaError: how it ended.

        """
        events = {"almyty": self._almyty, "akos": self._akos}.get(service)
        if events is None:
            raise UsageError("there is no such service", remedy=f"Known: amika, {', '.join(OTHERS)}.")
        self._show({"service": service, "state": "waiting"})
        self._told = ""
        try:
            with self._http() as http:
                for event in events(http, cancel):
                    if event["event"] == "code":
                        names = ("user_code", "verification_uri", "verification_uri_complete", "expires_at")
                        shown = {name: event[name] for name in names}
                        self._show({"service": service, "state": "waiting", **shown})
                    if event["event"] == "done":
                        self._show(None)
                        self.look()
                    yield event
        finally:
            self._show(None)

    def sign_out(self, service: str) -> dict[str, Any]:
        """Sign out; return {"was_signed_in", "revoked", "detail"}.

        Raises:
            UsageError: no such service.
            Failed: the login is still there.

        """
        from amika_agent.accounts.akos_session import AkosKeeper
        from amika_agent.accounts.almyty_sign_out import sign_out

        if service not in OTHERS:
            raise UsageError("there is no such service", remedy=f"Known: amika, {', '.join(OTHERS)}.")
        self._told = ""
        with self._http() as http:
            result = (
                sign_out(almyty_folder(self._profile), http, local_url=self._local_url())
                if service == "almyty"
                else AkosKeeper(self._profile.data_dir, http, self._clock).sign_out(local_url=self._local_url())
            )
        self.look()
        return {"was_signed_in": result.was_signed_in, "revoked": result.revoked, "detail": result.detail}

    def _almyty(self, http: Http, cancel: threading.Event) -> Iterator[dict[str, Any]]:
        from amika_agent.accounts.almyty import AlmytySignedIn, PageReady, place, sign_in

        exchange = self._settings().text("almyty.exchange_path")
        where = place(self._env, almyty_folder(self._profile), local_url=self._local_url(), exchange=exchange)
        for event in sign_in(where, http, self._clock, cancel=cancel):
            if isinstance(event, PageReady):
                yield _code(event.code, event.url, event.url, event.expires_at, here=True)
            elif isinstance(event, AlmytySignedIn):
                self._told = event.replaced
                yield {"event": "done", "service": "almyty", "email": event.email,
                       "organization_id": event.profile.organization_id}  # fmt: skip
            else:
                yield {"event": "waiting", "message": event.message}

    def _akos(self, http: Http, cancel: threading.Event) -> Iterator[dict[str, Any]]:
        from amika_agent.accounts.akos import AkosSignedIn, sign_in
        from amika_agent.accounts.akos_endpoints import akos_place
        from amika_agent.accounts.akos_session import AkosKeeper
        from amika_agent.accounts.device import DeviceCode

        where = akos_place(self._env, self._settings().values, local_url=self._local_url())
        keeper = AkosKeeper(self._profile.data_dir, http, self._clock)
        for event in sign_in(where, keeper, http, self._clock, cancel=cancel):
            if isinstance(event, DeviceCode):
                page, complete = event.verification_uri, event.verification_uri_complete
                yield _code(event.user_code, page, complete, event.expires_at, here=False)
            elif isinstance(event, AkosSignedIn):
                email, tenant = event.email or event.user_id, event.tenant_id
                yield {"event": "done", "service": "akos", "email": email, "organization_id": tenant}
            else:
                yield {"event": "waiting", "message": event.message}

    def _show(self, sign_in: Mapping[str, Any] | None) -> None:
        with self._lock:
            self.facts = replace(self.facts, sign_in=sign_in)

    def _read(self, sign_in: Mapping[str, Any] | None) -> OtherFacts:
        accounts, problems = read(self._profile, self._env, self._clock.now())
        if self._told and not any(problem.code == OLD_KEY for problem in problems):
            problems.append(Problem(OLD_KEY, self._told, source="almyty", remedy="Delete it in almyty's settings."))
        return OtherFacts(accounts, sign_in, tuple(problems))

    def _local_url(self) -> str:
        return self._amika.services().endpoints.api_url if self._profile.name == "local" else ""

    def _http(self) -> Http:
        from amika_agent.http.client import Http

        settings = self._settings()
        return Http(proxy=settings.text("network.proxy"), ca_file=settings.text("network.ca_file"), clock=self._clock)


def _code(code: str, page: str, complete: str, expires_at: float, *, here: bool) -> dict[str, Any]:
    return {
        "event": "code",
        "user_code": code,
        "verification_uri": page,
        "verification_uri_complete": complete,
        "expires_at": expires_at,
        "interval": 0.0,
        "joined": False,
        "here": here,
    }
