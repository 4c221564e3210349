"""Everything one running workspace consists of, put together once."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar

from amika_agent.clock import Clock
from amika_agent.workspace.api_keys import ApiKeys
from amika_agent.workspace.identity import ensure_identity
from amika_agent.workspace.page_access import PageAccess
from amika_agent.workspace.sandbox_book import SandboxBook
from amika_agent.workspace.sealing import Sealer, open_sealer
from amika_agent.workspace.secret_shelf import SecretShelf
from amika_agent.workspace.sessions import Sessions
from amika_agent.workspace.sign_in import SignIn
from amika_agent.workspace.sqlite_storage import SqliteStorage
from amika_agent.workspace.storage import Identity, Storage
from amika_agent.workspace.tokens import Signer, open_signer

DATABASE = "workspace.db"

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class StorageThread:
    """The one thread that touches the storage; so each step runs alone, and the loop never waits for the disk."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="workspace-storage")

    async def run(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run a blocking function there and return what it returns."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *args, **kwargs))

    def close(self) -> None:
        """Finish what was begun and end the thread."""
        self._pool.shutdown()


@dataclass(frozen=True)
class Opened:
    """A data directory that was opened, before it is known on which port the workspace listens."""

    id: str
    storage: Storage
    identity: Identity
    sealer: Sealer
    signer: Signer
    last_port: int


@dataclass(frozen=True)
class Services:
    """What the routes use."""

    id: str
    url: str
    key: bytes
    data_dir: str
    storage: Storage
    thread: StorageThread
    identity: Identity
    sealer: Sealer
    signer: Signer
    sessions: Sessions
    sign_in: SignIn
    secrets: SecretShelf
    sandboxes: SandboxBook
    api_keys: ApiKeys
    pages: PageAccess
    clock: Clock
    stop: Callable[[], None]


def open_data(data_dir: str, clock: Clock, organizations: Sequence[str] = ()) -> Opened:
    """Open or create what lies in the data directory, with these organizations beside the first. Raises Failed."""
    storage = SqliteStorage(os.path.join(data_dir, DATABASE))
    try:
        workspace_id = storage.setting("id")
        if workspace_id is None:
            workspace_id = f"workspace_{secrets.token_hex(8)}".encode()
            storage.set_setting("id", workspace_id)
        sealer = open_sealer(storage, data_dir, clock.now())
        return Opened(
            id=workspace_id.decode(),
            storage=storage,
            identity=ensure_identity(storage, organizations),
            sealer=sealer,
            signer=open_signer(storage, sealer),
            last_port=int(storage.setting("port") or b"0"),
        )
    except BaseException:
        storage.close()
        raise


def assemble(
    opened: Opened,
    *,
    url: str,
    key: bytes,
    data_dir: str,
    clock: Clock,
    token_lifetime: int,
    interval: int,
    stop: Callable[[], None],
) -> Services:
    """Return the services of a workspace that listens at `url`; `stop` ends it.

    `token_lifetime` of an access token and `interval` between two polls of a sign-in are in seconds.
    """
    sessions = Sessions(
        opened.storage,
        opened.identity,
        opened.sealer,
        opened.signer,
        clock,
        issuer=url,
        token_lifetime=token_lifetime,
    )
    return Services(
        id=opened.id,
        url=url,
        key=key,
        data_dir=data_dir,
        storage=opened.storage,
        thread=StorageThread(),
        identity=opened.identity,
        sealer=opened.sealer,
        signer=opened.signer,
        sessions=sessions,
        sign_in=SignIn(opened.storage, sessions, clock, interval=interval),
        secrets=SecretShelf(opened.storage, opened.sealer, clock),
        sandboxes=SandboxBook(opened.storage, clock),
        api_keys=ApiKeys(opened.storage, opened.identity, clock),
        pages=PageAccess(clock),
        clock=clock,
        stop=stop,
    )
