"""What a command works with: profile, account, server, engine. Everything is built when it is first asked for."""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from typing import TYPE_CHECKING, Self

from amika_agent.clock import SystemClock
from amika_cli.terminal.prompts import Prompts
from amika_local.errors import AmikaError, NotSignedIn
from amika_shared.client import AgentClient, AgentError, Reached, reach
from amika_shared.profile import Profile, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from amika_agent.accounts.amika import AccountKey, Authority
    from amika_agent.activity.diary import Diary
    from amika_agent.endpoints import Endpoints
    from amika_agent.engine.decisions import Decisions
    from amika_agent.engine.engine import Engine
    from amika_agent.http.client import Http
    from amika_agent.session.keeper import SessionKeeper
    from amika_agent.settings import Settings
    from amika_agent.stores.amika_api import SecretsApi
    from amika_agent.sync.facts import PushSettings
    from amika_agent.sync.journal import SyncDb
    from amika_agent.sync.remote import RemoteSync
    from amika_cli.flags import Args
    from amika_cli.through_agent import ThroughAgent
    from amika_local.discovery import Discovery


class Context:
    """One run of one command; a context manager that gives back what it opened.

    args     what the person gave; `--local` and `--homedir` choose the profile
    env      environment of this process
    """

    def __init__(self, args: Args, env: Mapping[str, str] | None = None) -> None:
        self.args = args
        self.env = os.environ if env is None else env
        self.clock = SystemClock()
        self.prompts = Prompts(args)
        self._open = contextlib.ExitStack()
        self._meant: tuple[str, str] | None = None  # user and organization that this command speaks for

    @cached_property
    def profile(self) -> Profile:
        """Folders of the profile that the flags choose."""
        from amika_cli.homedir import homedir

        return resolve(self.env, local=self.args.local, homedir=homedir(self.args))

    @cached_property
    def settings(self) -> Settings:
        """What the person decided; a bad file gives the defaults and a problem."""
        from amika_agent.settings import load

        return load(self.profile.settings_file, self.profile.name)

    @property
    def account_env(self) -> Mapping[str, str]:
        """The environment as far as it concerns the account: the local workspace knows no API key of another server."""
        if self.profile.name != "local":
            return self.env
        return {name: value for name, value in self.env.items() if not name.startswith("AMIKA_")}

    @cached_property
    def endpoints(self) -> Endpoints:
        """Servers of the profile; `--local` starts the local workspace when none runs."""
        from amika_agent.endpoints import resolve_endpoints

        return resolve_endpoints(self.account_env, local_url=self._local_url(), settings=self.settings.values)

    @cached_property
    def http(self) -> Http:
        """The one connection pool."""
        from amika_cli.patient_http import PatientHttp

        proxy, ca_file = self.settings.text("network.proxy"), self.settings.text("network.ca_file")
        return self._open.enter_context(PatientHttp(proxy=proxy, ca_file=ca_file, clock=self.clock))

    @cached_property
    def authority(self) -> Authority:
        """Who we are to the server."""
        from amika_agent.accounts.authority import Authority

        state_dir, store = self.profile.amika_state_dir, self.settings.text("session_store")
        return Authority(
            state_dir,
            self.account_env,
            self.endpoints,
            self.http,
            self.clock,
            "cli",
            store=store,
            agent=self._session_asked_for,
        )

    def unreached_keeper(self) -> SessionKeeper:
        """Return the session's keeper without servers to ask: for when the local workspace cannot be started."""
        from amika_agent.endpoints import resolve_endpoints
        from amika_agent.session.keeper import SessionKeeper

        nowhere = resolve_endpoints({}, local_url="http://127.0.0.1")
        state_dir, store = self.profile.amika_state_dir, self.settings.text("session_store")
        return SessionKeeper(state_dir, nowhere, self.http, self.clock, role="cli", store=store)

    @property
    def account(self) -> AccountKey:
        """The signed-in account.

        Raises:
            NotSignedIn: there is none.

        """
        account = self.authority.account()
        if account is None:
            raise self._nobody()
        return account

    def _nobody(self) -> NotSignedIn:
        """Return the refusal that says why nobody counts as signed in: a damaged or ended login is named."""
        from amika_local.identity import identity, what_is_wrong

        who = identity(dict(self.account_env), self.profile.amika_state_dir, self.clock.now())
        what, remedy = what_is_wrong(who)
        again = f"Sign in: {self.command('auth login')}"
        return NotSignedIn(what or "nobody is signed in to Amika", remedy=remedy or again)

    @cached_property
    def api(self) -> SecretsApi:
        """The account's secrets: through the running agent when it can speak for this command.

        Raises:
            NotSignedIn: nobody is signed in: said before anything is sent.

        """
        return self.through_agent or self._direct_api()

    def _direct_api(self) -> SecretsApi:
        from amika_agent.accounts.authority import other_account
        from amika_agent.stores.amika_api import SecretsApi

        account = self.account
        meant, self._meant = self._meant, (account.user_id, account.org_id)
        if meant not in (None, self._meant):
            self._meant = meant
            raise other_account()
        return SecretsApi(self.endpoints.api_url, self.authority.bearer_of(account), self.http)

    @cached_property
    def through_agent(self) -> ThroughAgent | None:
        """The account's secrets by way of the running agent; None where it would speak for another account.

        What this process has in its environment decides for this process alone; so does another server in the settings.
        """
        agent = None if any(name.startswith("AMIKA_") for name in self.account_env) else self.agent
        if agent is None or "remote" not in agent.hello.get("features", []):
            return None
        from amika_local.identity import identity

        who = identity(dict(self.account_env), self.profile.amika_state_dir, self.clock.now())
        if who["method"] != "session":
            return None  # nobody is signed in: this process says it, before it asks for anything
        from amika_cli.through_agent import ThroughAgent

        api_url = "" if self.args.local else self.endpoints.api_url
        self._meant = (str(who["user_id"]), str(who["org_id"]))
        return ThroughAgent(agent, self._direct_api, api_url, account=" ".join(self._meant))

    @cached_property
    def db(self) -> SyncDb:
        """Rules, ledger and journal."""
        from amika_agent.sync.journal import SyncDb

        return self._open.enter_context(contextlib.closing(SyncDb(self.profile.sync_db, self.clock)))

    @cached_property
    def remote(self) -> RemoteSync:
        """The remote lane of the signed-in account, without rules made by themselves."""
        from amika_agent.sync.facts import PushSettings

        return self._remote_sync(PushSettings())

    @cached_property
    def remote_as_configured(self) -> RemoteSync:
        """The remote lane as the agent would run it: rules made by themselves where the settings say so."""
        from amika_agent.sync.facts import PushSettings

        return self._remote_sync(PushSettings(auto_push=self.settings.words("sync.auto_push")))

    def _remote_sync(self, settings: PushSettings) -> RemoteSync:
        from amika_agent.sync.remote import RemoteSync

        who = self.whose
        return RemoteSync(self.db, self.api, self.account, self.clock, settings, paused=self.paused_until, who=who)

    @cached_property
    def engine(self) -> Engine:
        """Everything the profile needs done, in this process."""
        return self._open.enter_context(contextlib.closing(self._new_engine()))

    @cached_property
    def diary(self) -> Diary:
        """The activity log, under the name of this command."""
        from amika_agent.activity.diary import Diary
        from amika_agent.activity.log import ActivityLog

        log = ActivityLog(self.profile.activity_db, self.clock)
        return self._open.enter_context(contextlib.closing(Diary(log, self.caller)))

    @property
    def caller(self) -> str:
        """Who asks, as the activity log names it: "amika secret push"."""
        return f"amika {self.args.command}".strip()

    @property
    def email(self) -> str:
        """Whose account it is, as far as files and environment tell; "" for an API key."""
        from amika_local.identity import identity

        return str(identity(dict(self.account_env), self.profile.amika_state_dir, self.clock.now())["email"])

    @property
    def whose(self) -> str:
        """E-mail and organization of the account, "" for an API key: where what is stored goes to.

        A folder's environment may name another login (AMIKA_STATE_DIRECTORY) than the person thinks of.
        """
        return ", ".join(name for name in (self.email, self.organization) if name)

    @property
    def signed_in(self) -> bool:
        """Tell whether somebody is signed in, as far as files and environment tell."""
        from amika_local.identity import identity

        return bool(identity(dict(self.account_env), self.profile.amika_state_dir, self.clock.now())["authenticated"])

    def note_account(self) -> None:
        """Note in the activity log that somebody has signed in or out, or that the session was renewed."""
        from amika_agent.engine.account import signed_in_as

        self.diary.account(signed_in_as(self.account_env, self.profile.amika_state_dir, self.clock.now()))

    @property
    def organization(self) -> str:
        """Name of the account's organization, its id where the name is not known, or ""."""
        from amika_local.identity import identity

        who = identity(dict(self.account_env), self.profile.amika_state_dir, self.clock.now())
        return str(who["organization"] or who["org_id"])

    @cached_property
    def decisions(self) -> Decisions:
        """Pause and resume, in this process."""
        from amika_agent.engine.decisions import Decisions

        def account() -> AccountKey | None:
            return self.authority.account()

        return Decisions(self.profile, self.clock, lambda: self.db, account, self.diary)

    def paused_until(self) -> float | None:
        """Return the end of the pause as it is now (infinite: until resumed), or None."""
        from amika_agent.engine.pause import PauseFile

        return PauseFile(self.profile.data_dir, self.clock).until()

    def discover(self, *, oauth: bool = True, beyond: bool = False) -> Discovery:
        """Read every source of the profile's home, now; see `amika_local.discovery.discover`."""
        from amika_local.discovery import discover

        return discover(
            self.profile.home,
            dict(self.env),
            now=self.clock.now(),
            confined=self.profile.confined,
            oauth=oauth,
            beyond=beyond,
            is_mirrored=self._is_mirrored(),
        )

    @cached_property
    def reached(self) -> Reached:
        """The running agent that does this profile's work, or the reason why there is none."""
        found = reach(self.profile, env=self.env)
        if found.client is not None:
            self._open.callback(found.client.close)
            from amika_cli.waiting import Waiting

            found.client.waiting = Waiting(found.pid, self.command("agent restart"))
        return found

    @property
    def agent(self) -> AgentClient | None:
        """The running agent, or None; `--homedir` never asks it, it looks at another home."""
        return None if self.profile.confined else self.reached.client

    def nudge(self) -> None:
        """Tell a running agent to look again; no agent or no answer is fine, its own watch sees the change later."""
        if self.agent is not None:
            with contextlib.suppress(AgentError):
                self.agent.call("sync", {"wait": False}, timeout=5.0)

    def _session_asked_for(self) -> bool:
        """Ask a running agent to look at the session; False when there is none that looks at this one."""
        if self.agent is None or any(name.startswith("AMIKA_") for name in self.account_env):
            return False
        with contextlib.suppress(AgentError):
            self.agent.call("sync", {"wait": False}, timeout=5.0)
            return True
        return False

    def command(self, words: str) -> str:
        """Return `amika WORDS` as the person has to type it for this profile."""
        return f"amika {words}" + (" --local" if self.args.local else "")

    def typed(self, text: str) -> str:
        """Return text from elsewhere in which every command stands as the person has to type it for this profile."""
        if not self.args.local:
            return text
        from amika_cli.main import COMMANDS
        from amika_cli.profile_words import with_local

        return with_local(text, COMMANDS)

    def short(self, path: str) -> str:
        """Return a path as people write it, with ~ for the home."""
        from amika_cli.render import home_short

        return home_short(path, os.path.expanduser("~"))

    def _new_engine(self) -> Engine:
        from amika_agent.engine.engine import Engine

        return Engine(self.profile, self.env, self.clock, "cli", caller=self.caller)

    def _local_url(self) -> str | None:
        if not self.args.local:
            return None
        from amika_agent.workspace.in_use import Use

        if self.agent is None:
            self._load_httpx_meanwhile()
        return self._open.enter_context(Use(self.profile.workspace_dir, self.clock)).running.url

    def _load_httpx_meanwhile(self) -> None:
        """Use the moment in which the workspace starts: it is about to be asked something."""
        from threading import Thread

        from amika_agent.http import library

        loading = Thread(target=library.load, name="httpx")
        loading.start()
        self._open.callback(loading.join)

    def _is_mirrored(self) -> Callable[[str, str], bool] | None:
        return self.db.is_mirrored if os.path.exists(self.profile.sync_db) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)


def as_error(error: AgentError) -> AmikaError:
    """Return the agent's error as ours, with its exit code."""
    from amika_local import errors

    kinds = {
        kind.code: kind
        for kind in (
            errors.UsageError,
            errors.NotSignedIn,
            errors.NotFound,
            errors.Failed,
            errors.Unreachable,
            errors.Conflict,
            errors.Busy,
        )
    }
    return kinds.get(error.code, errors.Failed)(error.message, remedy=error.remedy)
