"""A machine for sync tests: files on a disk, a clock to turn, the fake secrets server over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.fakes.discoveries import discovery
from tests.fakes.secrets_server import FakeSecretsServer
from tests.fakes.turned_clock import TurnedClock

from amika_agent.accounts.amika import AccountKey
from amika_agent.http.client import Http
from amika_agent.stores.amika_api import SecretsApi
from amika_agent.sync.facts import PushSettings
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.outcome import Outcome
from amika_agent.sync.remote import RemoteSync
from amika_agent.sync.rules import generic_rule_for
from amika_local.credential import Credential
from amika_local.findings import Discovery
from amika_local.secret import Secret

START = 1_800_000_000.0
CLAUDE_FILE = "/home/ada/.claude/.credentials.json"


def claude(token: str, *, account: str | None = "ada@example.com", expires_at: float | None = START + 8 * 3600,
           path: str = CLAUDE_FILE) -> Credential:  # fmt: skip
    oauth = {
        "accessToken": f"sk-ant-oat01-fake-{token}",
        "refreshToken": f"sk-ant-ort01-fake-{token}",
        "expiresAt": None if expires_at is None else int(expires_at * 1000),
    }
    return Credential(
        "anthropic", "oauth", Secret(oauth["accessToken"]), "claude-oauth", path, 400,
        expires_at=expires_at, native_name="CLAUDE_CODE_OAUTH_TOKEN", account=account,
        record=Secret(json.dumps({"claudeAiOauth": oauth})),
    )  # fmt: skip


def codex_key(key: str, path: str = "/home/ada/.codex/auth.json") -> Credential:
    return Credential("openai", "api_key", Secret(f"sk-fake-{key}"), "codex", path, 300, native_name="OPENAI_API_KEY")


def gone(state: str = "absent") -> Discovery:
    """Nothing is found, and Claude's file is in this state."""
    return discovery(files={("claude-oauth", CLAUDE_FILE): state})


class Machine:
    """One machine of one account."""

    def __init__(self, folder: Path, server: FakeSecretsServer, clock: TurnedClock, **settings: object) -> None:
        self.clock = clock
        self.server = server
        self.http = Http()
        self.db = SyncDb(str(folder / "sync.db"), clock)
        self.account = AccountKey(server.url, "user_fake", "org_fake")
        self.api = SecretsApi(server.url, lambda _force: Secret(server.token), self.http)
        self.settings = PushSettings(**{"auto_push": ("claude", "codex"), "settle": 0.0, **settings})
        self.remote = RemoteSync(self.db, self.api, self.account, clock, self.settings)

    @property
    def key(self) -> str:
        return self.account.text

    def comes_to_rest(self, token: str = "two") -> None:
        """Run with this login until nothing is open or due, turning the clock to whatever is waited for."""
        for _ in range(12):
            self.remote.run(discovery(claude(token)))
            due = self.remote.due_at()
            if due is None:
                return
            self.clock.turn(max(0.0, due - self.clock.now()) + 0.01)
        raise AssertionError("it does not come to rest")

    def close(self) -> None:
        self.db.close()
        self.http.close()


def generic(machine: Machine, value: str, name: str = "GROQ_API_KEY") -> Discovery:
    """A key that a rule pushes as a generic secret; the machine's first rule is made here."""
    credential = Credential("groq", "api_key", Secret(value), "opencode", "/x", 200)
    if not machine.db.rules(machine.key):
        machine.db.put_rule(machine.key, generic_rule_for(credential, name))
    return discovery(credential)


def change_rule(machine: Machine, **changes: object) -> None:
    """Change the rule of Claude's login."""
    machine.db.put_rule(machine.key, replace(machine.db.rule(machine.key, "claude-oauth"), **changes))


def only(outcomes: Sequence[Outcome]) -> Outcome:
    (outcome,) = outcomes
    return outcome


def names(server: FakeSecretsServer, provider: str = "claude") -> list[str]:
    return [record["name"] for record in server.records(provider)]


def token_of(server: FakeSecretsServer) -> str:
    """The part of the pushed access token that a test chose."""
    (record,) = [r for r in server.records("claude") if r["name"] == "Claude OAuth"]
    value = json.loads(server.value_of(record["id"]))
    return value["claudeAiOauth"]["accessToken"].removeprefix("sk-ant-oat01-fake-")


def never_none(server: FakeSecretsServer) -> bool:
    """Since the first record of Claude's there was always one."""
    states = server.history("claude")
    first = next((at for at, state in enumerate(states) if state), len(states))
    return all(states[first:])
