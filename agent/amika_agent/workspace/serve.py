"""Running the local workspace: one instance per data directory, on 127.0.0.1 only, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from amika_agent.clock import Clock
from amika_agent.stores.private_file import locked, make_private_dir
from amika_agent.workspace.record import LOCK, Record, check_data_dir, ensure_key, remove_record, write_record
from amika_agent.workspace.services import Opened, Services, assemble, open_data
from amika_agent.workspace.unused import unused
from amika_local.errors import Busy, Failed

HOST = "127.0.0.1"
TOKEN_LIFETIME = 600
INTERVAL = 1

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How to serve.

    data_dir        where everything lies; created 0700
    port            0: the one used last time if it is free, else any free one
    token_lifetime  seconds an access token lives
    interval        seconds a program waits between two polls of a sign-in
    organizations   names of organizations that the user belongs to from now on, beside the first
    look_every      seconds between two looks whether anybody uses it, which ends it when nobody does; 0 for never
    """

    data_dir: str
    port: int = 0
    token_lifetime: int = TOKEN_LIFETIME
    interval: int = INTERVAL
    organizations: tuple[str, ...] = ()
    look_every: float = 0.0


class Stopper:
    """Ends the server from any thread; what comes before the server listens is remembered."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None
        self._asked = threading.Event()

    def __call__(self) -> None:
        """Ask the server to stop."""
        self._asked.set()
        if self._loop is not None and self._event is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Return when somebody asked."""
        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        if not self._asked.is_set():
            await self._event.wait()


def serve(
    options: Options,
    clock: Clock,
    ready: Callable[[Services], None],
    stopper: Stopper | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or `stopper`; `ready` is called once, when the server answers.

    Raises:
        Busy: another server runs on this data directory.
        Failed: the port is taken, the directory cannot be used, or what lies in it is damaged.

    """
    stopper = stopper or Stopper()
    make_private_dir(options.data_dir)
    check_data_dir(options.data_dir)
    with contextlib.ExitStack() as held, _alone(options.data_dir, clock):
        opened = open_data(options.data_dir, clock, options.organizations)
        try:
            with _listening(options.port, opened.last_port) as listener:
                _run(options, opened, listener, clock, ready, lambda: _end(options, stopper, held), stopper)
        finally:
            opened.storage.close()


def _run(
    options: Options,
    opened: Opened,
    listener: socket.socket,
    clock: Clock,
    ready: Callable[[Services], None],
    end: Callable[[], Awaitable[None]],
    stopper: Stopper,
) -> None:
    from amika_agent.workspace.app import build_app
    from amika_agent.workspace.quiet_server import run_server

    port = listener.getsockname()[1]
    services = assemble(
        opened,
        url=f"http://{HOST}:{port}",
        key=ensure_key(options.data_dir),
        data_dir=options.data_dir,
        clock=clock,
        token_lifetime=options.token_lifetime,
        interval=options.interval,
        stop=stopper,
    )

    def announce() -> None:
        write_record(options.data_dir, Record(services.url, os.getpid(), clock.now(), services.id))
        log.info("serving %s; key in %s", services.url, services.sealer.store)
        ready(services)

    try:
        opened.storage.set_setting("port", str(port).encode())
        with _signals(stopper):
            run_server(build_app(services), listener, announce, end)
    finally:
        remove_record(options.data_dir)
        services.thread.close()
        log.info("stopped")


async def _end(options: Options, stopper: Stopper, held: contextlib.ExitStack) -> None:
    """Return when the server is to stop: it was asked to, or nobody uses it any more."""
    ends = [asyncio.create_task(stopper.wait())]
    if options.look_every:
        ends.append(asyncio.create_task(unused(options.data_dir, options.look_every, held)))
    _, left = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    if not ends[0].done():
        log.info("nobody uses this workspace any more")


@contextlib.contextmanager
def _alone(data_dir: str, clock: Clock) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(os.path.join(data_dir, LOCK), deadline=0.0, clock=clock))
        except Busy:
            raise Busy(
                f"a local workspace runs on {data_dir} already",
                remedy="Use that one, or choose another directory with --data.",
            ) from None
        yield


@contextlib.contextmanager
def _listening(port: int, last_port: int) -> Iterator[socket.socket]:
    wanted = [port] if port else [last_port, 0] if last_port else [0]
    with contextlib.ExitStack() as stack:
        for candidate in wanted:
            # asyncio turns Nagle's delay off only where the protocol is named: without it every answer takes 40 ms
            listener = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, candidate))
                listener.listen(128)
            except OSError as error:
                if candidate != wanted[-1]:
                    continue
                raise _cannot_listen(candidate, error) from None
            listener.setblocking(False)  # noqa: FBT003 -- the standard library has no keyword here
            yield listener
            return


def _cannot_listen(port: int, error: OSError) -> Failed:
    if error.errno == errno.EADDRINUSE:
        remedy = "Stop the program that uses it, or choose another: --port 0 takes any free one."
        return Failed(f"port {port} is in use", remedy=remedy)
    if error.errno in (errno.EACCES, errno.EPERM):
        return Failed(f"port {port} is reserved for the system", remedy="Choose one above 1023, or --port 0.")
    return Failed(f"cannot listen on {HOST}:{port}: {error.strerror}", remedy="Choose another port, or --port 0.")


@contextlib.contextmanager
def _signals(stopper: Stopper) -> Iterator[None]:
    """Let SIGTERM and SIGINT end the server gracefully; only a process's main thread gets signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stopper()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
