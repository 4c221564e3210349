from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from amika_agent.clock import SystemClock
from amika_agent.stores.connections import Connection, Connections, connections_path
from amika_local.errors import Conflict, Failed, NotFound


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(connections_path(str(tmp_path / "data")))


@pytest.fixture
def store(path: Path) -> Connections:
    return Connections(str(path), SystemClock())


def connection(name: str = "chat", **more: str) -> Connection:
    return Connection(name, "slack", {"channel": "#a", **more}, "SLACK_BOT_TOKEN", "workspace", 5.0)


def test_what_is_added_is_listed_and_removed(store: Connections, path: Path) -> None:
    assert store.list() == []
    store.add(connection("b"))
    store.add(connection("a"))
    assert store.list() == [connection("a"), connection("b")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.get("a") == connection("a")
    assert store.remove("a") == connection("a")
    assert [c.name for c in store.list()] == ["b"]


def test_a_name_is_taken_once_unless_replaced(store: Connections) -> None:
    store.add(connection())
    with pytest.raises(Conflict, match="already"):
        store.add(connection(event="mention"))
    store.add(connection(event="mention"), replace=True)
    assert store.get("chat").fields["event"] == "mention"


def test_an_unknown_name_is_suggested(store: Connections) -> None:
    store.add(connection("team-chat"))
    for work in (store.get, store.remove):
        with pytest.raises(NotFound, match="did you mean team-chat"):
            work("team-chta")


def test_who_uses_a_key(store: Connections) -> None:
    store.add(connection("by-auth"))
    store.add(Connection("by-field", "cdc", {"connection": "x://u:${vault:SLACK_BOT_TOKEN}@h"}))
    store.add(Connection("not", "cron", {"cron": "* * * * *"}))
    assert store.using("SLACK_BOT_TOKEN") == ["by-auth", "by-field"]


def test_sixteen_writers_lose_nothing(path: Path) -> None:
    def add(number: int) -> None:
        Connections(str(path), SystemClock()).add(connection(f"c{number}"))

    writers = [threading.Thread(target=add, args=(number,)) for number in range(16)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert len(Connections(str(path), SystemClock()).list()) == 16


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:30], lambda data: data.replace(b"#a", b"#b"), lambda _data: b"[]", lambda _data: b""],
)
def test_a_damaged_file_is_named_and_never_written_over(damage, store: Connections, path: Path) -> None:
    store.add(connection())
    path.write_bytes(damage(path.read_bytes()))
    broken = path.read_bytes()
    for work in (store.list, lambda: store.add(connection("x")), lambda: store.remove("chat")):
        with pytest.raises(Failed, match=r"connections\.json") as caught:
            work()
        assert "mv " in caught.value.remedy
    assert path.read_bytes() == broken


def test_a_newer_version_is_left_alone(store: Connections, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('{"v": 2}')
    with pytest.raises(Failed, match="newer"):
        store.list()
