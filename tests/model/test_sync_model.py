"""Random days of a machine: files change in every way, the network fails, processes die, clocks jump, others edit.

Whenever it is quiet for a while the server has exactly what is on the disk, once, and it never had nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.agent.sync.world import START, TurnedClock
from tests.fakes.secrets_server import FakeSecretsServer

from amika_agent.accounts.amika import AccountKey
from amika_agent.http.client import Http
from amika_agent.stores.amika_api import SecretsApi
from amika_agent.sync import env_cache
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.plan import Settings
from amika_agent.sync.remote import RemoteSync
from amika_local.discovery import discover
from amika_local.secret import Secret

pytestmark = pytest.mark.slow
NAME = "Claude OAuth"
MALFORMED = ["", "{", "[]", "null", '{"claudeAiOauth": 7}', '{"claudeAiOauth": {"accessToken": 1}}']
WRITES = ["replaced_by_rename", "written_in_place"]
ACCIDENTS = [
    "malformed", "blank_after_a_lost_race", "deleted", "directory_deleted", "unreadable_kind_of_file",
    "moved_behind_a_symlink", "neighbours_change",
]  # fmt: skip
FAULTS = ["refuse", "reset", "drop", "late", "status", "status_after", "half", "html", "portal"]


class Killed(BaseException):
    """The process is gone: nothing after this line runs."""


class MortalHttp:
    """The real client; dies before or after the request that it was told to die at."""

    def __init__(self, inner: Http) -> None:
        self.inner = inner
        self.dies_in: int | None = None
        self.after = False

    def request(self, method, url, **options):
        if self.dies_in is None:
            return self.inner.request(method, url, **options)
        self.dies_in -= 1
        if self.dies_in > 0:
            return self.inner.request(method, url, **options)
        self.dies_in = None
        if self.after:
            with contextlib.suppress(Exception):
                self.inner.request(method, url, **options)
        raise Killed


class Days(RuleBasedStateMachine):
    http: Http

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.home = self.folder / "home"
        self.file = self.home / ".claude" / ".credentials.json"
        self.file.parent.mkdir(parents=True)
        self.clock = TurnedClock()
        self.server = FakeSecretsServer()
        self.server._http.RequestHandlerClass.disable_nagle_algorithm = True
        self.server.__enter__()
        self.mortal = MortalHttp(self.http)
        self.serial = 0
        self.good = None  # the token on the disk, when it is well-formed
        self.written = []
        self.edited = False  # somebody else changed our record since the disk last changed
        self.foreign = set()  # indices of the server's history that others caused
        self.pushed = False
        self.start_process()

    def start_process(self):
        self.db = SyncDb(str(self.folder / "data" / "sync.db"), self.clock)
        api = SecretsApi(self.server.url, lambda _force: Secret(self.server.token), self.mortal)
        self.account = AccountKey(self.server.url, "user_fake", "org_fake")
        settings_ = Settings(auto_push=("claude",), settle=0.0)
        self.remote = RemoteSync(self.db, api, self.account, self.clock, settings_)

    def teardown(self):
        if not hasattr(self, "server"):
            return
        try:
            self.quiet()
        finally:
            self.db.close()
            self.server.__exit__()
            shutil.rmtree(self.folder)

    # the disk

    def record(self):
        self.serial += 1
        token = f"value-{self.serial}"
        oauth = {
            "accessToken": f"sk-ant-oat01-fake-{token}", "refreshToken": "sk-ant-ort01-fake",
            "expiresAt": int((START + 10 * 365 * 86400 + self.serial) * 1000),
        }  # fmt: skip
        return token, json.dumps({"claudeAiOauth": oauth})

    def make_way(self):
        self.file.parent.mkdir(exist_ok=True)
        if self.file.is_fifo():
            self.file.unlink()  # opening it to write would wait for a reader

    def took(self, token):
        self.good = token
        if token is not None:
            self.written.append(token)
            self.edited = False

    def replaced_by_rename(self):
        token, text = self.record()
        self.file.parent.mkdir(exist_ok=True)
        new = self.file.with_suffix(".new")
        new.write_text(text)
        new.rename(self.file)
        self.took(token)

    def written_in_place(self):
        token, text = self.record()
        self.make_way()
        with open(self.file, "w") as file:
            self.look()  # zero bytes are seen
            file.write(text[:40])
            file.flush()
            self.look()  # half of it is seen
            file.write(text[40:])
        self.took(token)

    def malformed(self):
        text = MALFORMED[self.serial % len(MALFORMED)]
        self.make_way()
        self.file.write_text(text)
        self.good = None

    def blank_after_a_lost_race(self):
        self.make_way()
        self.file.write_text('{"claudeAiOauth": {"accessToken": "", "refreshToken": "", "expiresAt": 0}}')
        self.good = None

    def deleted(self):
        with contextlib.suppress(FileNotFoundError):
            self.file.unlink()
        self.good = None

    def directory_deleted(self):
        shutil.rmtree(self.file.parent, ignore_errors=True)
        self.good = None

    def unreadable_kind_of_file(self):
        self.deleted()
        self.file.parent.mkdir(exist_ok=True)
        os.mkfifo(self.file)

    def moved_behind_a_symlink(self):
        if self.good is not None and not self.file.is_symlink():
            target = self.folder / "dotfiles.json"
            target.write_text(self.file.read_text())
            self.file.unlink()
            self.file.symlink_to(target)

    def neighbours_change(self):
        (self.home / ".claude.json").write_text(json.dumps({"numStartups": self.serial}))

    # the world

    @rule()
    def network_down(self):
        self.server.faults.add("refuse", times=-1)

    @rule()
    def network_up(self):
        self.server.faults.clear()

    @rule()
    def late_requests_arrive(self):
        self.server.run_late()

    @rule(seconds=st.sampled_from([-86400.0, -60.0, 0.5, 6.0, 130.0, 1000.0, 86400.0]))
    def clock_jumps(self, seconds):
        self.clock.at += seconds

    @rule()
    def somebody_deletes_it(self):
        for record in self.server.records("claude"):
            if record["name"] == NAME:
                self.server.remove(record["id"])
                self.foreign.add(len(self.server.history("claude")) - 1)
                self.edited = True

    @rule()
    def somebody_replaces_it(self):
        self.somebody_deletes_it()
        if self.edited and NAME not in self.names():
            theirs = {"claudeAiOauth": {"accessToken": "theirs"}}
            self.server.put("claude", name=NAME, type="oauth", value=json.dumps(theirs))

    # the program

    def look(self):
        found = discover(str(self.home), {}, now=self.clock.now(), confined=True)
        env_cache.reconcile(str(self.home / ".cache/amika/env-cache.json"), found, self.db, self.clock)
        return found

    @rule(how=st.sampled_from(WRITES * 3 + ACCIDENTS), dies_in=st.integers(0, 6), after=st.booleans())
    def the_disk_changes(self, how, dies_in, after):
        getattr(self, how)()
        self.runs(dies_in, after)

    @rule(kind=st.sampled_from(FAULTS), method=st.sampled_from(["GET", "POST", "DELETE"]), skip=st.integers(0, 1))
    def the_disk_changes_and_the_network_fails(self, kind, method, skip):
        self.server.faults.add(kind, method=method, skip=skip)
        self.replaced_by_rename()
        self.runs()

    @rule(dies_in=st.integers(0, 6), after=st.booleans())
    def runs(self, dies_in=0, after=False):
        """Look and reconcile; `dies_in`: killed at that request (0: not at all), before or after it is executed."""
        self.mortal.dies_in, self.mortal.after = dies_in or None, after
        found = self.look()
        try:
            self.remote.run(found)
        except Killed:
            self.die()
        self.mortal.dies_in = None

    @rule()
    def die(self):
        self.db.close()
        self.start_process()

    @precondition(lambda self: self.good is not None)
    @rule()
    def quiet(self):
        self.network_up()
        self.late_requests_arrive()
        for _ in range(15):
            self.runs()
            due = self.remote.due_at()
            if due is None:
                break
            self.clock.at = max(self.clock.at, due) + 0.01
        else:
            pytest.fail("it does not come to rest")
        self.check()

    # what must hold

    def names(self):
        return [record["name"] for record in self.server.records("claude")]

    def check(self):
        self.pushed = self.pushed or bool(self.server.history("claude"))
        self.never_nothing_by_us()
        if self.good is None:
            # what is open waits for a value, and as long as it does temporary records stay beside it
            assert len(self.names()) <= 1 or self.db.pending(self.account.text)
            return
        contested = any(hold.code == "contested" for hold in self.db.holds(self.account.text).values())
        if self.edited or contested:
            return  # shown, not fought; what is there is theirs
        assert self.names() == [NAME]
        (record,) = self.server.records("claude")
        value = json.loads(self.server.value_of(record["id"]))
        assert value["claudeAiOauth"]["accessToken"] == f"sk-ant-oat01-fake-{self.good}"
        cache = json.loads((self.home / ".cache/amika/env-cache.json").read_text())
        entry = cache["_amika"]["env"]["CLAUDE_CODE_OAUTH_TOKEN"]
        assert entry["value"] == f"sk-ant-oat01-fake-{self.good}"

    def never_nothing_by_us(self):
        states = self.server.history("claude")
        for at in range(1, len(states)):
            if states[at - 1] and not states[at]:
                assert at in self.foreign, f"no record at all after change {at}"


def test_random_days():
    """Sixty days; SYNC_MODEL_DAYS=5000 makes it a soak of random ones."""
    days = int(os.environ.get("SYNC_MODEL_DAYS", "60"))
    with contextlib.closing(Http()) as http:
        Days.http = http
        run_state_machine_as_test(
            Days,
            settings=settings(
                max_examples=days, stateful_step_count=30, deadline=None, derandomize=days == 60, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
