"""A small agent for the tray's tests: the protocol and nothing behind it. Contract tests hold it to the real one.

It runs on a thread of its own. The test says what is true (`publish`, `approve`, `deny`, `tell`) and sees what was
asked (`asked`).
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from amika_shared import BUILD
from amika_shared.client import boot_id
from amika_shared.effective import effective
from amika_shared.profile import Profile
from amika_shared.protocol import MAX_FRAME, PROTO, ProtocolError, decode, encode, overlap
from amika_shared.settings_schema import SCHEMA, checked, defaults, may_configure

T = TypeVar("T")

CODE = "BCDF-GHJK"
PAGE = "https://sign-in.example.com/device"
EMAIL = "dev@example.com"
ACCOUNT = {
    "service": "amika",
    "signed_in": True,
    "method": "session",
    "email": EMAIL,
    "user_id": "user_1",
    "org_id": "org_1",
    "organization": "Example Org",
    "api_url": "https://app.example.com",
    "storage": "file",
}
ORGANIZATIONS = [{"id": "org_1", "name": "Example Org"}, {"id": "org_2", "name": "Other & Sons"}]


class Refused(Exception):
    """An error frame."""

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.frame = {"error": {"code": code, "message": message, "remedy": remedy}}


class FakeAgent:
    """One agent on the profile's socket, from `start` to `stop`.

    asked           (op, args) of every request, in order
    cancelled       how many streams their client closed
    organizations   offered after approval when there is more than one
    plan, events, settings, environment  what sync {dry_run}, activity, settings and copy_env answer
    hello           sent to every client; change it before a client comes
    vault, connected  what secret_list and connections answer; secret_put adds to the vault
    mute            True: nothing is answered any more, connections stay open
    page, code      where a sign-in is approved, and what it shows
    now             wall time, epoch seconds
    """

    def __init__(self, profile: Profile, env: Mapping[str, str], now: Callable[[], float] = time.time) -> None:
        self._profile = profile
        self._now = now
        self.hello: dict[str, Any] = {
            "proto": list(PROTO),
            "build": BUILD,
            "features": [
                "status",
                "watch",
                "sign_in",
                "choose_organization",
                "sign_out",
                "sync",
                "pause",
                "resume",
                "settings",
                "configure",
                "activity",
                "copy_env",
                "secret_put",
                "secret_list",
                "connections",
                "stop",
            ],
            "paths": effective(profile, env),
            "started": self._now(),
        }
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.cancelled = 0
        self.organizations: list[dict[str, str]] = []
        self.sign_out_end: dict[str, Any] = {"was_signed_in": True, "revoked": True, "detail": "", "left_remotely": []}
        self.sync_error: Refused | None = None
        self.plan: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.settings: dict[str, Any] = defaults(profile.name)
        self.environment: dict[str, Any] = {"text": "", "names": [], "withheld": []}
        self.vault: list[dict[str, Any]] = []
        self.connected: list[dict[str, Any]] = []
        self.mute = False
        self.page, self.code = PAGE, CODE
        self._snapshot: dict[str, Any] = {"state": "signed_out", "accounts": [], "credentials": [], "problems": []}
        self._generation = 1
        self._loop = asyncio.new_event_loop()
        self._news = asyncio.Event()
        self._decisions: asyncio.Queue[dict[str, Any] | Refused] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._peers: set[asyncio.Task[None]] = set()
        self._closing = False
        self._watchers: list[asyncio.StreamWriter] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-agent")

    def start(self) -> FakeAgent:
        """Listen, and say so in `agent.json`."""
        os.makedirs(self._profile.runtime_dir, mode=0o700, exist_ok=True)
        os.makedirs(self._profile.data_dir, mode=0o700, exist_ok=True)
        self._thread.start()
        if os.path.lexists(self._profile.socket):
            os.unlink(self._profile.socket)
        self._wait(self._listen())
        self.record()
        return self

    def record(self, **changes: Any) -> None:
        """Write `agent.json`."""
        record = {"v": 1, "host": os.uname().nodename, "boot_id": boot_id(), "pid": os.getpid()}
        record |= {"socket": self._profile.socket, "build": BUILD, "paths": self.hello["paths"], **changes}
        with open(self._profile.agent_record + ".new", "w", encoding="utf-8") as file:
            json.dump(record, file)
        os.replace(self._profile.agent_record + ".new", self._profile.agent_record)

    def publish(self, **fields: Any) -> None:
        """Make this true and tell every watcher."""
        self._wait(self._publish(fields))

    def beat(self) -> None:
        """Send every watcher a heartbeat."""
        self._wait(self._beat())

    def tell(self, event: dict[str, Any]) -> None:
        """Send an event of its own on the sign-in under way."""
        self._loop.call_soon_threadsafe(self._decisions.put_nowait, event)

    def approve(self, _code: str = CODE) -> None:
        """Approve the sign-in under way."""
        self.tell({"event": "approved"})

    def deny(self, _code: str = CODE) -> None:
        """Deny it."""
        refusal = Refused("denied", "the sign-in was denied in the browser", "Start it again if that was a mistake.")
        self._loop.call_soon_threadsafe(self._decisions.put_nowait, refusal)

    def die(self) -> None:
        """End as kill -9 would: connections drop, socket and record stay behind."""
        self._end()

    def stop(self) -> None:
        """End cleanly; safe after `die` and to call twice."""
        self._end()
        for path in (self._profile.agent_record, self._profile.socket):
            if os.path.lexists(path):
                os.unlink(path)

    def _end(self) -> None:
        if self._loop.is_closed():
            return
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_unix_server(self._accept, self._profile.socket, limit=MAX_FRAME)

    async def _close(self) -> None:
        self._closing = True
        listening = () if self._server is None else self._server.sockets
        for listener in listening:
            self._loop.remove_reader(listener.fileno())
        for task in list(self._peers):
            task.cancel()
        # whoever was let in a moment ago is not among them yet and goes by himself; a closed server would lose him
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
        if self._server is not None:
            self._server.close()

    async def _publish(self, fields: dict[str, Any]) -> None:
        self._snapshot = {**self._snapshot, **fields}
        self._generation += 1
        self._news.set()
        self._news = asyncio.Event()

    async def _beat(self) -> None:
        for writer in self._watchers:
            writer.write(encode({"beat": self._now()}))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._closing:
            writer.transport.abort()
            return
        self._peers.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            pass
        finally:
            self._peers.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode({"hello": self.hello}))
        try:
            hello = decode(await reader.readuntil()).get("hello")
        except ProtocolError as error:
            writer.write(encode(Refused("protocol", str(error)).frame))
            return
        if not isinstance(hello, dict) or not overlap(hello.get("proto")):
            code = "other_version" if isinstance(hello, dict) else "protocol"
            writer.write(encode(Refused(code, "that is no hello of this version").frame))
            await writer.drain()
            return
        while True:
            await self._answer(reader, writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readuntil()
        try:
            op, args = _request(decode(line))
        except ProtocolError as error:
            writer.write(encode(Refused("protocol", str(error)).frame))
            return
        self.asked.append((op, args))
        work = asyncio.ensure_future(self._do(op, args, writer))
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                self.cancelled += 1
                raise ConnectionResetError
            writer.write(encode({"end": work.result()}))
        except Refused as refusal:
            writer.write(encode(refusal.frame))
        finally:
            work.cancel()
            gone.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    async def _do(self, op: str, args: dict[str, Any], writer: asyncio.StreamWriter) -> dict[str, Any]:
        if self.mute:
            await asyncio.Event().wait()
        if op == "watch":
            return await self._watch(writer)
        if op == "sign_in":
            return await self._sign_in(writer)
        if op == "choose_organization":
            return self._choose(args)
        return await self._do_at_once(op, args)

    async def _do_at_once(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        match op:
            case "status":
                return self._shown()
            case "sign_out":
                if not self._snapshot["accounts"]:
                    return {"was_signed_in": False, "revoked": False, "detail": "", "left_remotely": []}
                await self._publish({"state": "signed_out", "accounts": []})
                return self.sign_out_end
            case "sync":
                if self.sync_error is not None:
                    raise self.sync_error
                return {"actions": self.plan, "offline": False}
            case "stop":
                self._loop.call_later(0.05, self._vanish)
                return {}
        return await self._answer_of_a_page(op, args)

    async def _answer_of_a_page(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        if op in ("pause", "resume", "configure"):
            return await self._decided_on(op, args)
        if op == "secret_put":
            return self._put(args)
        scope = args.get("scope")
        answers: dict[str, dict[str, Any]] = {
            "secret_list": {"secrets": [entry for entry in self.vault if scope in (None, "", entry["scope"])]},
            "connections": {"connections": self.connected},
            "settings": {"values": self.settings},
            "activity": {"events": self.events},
            "copy_env": self.environment,
        }
        if op not in answers:
            raise Refused("unknown_op", "this agent does not know that operation")
        return answers[op]

    def _put(self, args: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(args.pop("value", None), str):
            raise Refused("usage", "value must be a text")
        key = args.get("key", "")
        if not (key[:1].isalpha() and key.isupper() and key.replace("_", "").isalnum()):
            raise Refused("usage", "that is no name for a secret")
        entry = {"key": key, "scope": args.get("scope") or "workspace", "source": "encrypted-file"}
        self.vault = [one for one in self.vault if (one["key"], one["scope"]) != (key, entry["scope"])]
        self.vault.append({**entry, "stored_at": self._now()})
        return entry

    async def _decided_on(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        if op == "configure":
            if not may_configure(args["key"]):
                raise Refused("usage", "that setting is not changed from here", "In a terminal: amika config set")
            try:
                value = checked(SCHEMA[[setting.key for setting in SCHEMA].index(args["key"])], args["value"])
            except ValueError as error:
                raise Refused("usage", str(error)) from None
            self.settings[args["key"]] = value
            return {"key": args["key"]}
        until = None if op == "resume" or args["seconds"] is None else self._now() + args["seconds"]
        await self._publish({"state": "paused" if op == "pause" else "in_sync", "paused_until": until})
        return {"until": until, "rule": ""}

    async def _watch(self, writer: asyncio.StreamWriter) -> dict[str, Any]:
        self._watchers.append(writer)
        while True:
            news = self._news
            writer.write(encode({"item": self._shown()}))
            await writer.drain()
            await news.wait()

    async def _sign_in(self, writer: asyncio.StreamWriter) -> dict[str, Any]:
        expires = self._now() + 600
        complete = f"{self.page}?user_code={self.code}"
        code = {"user_code": self.code, "verification_uri": self.page, "verification_uri_complete": complete}
        writer.write(encode({"item": {"event": "code", **code, "expires_at": expires, "interval": 5}}))
        waiting = {"service": "amika", "state": "waiting", **code, "expires_at": expires}
        await self._publish({"sign_in": waiting})
        try:
            return await self._decided(writer)
        finally:
            await self._publish({"sign_in": None})

    async def _decided(self, writer: asyncio.StreamWriter) -> dict[str, Any]:
        while True:
            said = await self._decisions.get()
            if isinstance(said, Refused):
                raise said
            if said["event"] == "approved" and len(self.organizations) > 1:
                said = {"event": "choose_organization", "organizations": self.organizations}
            if said["event"] in ("approved", "chosen"):
                organization = said.get("organization_id", "org_1")
                await self._publish({"state": "in_sync", "accounts": [{**ACCOUNT, "org_id": organization}]})
                done = {"email": EMAIL, "organization_id": organization}
                writer.write(encode({"item": {"event": "done", **done}}))
                return done
            writer.write(encode({"item": said}))

    def _choose(self, args: dict[str, Any]) -> dict[str, Any]:
        if self._snapshot.get("sign_in") is None:
            raise Refused("conflict", "no sign-in is under way", "Start one: amika auth login")
        chosen = args.get("id")
        if chosen not in [organization["id"] for organization in self.organizations]:
            raise Refused("not_found", "there is no such organization among the choices")
        self._decisions.put_nowait({"event": "chosen", "organization_id": chosen})
        return {}

    def _shown(self) -> dict[str, Any]:
        return {"generation": self._generation, "build": BUILD, "profile": self._profile.name, **self._snapshot}

    def _vanish(self) -> None:
        for path in (self._profile.agent_record, self._profile.socket):
            if os.path.lexists(path):
                os.unlink(path)
        for task in list(self._peers):
            task.cancel()


def _request(frame: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    op, args = frame.get("op"), frame.get("args", {})
    if not isinstance(op, str) or not isinstance(args, dict):
        raise ProtocolError("op must be a text and args an object")
    return op, args
