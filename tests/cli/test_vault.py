from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys

import pytest
from tests.cli.vaults import PASSPHRASE, vault_file, with_keyring, with_passphrase
from tests.fakes.terminal import Terminal
from tests.guards import processes_below

from amika_agent.module_process import module_command
from amika_cli.main import main
from amika_cli.terminal import clipboard

TOKEN = "ghp_fakefakefakefake0123"
PEM = "-----BEGIN PRIVATE KEY-----\nZmFrZQ==\nZmFrZQ==\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def ring(monkeypatch, home):
    return with_keyring(monkeypatch, home)


@pytest.fixture
def allowed(amika):
    """Values may be shown without a terminal."""
    assert amika("config", "set", "vault.reveal_without_terminal", "true").code == 0


def raw(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "amika_cli.main", *words]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)


def test_put_list_get_rename_delete(amika, ring, allowed):
    put = amika("vault", "put", "GITHUB_TOKEN", stdin=TOKEN)
    assert (put.code, put.err) == (0, "")
    assert put.out == "Stored GITHUB_TOKEN (workspace) in the vault: os-keychain.\n"
    (entry,) = amika("vault", "list", "--json").json
    assert (entry["key"], entry["scope"], entry["source"]) == ("GITHUB_TOKEN", "workspace", "os-keychain")
    assert entry["stored_at"].endswith("Z")
    shown = amika("vault", "get", "GITHUB_TOKEN")
    assert "ghp_…0123" in shown.out
    assert "os-keychain" in shown.out
    assert TOKEN not in shown.all
    assert amika("vault", "rename", "GITHUB_TOKEN", "GH_TOKEN").code == 0
    assert amika("vault", "get", "GH_TOKEN", "--reveal").out == TOKEN
    refused = amika("vault", "delete", "GH_TOKEN")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert amika("vault", "delete", "GH_TOKEN", "--yes").code == 0
    assert json.loads(ring.read_text()) == {}
    empty = amika("vault", "list")
    assert "amika vault put KEY" in empty.out


def test_scopes(amika, ring, allowed):
    amika("vault", "put", "A", stdin="of the workspace")
    amika("vault", "put", "A", "--scope", "tenant", stdin="of the tenant")
    assert amika("vault", "get", "A", "--reveal", "--scope", "tenant").out == "of the tenant"
    assert amika("vault", "get", "A", "--reveal").out == "of the workspace"
    assert [e["scope"] for e in amika("vault", "list", "--scope", "tenant", "--json").json] == ["tenant"]
    amika("vault", "delete", "A", "--yes")
    gone = amika("vault", "get", "A")
    assert gone.code == 4
    assert "--scope tenant" in gone.err
    assert amika("vault", "put", "A", "--scope", "org", stdin="x").code == 2


VALUES = {
    "several lines": (PEM.encode(), PEM.encode()),
    "a line of another key": (b"one\nOTHER_KEY=forged\n", b"one\nOTHER_KEY=forged\n"),
    "bytes": (bytes(range(256)) + b"\n", bytes(range(256)) + b"\n"),
    "echo": (b"token\n", b"token"),
    "echo on Windows": (b"token\r\n", b"token"),
    "no line break": (b"token", b"token"),
    "blanks": (b" token ", b" token "),
    "64 KiB": (b"v" * 65536, b"v" * 65536),
}


def test_values_come_back_as_they_were(amika, ring, allowed):
    for name, (given, kept) in VALUES.items():
        assert raw("vault", "put", "KEY", stdin=given).returncode == 0
        assert raw("vault", "get", "KEY", "--reveal").stdout == kept, name
    assert [e["key"] for e in amika("vault", "list", "--json").json] == ["KEY"]


def test_exact_keeps_the_line_break_and_without_it_that_is_said(amika, ring, allowed):
    assert "line break" in amika("vault", "put", "KEY", stdin="token\n").err
    assert amika("vault", "put", "KEY", "--exact", stdin="token\n").err == ""
    assert amika("vault", "get", "KEY", "--reveal").out == "token\n"


def test_json_of_bytes_is_base64(amika, ring, allowed):
    raw("vault", "put", "KEY", stdin=b"\xff\x00")
    assert amika("vault", "get", "KEY", "--reveal", "--json").json["value_base64"] == "/wA="
    assert amika("vault", "get", "KEY", "--json").json["revealed"] is False


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("GITHUB_TOKEN", TOKEN), "no argument"),
        ((f"GITHUB_TOKEN={TOKEN}",), "no argument"),
        ((TOKEN,), "A-Z"),
        (("github_token",), "A-Z"),
        ((), "argument is missing"),
    ],
)
def test_a_value_on_the_command_line_is_refused_and_not_repeated(words, says, capsys, home):
    for command in (["vault", "put"], ["creds", "set"], ["secrets", "set"]):
        assert main([*command, *words]) == 2
        said = capsys.readouterr()
        assert says in said.err
        assert TOKEN not in said.out + said.err
    assert not vault_file(home).exists()


def test_empty_and_too_large_values_are_refused(amika, ring):
    assert amika("vault", "put", "KEY", stdin="").code == 2
    assert amika("vault", "put", "KEY", stdin="\n").code == 2
    large = amika("vault", "put", "KEY", stdin="v" * 65537)
    assert large.code == 2
    assert "64 KiB" in large.err
    assert amika("vault", "list", "--json").json == []


def test_a_misspelt_key_is_suggested(amika, ring):
    amika("vault", "put", "GITHUB_TOKEN", stdin="x")
    ran = amika("vault", "get", "GITHUB_TOKN")
    assert ran.code == 4
    assert "did you mean GITHUB_TOKEN?" in ran.err


# --- what leaves the vault


def test_without_a_terminal_nothing_is_revealed_or_copied(amika, ring):
    amika("vault", "put", "KEY", stdin=TOKEN)
    for flag in ("--reveal", "--copy"):
        ran = amika("vault", "get", "KEY", flag)
        assert ran.code == 2
        assert "vault.reveal_without_terminal" in ran.err
        assert TOKEN not in ran.all
    assert "revealed" not in amika("activity").out


def test_a_revealed_value_is_noted_with_the_program_that_asked(amika, ring, allowed):
    amika("vault", "put", "KEY", stdin=TOKEN)
    amika("vault", "get", "KEY", "--reveal")
    events = amika("activity", "--json").json["events"]
    assert [event["what"] for event in events] == ["stored", "revealed"]
    assert events[1]["subject"] == "KEY (workspace)"
    assert f"pid {os.getpid()}" in events[1]["caller"]
    assert TOKEN not in json.dumps(events)


def test_on_a_terminal_it_is_shown(amika, ring):
    amika("vault", "put", "KEY", stdin=TOKEN)
    with Terminal(["vault", "get", "KEY", "--reveal"], dict(os.environ)) as terminal:
        terminal.expect(TOKEN + "\n")
        assert terminal.end() == 0


def test_what_a_terminal_would_obey_is_not_shown_on_one(amika, ring):
    raw("vault", "put", "KEY", stdin=b"\x1b]0;fake\x07")
    with Terminal(["vault", "get", "KEY", "--reveal"], dict(os.environ)) as terminal:
        assert terminal.end() == 2
        assert "\x1b" not in terminal.seen


def test_a_value_is_typed_and_not_seen(amika, ring, allowed):
    with Terminal(["vault", "put", "KEY"], dict(os.environ)) as terminal:
        terminal.expect("Value of KEY (not shown)")
        assert not terminal.echoes()
        terminal.type(TOKEN)
        assert terminal.end() == 0
        assert TOKEN not in terminal.seen
    assert amika("vault", "get", "KEY", "--reveal").out == TOKEN


def test_a_pasted_pem_block_is_taken_whole(amika, ring, allowed):
    with Terminal(["vault", "put", "KEY"], dict(os.environ)) as terminal:
        terminal.expect("(not shown)")
        terminal.type(PEM.removesuffix("\n"))
        assert terminal.end() == 0
        assert "ZmFrZQ" not in terminal.seen
    assert amika("vault", "get", "KEY", "--reveal").out == PEM


def test_other_pasted_lines_end_with_control_d(amika, ring, allowed):
    with Terminal(["vault", "put", "KEY"], dict(os.environ)) as terminal:
        terminal.expect("(not shown)")
        terminal.type("one\ntwo")
        terminal.expect("Ctrl-D")
        terminal.type("three")
        os.write(terminal._master, b"\x04")
        assert terminal.end() == 0
    assert amika("vault", "get", "KEY", "--reveal").out == "one\ntwo\nthree\n"


# --- without a keyring


def test_without_a_keyring_the_values_are_sealed_and_that_is_what_the_list_says(amika, monkeypatch, home, allowed):
    with_passphrase(monkeypatch, home)
    umask = os.umask(0)
    try:
        assert "encrypted-file" in amika("vault", "put", "KEY", stdin=TOKEN).out
    finally:
        os.umask(umask)
    assert amika("vault", "list", "--json").json[0]["source"] == "encrypted-file"
    assert amika("vault", "get", "KEY", "--reveal").out == TOKEN
    assert stat.S_IMODE(vault_file(home).stat().st_mode) == 0o600
    held = [path for path in home.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert held == []


def test_nothing_is_left_in_the_folder_one_stands_in(amika, monkeypatch, home, tmp_path):
    with_passphrase(monkeypatch, home)
    (tmp_path / ".gitignore").write_text("node_modules\n")
    amika("vault", "put", "KEY", stdin=TOKEN, cwd=tmp_path)
    amika("creds", "set", "GITHUB_TOKEN", "--stdin", stdin=TOKEN, cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".gitignore"]


def test_the_passphrase_is_asked_twice_when_it_is_new_and_once_afterwards(amika, home):
    env = dict(os.environ)
    with Terminal(["vault", "put", "KEY"], env) as terminal:
        terminal.expect("Value of KEY")
        terminal.type(TOKEN)
        terminal.expect("New passphrase")
        terminal.type(PASSPHRASE)
        terminal.expect("The same again")
        terminal.type("another one")
        terminal.expect("not the same")
        terminal.type(PASSPHRASE)
        terminal.type(PASSPHRASE)
        assert terminal.end() == 0
        assert PASSPHRASE not in terminal.seen
    with Terminal(["vault", "get", "KEY", "--reveal"], env) as terminal:
        terminal.expect("Passphrase of the vault")
        terminal.type(PASSPHRASE)
        terminal.expect(TOKEN)
        assert terminal.end() == 0
    with Terminal(["vault", "get", "KEY"], env) as terminal:
        terminal.expect("Passphrase of the vault")
        terminal.type("not that one")
        assert terminal.end() == 5
        assert "the passphrase is wrong" in terminal.seen


def test_nobody_to_ask_for_a_passphrase(amika):
    ran = amika("vault", "put", "KEY", stdin=TOKEN)
    assert ran.code == 5
    assert "AMIKA_VAULT_PASSPHRASE_FILE" in ran.err


@pytest.mark.parametrize("content", [None, "", "x" * 5000])
def test_a_passphrase_file_that_is_none(content, amika, monkeypatch, home):
    path = home / "phrase"
    monkeypatch.setenv("AMIKA_VAULT_PASSPHRASE_FILE", str(path))
    if content is not None:
        path.write_text(content)
    ran = amika("vault", "put", "KEY", stdin=TOKEN)
    assert ran.code == 2
    assert str(path) in ran.err
    assert not vault_file(home).exists()


def test_a_passphrase_that_others_can_read_is_said(amika, monkeypatch, home):
    with_passphrase(monkeypatch, home).chmod(0o644)
    ran = amika("vault", "put", "KEY", stdin=TOKEN)
    assert ran.code == 0
    assert "chmod 600" in ran.err


@pytest.mark.parametrize("damage", ["cut", "directory", "fifo"])
def test_a_vault_that_cannot_be_read_is_never_begun_anew(damage, amika, ring, home):
    amika("vault", "put", "KEY", stdin=TOKEN)
    path = vault_file(home)
    content = path.read_bytes()[:40]
    path.unlink()
    if damage == "cut":
        path.write_bytes(content)
    elif damage == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)
    for words in (("vault", "put", "B"), ("creds", "set", "GITHUB_TOKEN", "--stdin"), ("vault", "list")):
        ran = amika(*words, stdin="y")
        assert ran.code == 5
        assert "vault.json" in ran.err
        assert "mv " in ran.err
    assert damage != "cut" or path.read_bytes() == content


def test_a_shut_keyring_is_said_and_not_gone_around(amika, ring, home):
    ran = amika("vault", "put", "KEY", stdin=TOKEN, env={"FAKE_KEYRING_MODE": "locked"})
    assert ran.code == 5
    assert "locked" in ran.err
    assert "session_store" not in ran.err
    assert not vault_file(home).exists()


# --- the clipboard

COPY = """#!/bin/sh
if [ "$1" = --clear ]; then : > "$CLIPBOARD"; else cat > "$CLIPBOARD"; fi
"""
PASTE = """#!/bin/sh
cat "$CLIPBOARD"
"""


@pytest.fixture
def held(home, monkeypatch):
    """A clipboard in a file, behind programs that are called like the real ones."""
    programs = home / "bin"
    programs.mkdir()
    for name, text in (("wl-copy", COPY), ("wl-paste", PASTE)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    path = home / "clipboard"
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("CLIPBOARD", str(path))
    return path


def test_copy_and_the_process_that_clears_it(amika, ring, allowed, held, home):
    amika("vault", "put", "KEY", stdin=TOKEN)
    ran = amika("vault", "get", "KEY", "--copy")
    assert ran.code == 0
    assert "45 seconds" in ran.out
    assert TOKEN not in ran.all
    assert held.read_text() == TOKEN
    waiting = {pid: line for pid, line in processes_below(home).items() if "clipboard_clear" in line}
    assert len(waiting) == 1
    assert TOKEN not in str(waiting)
    for pid in waiting:
        assert os.getsid(pid) == pid, "closing the terminal does not end it"
        os.kill(pid, signal.SIGTERM)
    assert "copied" in amika("activity").out


@pytest.mark.parametrize(("now", "left"), [(TOKEN, ""), (TOKEN + "\n", ""), ("something else", "something else")])
def test_it_is_cleared_only_if_it_is_still_ours(now, left, held):
    held.write_text(now)
    salt = b"salt"
    order = {"tool": "wl-copy", "salt": salt.hex(), "digest": clipboard.digest(salt, TOKEN.encode()), "seconds": 0}
    command = module_command("amika_cli.terminal.clipboard_clear")
    done = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (1 if left else 0, "", "")
    assert held.read_text() == left
    assert order["digest"] == hashlib.sha256(salt + TOKEN.encode()).hexdigest()


def test_without_a_clipboard_that_is_said(amika, ring, allowed):
    amika("vault", "put", "KEY", stdin=TOKEN)
    ran = amika("vault", "get", "KEY", "--copy", env={"PATH": "/nonexistent"})
    assert ran.code == 5
    assert "xclip" in ran.err
    assert "copied" not in amika("activity").out
