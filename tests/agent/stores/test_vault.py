from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.keyring_store import FakeKeyring

from amika_agent.clock import SystemClock
from amika_agent.stores.keyring_process import KeyringProblem
from amika_agent.stores.vault import KEYRING, MAX_VALUE, SEALED, TENANT, Vault
from amika_agent.stores.vault_reference import references, resolve
from amika_local.errors import Conflict, Failed, NotFound, UsageError
from amika_local.secret import Secret

PASSPHRASE = "correct horse battery"


def asked(words: str | None = PASSPHRASE) -> Callable[..., Secret | None]:
    def ask(*, new: bool) -> Secret | None:
        return None if words is None else Secret(words)

    return ask


def vault(folder: Path, keyring: FakeKeyring, words: str | None = PASSPHRASE, **more: int) -> Vault:
    return Vault(str(folder / "vault.json"), "default", SystemClock(), passphrase=asked(words), keyring=keyring, **more)


@pytest.fixture(params=["", "absent", "forgetful"])
def keyring(request: pytest.FixtureRequest) -> FakeKeyring:
    return FakeKeyring(request.param)


VALUES = ["x", "two\nlines\r\n", "é\u2028", b"\xff\x00\xfe".decode("utf-8", "surrogateescape"), "v" * MAX_VALUE]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_every_value_comes_back_exactly_and_never_lies_in_plain(
    value: str, keyring: FakeKeyring, tmp_path: Path
) -> None:
    store = vault(tmp_path, keyring)
    assert store.put("GITHUB_TOKEN", Secret(value)) == (SEALED if keyring.trouble else KEYRING)
    assert vault(tmp_path, keyring).get("GITHUB_TOKEN").reveal() == value
    content = (tmp_path / "vault.json").read_bytes()
    assert len(value) < 4 or value.encode("utf-8", "surrogateescape") not in content
    assert stat.S_IMODE(os.stat(tmp_path / "vault.json").st_mode) == 0o600


def test_scopes_are_apart_and_the_workspace_is_looked_at_first(keyring: FakeKeyring, tmp_path: Path) -> None:
    store = vault(tmp_path, keyring)
    store.put("A", Secret("tenant value"), TENANT)
    assert store.find("A") == Secret("tenant value")
    store.put("A", Secret("workspace value"))
    assert store.find("A") == Secret("workspace value")
    assert store.get("A", TENANT) == Secret("tenant value")
    assert [(e.key, e.scope) for e in store.list()] == [("A", "tenant"), ("A", "workspace")]
    assert [e.scope for e in store.list(TENANT)] == ["tenant"]
    assert store.find("B") is None


def test_the_command_that_makes_room_for_a_name_deletes_in_its_scope(keyring: FakeKeyring, tmp_path: Path) -> None:
    store = vault(tmp_path, keyring)
    for key, scope in (("A", "tenant"), ("B", "tenant"), ("B", "workspace")):
        store.put(key, Secret("one"), scope)
    with pytest.raises(Conflict) as caught:
        store.rename("A", "B", "tenant")
    assert caught.value.remedy.endswith("amika vault delete B --scope tenant")


def test_delete_and_rename(keyring: FakeKeyring, tmp_path: Path) -> None:
    store = vault(tmp_path, keyring)
    store.put("A", Secret("one"))
    store.put("B", Secret("two"))
    with pytest.raises(Conflict):
        store.rename("A", "B")
    with pytest.raises(UsageError, match="called A already"):
        store.rename("A", "A")
    store.rename("A", "C")
    assert store.get("C") == Secret("one")
    store.delete("C")
    for gone in ("A", "C"):
        with pytest.raises(NotFound):
            store.get(gone)
        with pytest.raises(NotFound):
            store.delete(gone)
    with pytest.raises(NotFound):
        store.rename("A", "D")
    if not keyring.trouble:
        assert [account for _, account in keyring.held] == ["default/workspace/B"]


@pytest.mark.parametrize("key", ["", "a", "1A", "A-B", "A B", "É", "A" * 129, "_A", "A\n"])
def test_names_that_no_environment_takes_are_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        vault(tmp_path, FakeKeyring()).put(key, Secret("x"))


@pytest.mark.parametrize("value", ["", "v" * (MAX_VALUE + 1)])
def test_empty_and_too_large_values_are_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        vault(tmp_path, FakeKeyring()).put("A", Secret(value))
    assert not (tmp_path / "vault.json").exists()


@pytest.mark.parametrize("trouble", ["locked", "slow"])
def test_a_keyring_that_is_there_but_shut_is_said_and_not_gone_around(trouble: str, tmp_path: Path) -> None:
    with pytest.raises(KeyringProblem):
        vault(tmp_path, FakeKeyring(trouble)).put("A", Secret("x"))
    assert not (tmp_path / "vault.json").exists()


def test_a_wrong_or_missing_passphrase_is_named_and_changes_nothing(tmp_path: Path) -> None:
    none = FakeKeyring("absent")
    vault(tmp_path, none).put("A", Secret("x"))
    before = (tmp_path / "vault.json").read_bytes()
    for words, said in (("wrong passphrase", "wrong"), (None, "passphrase")):
        with pytest.raises(Failed, match=said):
            vault(tmp_path, none, words).get("A")
        with pytest.raises(Failed, match=said):
            vault(tmp_path, none, words).put("B", Secret("y"))
    assert (tmp_path / "vault.json").read_bytes() == before


def test_a_new_passphrase_must_be_there_and_long_enough(tmp_path: Path) -> None:
    for words in (None, "short"):
        with pytest.raises(Failed):
            vault(tmp_path, FakeKeyring("absent"), words).put("A", Secret("x"))
    assert not (tmp_path / "vault.json").exists()


def test_a_keyring_that_lost_its_entry_is_said(tmp_path: Path) -> None:
    keyring = FakeKeyring()
    vault(tmp_path, keyring).put("A", Secret("x"))
    keyring.held.clear()
    with pytest.raises(Failed, match="lost"):
        vault(tmp_path, keyring).get("A")


def test_a_copy_in_the_keyring_does_not_stay_behind_when_the_value_is_sealed_later(tmp_path: Path) -> None:
    keyring = FakeKeyring()
    assert vault(tmp_path, keyring).put("A", Secret("first")) == KEYRING
    assert [account for _, account in keyring.held if account.endswith("/A")] != []
    store = vault(tmp_path, keyring, keyring_limit=8)  # as on Windows, whose keyring takes less
    assert store.put("A", Secret("the second value")) == SEALED
    assert [account for _, account in keyring.held if account.endswith("/A")] == []
    assert store.get("A") == Secret("the second value")


@pytest.mark.parametrize("trouble", ["locked", "slow", "absent", "failed"])
def test_what_helps_is_said_for_the_vault_and_not_for_the_session(trouble: str, tmp_path: Path) -> None:
    keyring = FakeKeyring()
    store = vault(tmp_path, keyring)
    store.put("A", Secret("x"))
    keyring.trouble = trouble
    for work in (store.get, store.delete):
        with pytest.raises(KeyringProblem) as caught:
            work("A")
        assert caught.value.remedy
        assert "session_store" not in caught.value.remedy


def test_a_missing_key_names_the_nearest_one_and_the_other_scope(tmp_path: Path) -> None:
    store = vault(tmp_path, FakeKeyring())
    store.put("GITHUB_TOKEN", Secret("x"))
    with pytest.raises(NotFound, match="did you mean GITHUB_TOKEN"):
        store.get("GITHUB_TOKN")
    with pytest.raises(NotFound) as caught:
        store.require("GITHUB_TOKEN", TENANT)
    assert "--scope workspace" in caught.value.remedy


def test_the_passphrase_is_asked_while_nobody_waits_for_the_lock(tmp_path: Path) -> None:
    from amika_agent.stores.private_file import locked

    lock = str(tmp_path / "vault.json.lock")

    def ask(*, new: bool) -> Secret:
        with locked(lock, deadline=0):
            return Secret(PASSPHRASE)

    store = Vault(str(tmp_path / "vault.json"), "d", SystemClock(), passphrase=ask, keyring=FakeKeyring("absent"))
    assert store.put("A", Secret("x")) == SEALED


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda data: data[: len(data) // 2],
    "empty": lambda _data: b"",
    "no JSON": lambda _data: b"\xff\xfe",
    "a list": lambda _data: b"[]",
    "an edited name": lambda data: data.replace(b"workspace/A", b"workspace/B"),
    "an edited value": lambda data: json.dumps({**json.loads(data), "seal": {"kind": "x"}}).encode(),
    "deep": lambda _data: b"[" * 100_000,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_file_is_named_and_never_written_over(
    damage: Callable[[bytes], bytes], keyring: FakeKeyring, tmp_path: Path
) -> None:
    store = vault(tmp_path, keyring)
    store.put("A", Secret("x"))
    path = tmp_path / "vault.json"
    path.write_bytes(damage(path.read_bytes()))
    broken = path.read_bytes()
    for work in (lambda: store.get("A"), lambda: store.put("B", Secret("y")), lambda: store.delete("A"), store.list):
        with pytest.raises(Failed, match=r"vault\.json") as caught:
            work()
        assert caught.value.remedy
    assert path.read_bytes() == broken


def test_a_value_moved_to_another_name_does_not_open(tmp_path: Path) -> None:
    from amika_agent.stores.vault_file import load, save

    none = FakeKeyring("absent")
    store = vault(tmp_path, none)
    store.put("A", Secret("x"))
    path = str(tmp_path / "vault.json")
    file = load(path)
    save(path, file.put("workspace/B", file.entries["workspace/A"]))
    with pytest.raises(Failed, match="B in the vault"):
        store.get("B")


WRITER = """
import sys
from amika_agent.clock import SystemClock
from amika_agent.stores.vault import Vault
from amika_local.secret import Secret
from tests.fakes.keyring_store import FakeKeyring
path, start, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ask = lambda *, new: Secret("correct horse battery")
store = Vault(path, "default", SystemClock(), passphrase=ask, keyring=FakeKeyring("absent"))
for number in range(start, start + count):
    store.put(f"KEY_{number}", Secret(f"value {number}"))
    print(number, flush=True)
"""


def writer(path: Path, start: int, count: int) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[3]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(start), str(count)],
        cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.process
def test_thirty_two_parallel_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    children = [writer(path, number, 1) for number in range(32)]
    for child in children:
        child.communicate(timeout=90)
        assert child.returncode == 0
    store = vault(tmp_path, FakeKeyring("absent"))
    assert sorted(e.key for e in store.list()) == sorted(f"KEY_{n}" for n in range(32))
    assert store.get("KEY_17") == Secret("value 17")


RENAMER = """
import sys
from amika_agent.clock import SystemClock
from amika_agent.stores.vault import Vault
from amika_local.errors import Conflict
from amika_local.secret import Secret
from tests.fakes.keyring_store import FakeKeyring
path, mine, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
ask = lambda *, new: Secret("correct horse battery")
store = Vault(path, "default", SystemClock(), passphrase=ask, keyring=FakeKeyring("absent"))
won = 0
for number in range(rounds):
    store.put(mine, Secret(f"{mine} {number}"))
    try:
        store.rename(mine, f"TAKEN_{number}")
        won += 1
    except Conflict:
        store.delete(mine)
print(won)
"""


@pytest.mark.process
def test_who_renames_to_one_name_at_once_takes_nothing_from_the_other(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    children = [
        subprocess.Popen(
            [sys.executable, "-c", RENAMER, str(tmp_path / "vault.json"), name, "8"],
            cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE,
        )
        for name in ("FIRST", "SECOND", "THIRD")
    ]  # fmt: skip
    won = [int(child.communicate(timeout=120)[0]) for child in children]
    assert sum(won) == 8  # each name was given once, and whoever came second was told
    store = vault(tmp_path, FakeKeyring("absent"))
    assert sorted(entry.key for entry in store.list()) == sorted(f"TAKEN_{number}" for number in range(8))
    assert len({store.get(f"TAKEN_{number}").reveal().split()[1] for number in range(8)}) == 8


@pytest.mark.process
def test_a_kill_leaves_old_or_new(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    acknowledged: set[int] = set()
    for round_ in range(6):
        child = writer(path, round_ * 100, 100)
        assert child.stdout is not None
        for _ in range(2):
            acknowledged.add(int(child.stdout.readline()))
        time.sleep(round_ * 0.037)
        child.send_signal(signal.SIGKILL)
        acknowledged |= {int(line) for line in child.stdout.read().split()}
        child.wait()
        child.stdout.close()
    keys = {e.key for e in vault(tmp_path, FakeKeyring("absent")).list()}
    assert {f"KEY_{n}" for n in acknowledged} <= keys


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.text(max_size=50))
def test_references_are_resolved_in_one_pass(text: str, value: str) -> None:
    secret = Secret(value + "${vault:A}")
    resolved = resolve(text.replace("${vault:", "") + "${vault:A}", lambda key: secret if key == "A" else None)
    assert resolved.reveal() == text.replace("${vault:", "") + secret.reveal()


def test_a_missing_reference_is_named_with_the_command_that_stores_it() -> None:
    with pytest.raises(NotFound) as caught:
        resolve("Bearer ${vault:MISSING}", lambda _key: None)
    assert "amika vault put MISSING" in caught.value.remedy
    assert references("${vault:A} ${vault:B} ${vault:A} ${vault:a} ${env:C}") == ["A", "B"]


@pytest.mark.parametrize("change", ["put", "replace", "delete", "rename"])
def test_an_index_that_cannot_be_written_is_found_out_before_the_keyring_is_changed(
    tmp_path: Path, change: str
) -> None:
    """A file size limit stands for the full disk: it stops what is written and nothing else."""
    keyring = FakeKeyring()
    store = vault(tmp_path, keyring)
    store.put("ONE", Secret("before"))
    held, index = dict(keyring.held), (tmp_path / "vault.json").read_bytes()
    does = {
        "put": lambda: store.put("TWO", Secret("after")),
        "replace": lambda: store.put("ONE", Secret("after")),
        "delete": lambda: store.delete("ONE"),
        "rename": lambda: store.rename("ONE", "TWO"),
    }
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(Failed) as failed:
            does[change]()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert failed.value.remedy
    assert keyring.held == held
    assert (tmp_path / "vault.json").read_bytes() == index
    does[change]()
    assert keyring.held != held
