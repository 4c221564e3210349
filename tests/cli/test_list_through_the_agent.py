"""Commands that need the network ask the running agent: the same answers, without loading what talks to servers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch
from amika_shared.profile import resolve

pytestmark = pytest.mark.process

# the package itself is loaded by name, which the interpreter does not report
HTTPX = "httpx.__version__"
LIST = ("secret", "claude", "list", "--local", "-o", "json")


@pytest.fixture
def signed_in(amika, claude):
    claude()
    assert amika("up", "--local", "--yes", "--once", "--no-tray").code == 0
    yield
    amika("agent", "stop", "--local")
    running = launch.find(resolve(os.environ, local=True).workspace_dir, SystemClock())
    if running is not None:
        launch.stop(running)


def modules(*words: str) -> set[str]:
    command = [sys.executable, "-X", "importtime", "-m", "amika_cli.main", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.usefixtures("signed_in")
def test_the_answer_is_the_same_and_nothing_that_talks_to_servers_is_loaded(amika) -> None:
    direct = amika(*LIST).json
    assert [secret["name"] for secret in direct] == ["Claude OAuth"]
    assert HTTPX in modules(*LIST)
    assert amika("agent", "start", "--local").code == 0
    assert amika(*LIST).json == direct
    assert {HTTPX, "ssl", "asyncio"} & modules(*LIST) == set()


@pytest.mark.usefixtures("signed_in")
def test_a_login_is_verified_by_way_of_the_agent(amika) -> None:
    verify = ("auth", "status", "--verify", "--local", "-o", "json")
    direct = amika(*verify).json
    assert direct["verified"] is True
    assert HTTPX in modules(*verify)
    assert amika("agent", "start", "--local").code == 0
    told = amika(*verify).json
    assert {**told, "expires_at": None} == {**direct, "expires_at": None}
    assert {HTTPX, "ssl", "asyncio"} & modules(*verify) == set()
    assert amika("auth", "logout", "--local").code == 0
    assert amika(*verify).code == 3


@pytest.mark.usefixtures("signed_in")
def test_an_agent_without_a_session_is_not_believed(amika) -> None:
    assert amika("agent", "start", "--local").code == 0
    assert amika("auth", "logout", "--local").code == 0
    ran = amika(*LIST)
    assert ran.code == 3
    assert "auth login" in ran.err


PUSH = ("secret", "push", "K=V", "--yes", "--local", "-o", "json")
KEY = "sk-ant-api03-fake-0123456789"
ALIKE = (
    ("secret", "list", "--local", "-o", "json"),
    ("secret", "codex", "list", "--local"),
    ("secret", "claude", "delete", "no-such-id", "--yes", "--local"),
    ("secret", "claude", "push", "--value", "-", "--type", "oauth", "--name", "Bad", "--once", "--yes", "--local"),
    ("sandbox", "list", "--local"),
    ("sandbox", "delete", "no-such-box", "--yes", "--local"),
)


def said(ran) -> tuple[int, str, str]:
    return ran.code, ran.out, ran.err


@pytest.mark.usefixtures("signed_in")
def test_what_is_stored_listed_and_deleted_is_the_same_with_an_agent_and_without(amika) -> None:
    push = ("secret", "claude", "push", "--value", "-", "--type", "api_key", "--name", "Mine", "--yes", "--local")
    assert amika(*PUSH).json["done"][0]["action"] == "created"
    without = [said(amika(*words)) for words in ALIKE]
    first = amika(*push, "--once", stdin=KEY)
    mine = next(one["id"] for one in amika(*LIST).json if one["name"] == "Mine")
    gone = amika("secret", "claude", "delete", mine, "--yes", "--local")

    assert amika("agent", "start", "--local").code == 0
    assert [said(amika(*words)) for words in ALIKE] == without
    assert amika(*PUSH).json["done"][0]["action"] == "updated"
    assert said(amika(*push, "--once", stdin=KEY)) == said(first)
    again = next(one["id"] for one in amika(*LIST).json if one["name"] == "Mine")
    deleted = amika("secret", "claude", "delete", again, "--yes", "--local")
    assert said(deleted) == (gone.code, gone.out.replace(mine, again), gone.err)
    assert "Mine" not in [one["name"] for one in amika(*LIST).json]
    assert {HTTPX} & modules(*PUSH) == set()
    assert {HTTPX, "ssl"} & modules("secret", "list", "--local") == set()
