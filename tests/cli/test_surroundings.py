"""Commands in bad surroundings: one clear line, what to do next, and nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from amika_cli.homedir import settle
from amika_local.errors import UsageError

NEEDS_A_PLACE = (
    "auth extract --homedir x",
    "secret extract --homedir .",
    "doctor --homedir .",
    "workspace serve --data x",
    "up --once --homedir . --no-tray --local --yes",
    "run --homedir . -- true",
)


@pytest.fixture
def gone(tmp_path, home):
    """Run a command in a folder that is deleted before it starts."""

    def run(words: str) -> subprocess.CompletedProcess[str]:
        script = f'mkdir -p "$1"; cd "$1"; rmdir "$1"; exec "$0" -P -m amika_cli.main {words}'
        return subprocess.run(
            ["sh", "-c", script, sys.executable, str(tmp_path / "gone")],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize("words", NEEDS_A_PLACE)
def test_a_relative_path_where_the_current_folder_is_gone(gone, words):
    ran = gone(words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines() == [
        "amika: the current directory does not exist any more",
        "  Go to another one (cd), or give the whole path.",
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"), [("run -- true", 0, ""), ("run -- sh -c 'exit 7'", 7, ""), ("allow", 4, "or name its")]
)
def test_what_needs_no_folder_works_where_the_current_one_is_gone(gone, words, code, said):
    ran = gone(words)
    assert ran.returncode == code, ran.stderr
    assert said in ran.stderr


@pytest.mark.parametrize("words", [["sh", "-c", "exit 7"], ["node", "--version-of"], ["--only", "A", "sh", "-c", "x"]])
def test_a_command_without_its_two_dashes_is_told_where_they_go(amika, words):
    ran = amika("run", *words)
    assert ran.code == 2
    assert ran.err.splitlines()[0] == "amika: the command to run goes behind two dashes"
    assert "-- COMMAND" in ran.err
    assert "unknown flag --onyl; did you mean --only?" in amika("run", "--onyl", "A").err


OURS = {
    "settings": (".config/amika-desktop/default/settings.toml", "config set sync.auto_push claude"),
    "log": (".local/state/amika-desktop/default/agent.log", "agent start"),
    "unit": (".config/systemd/user/amika-agent.service", "agent install"),
}


@pytest.mark.parametrize(
    ("words", "code"), [("agent logs", 0), ("auth extract", 0), ("run -- true", 5), ("sync", 5), ("activity", 0)]
)
def test_a_fifo_among_our_files_holds_up_nobody(amika, home, words, code):
    places = (
        ".local/state/amika-desktop/default/agent.log",
        ".local/share/amika-desktop/default/allowed-projects.json",
        ".local/state/amika-desktop/default/activity.db",
        ".local/share/amika-desktop/default/sync.db",
        ".local/share/amika-desktop/default/sync.db.key",
    )
    for name in places:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(home / name)
    (home / ".amika").mkdir()
    (home / ".amika" / "config.toml").write_text('[secrets]\nDATABASE_URL = "db"\n')
    (home / ".cache" / "amika").mkdir(parents=True)
    (home / ".cache" / "amika" / "env-cache.json").write_text('{"GROQ_API_KEY": "fake"}')  # somebody's own, or ours?
    ran = amika(*words.split())
    assert ran.code == code, ran.err
    assert code == 0 or "is not a regular file" in ran.err


@pytest.mark.parametrize("kind", OURS)
def test_a_fifo_where_we_write_is_named_with_what_to_do(amika, home, kind):
    name, words = OURS[kind]
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(home / name)
    ran = amika(*words.split())
    assert ran.code == 5
    assert ran.err.splitlines()[0] == f"amika: {home / name} is not a regular file"
    assert ran.err.splitlines()[1].startswith("  Move it away")
    assert (home / name).is_fifo()


def test_a_number_of_lines_that_is_none(amika):
    for text in ("x", "-1", "9" * 5000):
        ran = amika("agent", "logs", "-n", text)
        assert (ran.code, ran.err.splitlines()[0]) == (2, "amika: --lines must be a whole number")


def test_a_file_that_cannot_be_read_is_not_moved_away(home, unprivileged):
    vault = home / ".local" / "share" / "amika-desktop" / "default" / "vault.json"
    vault.parent.mkdir(parents=True)
    vault.write_text("{}")
    vault.chmod(0)
    ran = unprivileged("vault", "list")
    assert ran.returncode == 5
    assert f"chmod u+r {vault}" in ran.stderr
    assert "mv " not in ran.stderr


def test_a_login_that_cannot_be_read_may_be_made_readable(home, unprivileged):
    key = home / ".local" / "state" / "amika" / "api-key.json"
    key.parent.mkdir(parents=True)
    key.write_text('{"api_key": "fake"}')
    key.chmod(0)
    ran = unprivileged("auth", "status")
    assert ran.returncode == 3
    assert "Make it and its folders readable, or remove it" in ran.stderr


def test_an_activity_log_that_cannot_be_read_says_why_and_not_that_nothing_happened(home, unprivileged):
    state = home / ".local" / "state" / "amika-desktop" / "default"
    state.mkdir(parents=True)
    (state / "activity.db").write_text("")
    (state / "activity.db").chmod(0)
    ran = unprivileged("activity")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "the activity log could not be used: Permission denied" in ran.stderr


@pytest.fixture
def unprivileged():
    """Run a command without the right to read everything that the superuser has."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "amika_cli.main", *words]
        if os.geteuid() == 0:
            if shutil.which("setpriv") is None:
                pytest.skip("the superuser reads everything, and there is no setpriv to give that up")
            without = "-dac_override,-dac_read_search"
            command = ["setpriv", "--bounding-set", without, "--inh-caps", without, *command]
        return subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False
        )

    return run


def test_a_value_that_no_environment_holds_is_named(amika, home):
    opencode = home / ".local" / "share" / "opencode"
    opencode.mkdir(parents=True)
    keys = {"big": {"type": "api", "key": "k" * 300_000}, "groq": {"type": "api", "key": "fake"}}
    (opencode / "auth.json").write_text(json.dumps(keys))
    ran = amika("run", "--", "true")
    assert ran.code == 126
    assert "longer than this system allows" in ran.err
    assert "The longest variable is BIG_API_KEY; --only A,B passes" in ran.err
    assert amika("run", "--only", "GROQ_API_KEY", "--", "true").code == 0


@pytest.mark.parametrize("name", ["no\nsuch", "no\x1b[31msuch"])
def test_an_odd_file_name_stays_on_its_line_and_steers_nothing(amika, name):
    ran = amika("secret", "push", "--from-file", name, "--yes")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 2
    assert "\x1b" not in ran.err
    assert "cannot be read: No such file or directory" in ran.err.splitlines()[0]


def test_a_mistyped_word_below_a_command_is_told(amika):
    ran = amika("sync", "ad")
    assert ran.code == 2
    assert ran.err.splitlines()[0] == "amika: too many arguments; did you mean `amika sync add`?"
    assert "did you mean" not in amika("secret", "list", "lsit").err


@pytest.mark.parametrize("address", ["foo", "foo:3128", "ftp://proxy:1", "http://", "http://proxy:99999", "http://[x"])
def test_an_address_that_is_no_proxys_is_refused_when_it_is_set(amika, address):
    ran = amika("config", "set", "network.proxy", address)
    assert (ran.code, ran.out) == (2, "")
    assert "http://HOST:PORT" in ran.err
    assert amika("config", "set", "network.proxy", "http://me:fake@proxy.example.com:3128").code == 0
    assert amika("config", "set", "network.proxy", "").code == 0


def as_a_number(*words: str, here: Path, told: str | None) -> subprocess.CompletedProcess[str]:
    """Run a module as a user who is in no list of users, as containers do; `told` is HOME, None: unset."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only the superuser can become a user who is in no list, and only with setpriv")
    here.mkdir(mode=0o777)
    reads = "+dac_read_search"  # the interpreter may lie in the superuser's home
    command = ["setpriv", "--reuid", "4000123", "--inh-caps", reads, "--ambient-caps", reads]
    env = {name: value for name, value in os.environ.items() if name != "HOME" and not name.startswith("XDG_")}
    return subprocess.run(
        [*command, sys.executable, "-P", "-m", *words],
        cwd=here,
        env=env if told is None else {**env, "HOME": told},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("told", [None, "", "relative"])
@pytest.mark.parametrize("words", ["status", "vault list", "install-cli", "agent install", "run -- true", "sync"])
def test_a_user_without_any_home_is_told_to_set_one_and_gets_no_folder_called_tilde(tmp_path, words, told):
    here = tmp_path / "here"
    ran = as_a_number("amika_cli.main", *words.split(), here=here, told=told)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines() == [
        "amika: HOME is not set, and this user has no home",
        "  Set HOME to the path of a folder.",
    ]
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("told", [None, "", "relative/home"])
def test_the_agent_says_it_too(tmp_path, told):
    ran = as_a_number("amika_agent.main", "run", here=tmp_path / "here", told=told)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert len(ran.stderr.splitlines()) == 1
    assert "set HOME" in ran.stderr


@pytest.mark.parametrize("told", ["", "relative/home"])
def test_a_home_that_is_no_path_is_the_accounts_own(monkeypatch, tmp_path, told):
    monkeypatch.setenv("HOME", told)
    settle(os.environ, lambda: str(tmp_path))
    assert os.environ["HOME"] == str(tmp_path)
    monkeypatch.delenv("HOME")
    settle(os.environ, lambda: str(tmp_path))
    assert "HOME" not in os.environ, "what is started sees it as it was"
    with pytest.raises(UsageError):
        settle(os.environ, lambda: "")
