"""The protocol's operations: a table from op to handler. Nothing a client sends is obeyed as an address or a path."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from amika_agent.activity.caller import program
from amika_agent.server.asker import is_our_tray
from amika_agent.server.desk import AMIKA
from amika_agent.server.fitting import fitted
from amika_local.errors import UsageError
from amika_local.secret import Secret
from amika_shared.transport import peer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from amika_agent.engine.decisions import Decisions
    from amika_agent.engine.errands import Errands
    from amika_agent.engine.inquiries import Inquiries
    from amika_agent.lanes import Lanes
    from amika_agent.server.connection import Connection
    from amika_agent.server.desk import Desk
    from amika_agent.snapshot.board import Board

_log = logging.getLogger(__name__)
Args = dict[str, Any]
Handler = Callable[[Args, "Connection"], Coroutine[Any, Any, Args]]


class UnknownOp(UsageError):
    """The client asks for what this agent does not know."""

    code = "unknown_op"


class Commands(Protocol):
    """What the operations ask of the engine; blocking."""

    def preview(self) -> Args:
        """Return the plan: {"actions": […], "offline": bool}."""

    def outcomes(self) -> list[Args]:
        """Return what the last reconciliation did."""

    def sign_out(self) -> Args:
        """Sign out of Amika."""

    def sign_out_of(self, service: str) -> Args:
        """Sign out of a service beside Amika."""

    def secret_put(self, key: str, value: Secret, scope: str, caller: str) -> Args:
        """Store a secret in the vault."""

    def secret_list(self, scope: str | None) -> Args:
        """Return names of the vault: {"secrets": […]}."""

    def connections(self) -> Args:
        """Return the connections: {"connections": […]}."""

    @property
    def decisions(self) -> Decisions:
        """Pause, resume and settings."""

    @property
    def errands(self) -> Errands:
        """Single calls at the server."""

    @property
    def inquiries(self) -> Inquiries:
        """The environment to copy, activity, settings."""

    def asked_by(self, caller: str) -> AbstractContextManager[None]:
        """Name the one who asked for what is done meanwhile."""

    def sign_in_asked_by(self, caller: str) -> None:
        """Name the one who asked for the sign-in that comes next."""

    def snapshot(self) -> Args:
        """Return the present snapshot."""


class Api:
    """Answers requests.

    Args:
        engine: blocking commands, run in the lanes' threads.
        lanes: poked by what a client asks for.
        board: the snapshot.
        desk: sign-ins.
        stopping: set when the agent is to end.

    """

    def __init__(self, engine: Commands, lanes: Lanes, board: Board, desk: Desk, stopping: asyncio.Event) -> None:
        self._engine = engine
        self._lanes = lanes
        self._board = board
        self._desk = desk
        self._stopping = stopping
        self._fitted: Args = {}
        self._table: dict[str, Handler] = {
            "status": self._status,
            "watch": self._watch,
            "sign_in": self._sign_in,
            "choose_organization": self._choose_organization,
            "sign_out": self._sign_out,
            "sync": self._sync,
            "secret_put": self._secret_put,
            "secret_list": self._secret_list,
            "remote": self._remote,
            "connections": self._connections,
            "pause": self._pause,
            "resume": self._resume,
            "configure": self._configure,
            "settings": self._settings,
            "activity": self._activity,
            "copy_env": self._copy_env,
            "stop": self._stop,
        }

    @property
    def features(self) -> list[str]:
        """Return the operations, for the hello."""
        return sorted(self._table)

    async def handle(self, op: str, args: Args, connection: Connection) -> Args:
        """Return the `end` of one request.

        Raises:
            AmikaError: for the person.

        """
        handler = self._table.get(op)
        if handler is None:
            raise UnknownOp("this agent does not know that operation", remedy="Restart it: amika agent restart")
        return await handler(args, connection)

    async def _status(self, _: Args, __: Connection) -> Args:
        await self._board.newer(0)  # just started: the first look ends in a moment, and is waited for within bounds
        return self._present()

    async def _watch(self, _: Args, connection: Connection) -> Args:
        seen = 0
        while not self._stopping.is_set():
            await self._board.newer(seen)
            seen = self._board.generation
            await connection.item(self._present())
        return {}

    def _present(self) -> Args:
        """Return the snapshot as it fits a frame; cut once, however many watch."""
        if self._fitted.get("generation") != self._board.generation:
            self._fitted = fitted(self._board.snapshot)
        return self._fitted

    async def _sign_in(self, args: Args, connection: Connection) -> Args:
        last: Args = {}
        self._engine.sign_in_asked_by(_caller(connection))
        service = _text(args, "service") or AMIKA
        async for event in self._desk.join(_text(args, "organization") or None, service):
            await connection.item(event)
            last = event
        # the sign-in has taken note of the account itself, so the session lane sees no change that it could pass on
        self._lanes.poke(frozenset({"session", "remote"}))
        return {"email": last.get("email", ""), "organization_id": last.get("organization_id", "")}

    async def _choose_organization(self, args: Args, _: Connection) -> Args:
        self._desk.choose(_text(args, "id"))
        return {}

    async def _sign_out(self, args: Args, connection: Connection) -> Args:
        service = _text(args, "service") or AMIKA
        with self._engine.asked_by(_caller(connection)):
            if service == AMIKA:
                result = await self._lanes.run(self._engine.sign_out)
            else:
                result = await self._lanes.run(lambda: self._engine.sign_out_of(service))
        self._board.publish(self._engine.snapshot())
        self._lanes.poke(frozenset({"session", "remote"}))
        return result

    async def _sync(self, args: Args, connection: Connection) -> Args:
        if _flag(args, "dry_run", default=False):
            return await self._lanes.run(self._engine.preview)
        if not _flag(args, "wait", default=True):
            self._lanes.poke(frozenset({"local", "session", "remote"}))
            return {}
        with self._engine.asked_by(_caller(connection)):
            await self._lanes.cycle()
        return {"actions": self._engine.outcomes()}

    async def _pause(self, args: Args, connection: Connection) -> Args:
        seconds, rule = _seconds(args), _text(args, "rule")
        return await self._decide(connection, lambda: self._engine.decisions.pause(seconds, rule))

    async def _resume(self, args: Args, connection: Connection) -> Args:
        rule = _text(args, "rule")
        return await self._decide(connection, lambda: self._engine.decisions.resume(rule))

    async def _configure(self, args: Args, connection: Connection) -> Args:
        key = _text(args, "key")
        return await self._decide(connection, lambda: self._engine.decisions.configure(key, args.get("value")))

    async def _decide(self, connection: Connection, decide: Callable[[], Args]) -> Args:
        """Record a decision, look at what it means here, and let the remote lane follow."""
        with self._engine.asked_by(_caller(connection)):
            result = await self._lanes.run(decide)
        await self._lanes.local.poke_and_wait()
        self._lanes.poke(frozenset({"remote"}))
        return result

    async def _settings(self, _: Args, __: Connection) -> Args:
        return await self._lanes.run(self._engine.inquiries.settings)

    async def _activity(self, args: Args, _: Connection) -> Args:
        since, limit = _number(args, "since", 0.0), int(_number(args, "limit", 1000.0))
        return await self._lanes.run(lambda: self._engine.inquiries.activity(since, limit))

    async def _copy_env(self, args: Args, connection: Connection) -> Args:
        shell, pid = _text(args, "shell") or "posix", peer(connection.socket())[0]

        def answer() -> Args:
            return self._engine.inquiries.environment(shell, program(pid), by_person=is_our_tray(pid))

        return await self._lanes.run(answer)

    async def _secret_put(self, args: Args, connection: Connection) -> Args:
        value = args.pop("value", None)
        if not isinstance(value, str):
            raise UsageError("value must be a text")
        secret, key, scope = Secret(value), _text(args, "key"), _text(args, "scope") or "workspace"
        caller = _caller(connection)
        return await self._lanes.run(lambda: self._engine.secret_put(key, secret, scope, caller))

    async def _secret_list(self, args: Args, _: Connection) -> Args:
        scope = _text(args, "scope") or None
        return await self._lanes.run(lambda: self._engine.secret_list(scope))

    async def _connections(self, _: Args, __: Connection) -> Args:
        return await self._lanes.run(self._engine.connections)

    async def _remote(self, args: Args, connection: Connection) -> Args:
        given, plain = args.get("args"), args.pop("value", None)
        if not isinstance(given, dict) or not isinstance(plain, str | None):
            raise UsageError("args must be an object, value a text")
        what, api_url, account = _text(args, "what"), _text(args, "api_url"), _text(args, "account")
        value = None if plain is None else Secret(plain)
        _log.info("%s for %s", what, _caller(connection))
        return await self._lanes.run(lambda: self._engine.errands.run(what, given, value, api_url, account))

    async def _stop(self, _: Args, __: Connection) -> Args:
        self._stopping.set()
        return {}


def _text(args: Args, name: str) -> str:
    value = args.get(name, "")
    if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
        raise UsageError(f"{name} must be a short text")
    return value


def _caller(connection: Connection) -> str:
    return program(peer(connection.socket())[0])


def _seconds(args: Args) -> float | None:
    value = args.get("seconds")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError("seconds must be a number, or null for a pause without an end")
    return float(value)


def _number(args: Args, name: str, default: float) -> float:
    value = args.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e12:
        raise UsageError(f"{name} must be a number that is not negative")
    return float(value)


def _flag(args: Args, name: str, *, default: bool) -> bool:
    value = args.get(name, default)
    if not isinstance(value, bool):
        raise UsageError(f"{name} must be true or false")
    return value
