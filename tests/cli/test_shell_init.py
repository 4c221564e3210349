"""`amika shell-init` as a command: hook file, env file and the one line, put in and taken out again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import FUTURE_MS, write

SHELLS = ("bash", "zsh", "fish")
RC = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}


@pytest.fixture
def groq(home: Path) -> str:
    write(home / ".local/share/opencode/auth.json", {"groq": {"type": "api", "key": "fake-groq-1"}})
    return "fake-groq-1"


def shell_folder(home: Path, profile: str = "default") -> Path:
    return home / ".local/share/amika-desktop" / profile / "shell"


def env_file(home: Path, shell: str, profile: str = "default") -> Path:
    return shell_folder(home, profile) / f"env.{shell}"


def printed(home: Path, shell: str, variable: str) -> str:
    """Return what a new interactive shell of this home has in a variable."""
    if shell == "fish":
        script = f"set -q {variable}; and printf '<%s>' ${variable}; or printf '<unset>'"
    else:
        script = f'printf "<%s>" "${{{variable}-unset}}"'
    done = subprocess.run([shell, "-i", "-c", script], cwd=home, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_install_prints_the_line_and_leaves_the_start_up_file_alone(amika, home, groq, shell):
    ran = amika("shell-init", shell, "--install", "-o", "json")
    assert ran.code == 0
    assert ran.json["added"] is False
    assert ran.json["rc_file"] == str(home / RC[shell])
    assert ran.json["hook"] == str(shell_folder(home) / f"hook.{shell}")
    assert not (home / RC[shell]).exists()
    told = amika("shell-init", shell, "--install").out
    assert ran.json["line"] in told.splitlines()
    assert groq not in told + str(ran.json)
    assert env_file(home, shell).stat().st_mode & 0o777 == 0o600
    assert shell_folder(home).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("shell", SHELLS)
def test_yes_adds_the_line_once_and_uninstall_leaves_the_file_as_it_was(amika, home, groq, shell):
    before = "# mine\necho \\\n  hello >/dev/null"  # no line end: people's editors differ
    write(home / RC[shell], before)
    first, second = (amika("shell-init", shell, "--install", "--yes", "-o", "json") for _ in range(2))
    assert (first.json["added"], second.json["added"]) == (True, False)
    content = (home / RC[shell]).read_text()
    assert content == f"{before}\n{first.json['line']}\n"
    assert printed(home, shell, "GROQ_API_KEY") == f"<{groq}>"

    gone = amika("shell-init", shell, "--uninstall", "-o", "json")
    assert (gone.json["removed"], gone.json["line_removed"]) == (True, True)
    assert (home / RC[shell]).read_text() == before + "\n"
    assert os.listdir(shell_folder(home)) == [f"hook.{shell}"]  # open shells drop their variables with it
    assert printed(home, shell, "GROQ_API_KEY") == "<unset>"
    again = amika("shell-init", shell, "--uninstall")
    assert again.code == 0
    assert f"No hook was installed for {shell}" in again.out


def test_an_env_file_goes_with_its_hook(amika, home, groq):
    for shell in SHELLS:
        assert amika("shell-init", shell, "--install").code == 0
    for gone in range(1, 4):
        amika("shell-init", SHELLS[gone - 1], "--uninstall")
        assert [env_file(home, shell).exists() for shell in SHELLS] == [False] * gone + [True] * (3 - gone)


def test_a_start_up_file_that_is_a_link_stays_one(amika, home):
    write(home / "dotfiles/bashrc", "# mine\n").chmod(0o640)
    (home / ".bashrc").symlink_to("dotfiles/bashrc")
    assert amika("shell-init", "bash", "--install", "--yes").code == 0
    assert (home / ".bashrc").is_symlink()
    assert "amika shell-init" in (home / "dotfiles/bashrc").read_text()
    assert (home / "dotfiles/bashrc").stat().st_mode & 0o777 == 0o640


def test_without_a_flag_the_hook_is_printed_and_nothing_is_written(amika, home, groq):
    ran = amika("shell-init", "zsh")
    assert ran.code == 0
    assert "__amika_look" in ran.out
    assert "amika shell-init zsh --install" in ran.err
    assert not shell_folder(home).exists()


def test_explain_says_what_is_exported_and_what_is_withheld_and_why(amika, home, groq, claude):
    claude()
    write(home / ".local/share/opencode/auth.json", {
        "groq": {"type": "api", "key": groq}, "anthropic": {"type": "api", "key": "sk-ant-fake-metered"},
    })  # fmt: skip
    ran = amika("shell-init", "bash", "--explain", "-o", "json")
    assert ran.code == 0
    told = {(v["name"], v["source"]): v for v in ran.json["variables"]}
    assert told["GROQ_API_KEY", "opencode"]["exported"] is True
    metered = told["ANTHROPIC_API_KEY", "opencode"]
    assert metered["exported"] is False
    assert "metered" in metered["reason"]
    login = next(v for v in ran.json["variables"] if v["source"] == "claude-oauth")
    assert login["exported"] is False
    assert "its owner renews it" in login["reason"]
    shown = amika("shell-init", "bash", "--explain").all
    assert "withheld" in shown
    for value in (groq, "sk-ant-fake-metered", "sk-ant-oat01-fake-one"):
        assert value not in shown + ran.all

    assert amika("config", "set", "shell.allow", "ANTHROPIC_API_KEY").code == 0
    allowed = amika("shell-init", "bash", "--explain", "-o", "json").json["variables"]
    assert [v["exported"] for v in allowed if v["name"] == "ANTHROPIC_API_KEY"] == [True]


def test_logins_never_reach_the_env_file(amika, home, groq, claude):
    claude(token="sk-ant-oat01-fake-login", expires_ms=FUTURE_MS)
    amika("shell-init", "bash", "--install")
    content = env_file(home, "bash").read_text()
    assert groq in content
    assert "fake-login" not in content


def test_nothing_found_is_said(amika):
    ran = amika("shell-init", "fish", "--explain")
    assert (ran.code, ran.out) == (0, "No credentials were found on this machine.\n")


def test_what_is_to_be_typed_is_for_the_profile_that_was_asked_about(amika, home, groq):
    for words in (["zsh"], ["zsh", "--explain"]):
        assert amika("shell-init", *words).err.endswith("install it with: amika shell-init zsh --install\n")
        assert amika("shell-init", *words, "--local").err.endswith("amika shell-init zsh --install --local\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["tcsh"], "bash, zsh, fish"),
        ([], "argument"),
        (["bash", "zsh"], "argument"),
        (["bash", "--install", "--uninstall"], "exclude each other"),
        (["bash", "--instal"], "--install"),
    ],
)
def test_refusals(amika, home, words, says):
    ran = amika("shell-init", *words)
    assert ran.code == 2
    assert says in ran.err
    assert not shell_folder(home).exists()


def test_the_profiles_have_hooks_of_their_own(amika, home, groq):
    assert amika("shell-init", "bash", "--install", "--local").code == 0
    assert not shell_folder(home).exists()
    hook = shell_folder(home, "local") / "hook.bash"
    assert str(shell_folder(home, "local")) in hook.read_text()
    assert groq in env_file(home, "bash", "local").read_text()
    assert amika("shell-init", "bash", "--install").code == 0
    assert amika("shell-init", "bash", "--uninstall", "--local").code == 0
    assert not env_file(home, "bash", "local").exists()
    assert env_file(home, "bash").exists()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (".bash_profile", "alias a=b\n", True),
        (".bash_profile", "[ -r ~/.bashrc ] && . ~/.bashrc\n", False),
        (".profile", "umask 022\n", True),
        (".profile", '. "$HOME/.bashrc"\n', False),
        (".other", "", True),
    ],
)
def test_a_login_shell_that_would_not_read_the_line_is_told(amika, home, groq, name, text, told):
    write(home / name, text)
    ran = amika("shell-init", "bash", "--install", "--yes")
    assert ran.code == 0
    assert ("login shells" in ran.err) is told
    if told:
        login = name if name != ".other" else ".bash_profile"
        assert f"{home}/{login}" in ran.err
        with (home / login).open("a") as file:
            file.write(ran.err.strip().rpartition("add there: ")[2] + "\n")
        words = ["bash", "-lc", 'echo "<$GROQ_API_KEY>"']
        assert subprocess.run(words, cwd=home, capture_output=True, text=True, check=True).stdout == f"<{groq}>\n"
        if name == ".profile":  # which every shell reads, a desktop's session among them
            done = subprocess.run(["sh", f"{home}/{login}"], capture_output=True, text=True, check=False)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "login" not in amika("shell-init", "zsh", "--install").err


def test_a_start_up_file_that_cannot_be_written_is_named(amika, home, groq):
    (home / ".bashrc").mkdir()
    ran = amika("shell-init", "bash", "--install", "--yes")
    assert ran.code == 5
    assert str(home / ".bashrc") in ran.err
    line = amika("shell-init", "bash", "--install", "-o", "json").json["line"]
    assert f"Add this line yourself: {line}" in ran.err


def test_a_second_profile_in_the_same_start_up_file_is_told_and_the_last_line_counts(amika, home, groq):
    def told(*flags: str) -> bool:
        ran = amika("shell-init", "bash", "--install", "--yes", *flags)
        assert ran.code == 0
        return "another profile" in ran.err

    assert not told()
    assert not told()
    assert told("--local")
    assert printed(home, "bash", "GROQ_API_KEY") == f"<{groq}>"
    assert printed(home, "bash", "__amika") == f"<{shell_folder(home, 'local')}>"
    assert amika("shell-init", "bash", "--uninstall", "--local").code == 0
    assert printed(home, "bash", "__amika") == f"<{shell_folder(home)}>"
    assert printed(home, "bash", "GROQ_API_KEY") == f"<{groq}>"


@pytest.mark.process
def test_in_a_read_only_home_the_hook_works_and_installing_says_what_is_wrong(amika, home, groq, tmp_path):
    namespace = _namespace()
    if namespace is None:
        pytest.skip("this machine gives no mounts of one's own")
    assert amika("shell-init", "bash", "--install", "--yes").code == 0
    script = (
        'mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME" || exit 99\n'
        'bash -i -c \'printf "<%s>" "$GROQ_API_KEY"\' 2>/dev/null\n'
        f'"{shutil.which("env")}" "$PY" -m amika_cli.main shell-init zsh --install --yes\n'
        'echo "code $?"\n'
    )
    done = subprocess.run(
        [*namespace, "sh", "-c", script], env={**os.environ, "PY": sys.executable},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == f"<{groq}>code 5\n", done.stderr
    assert "Read-only" in done.stderr
    assert "Traceback" not in done.stderr


def _namespace() -> list[str] | None:
    for prefix in (["unshare", "-m"], ["unshare", "-rm"]):
        probe = [*prefix, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
        if shutil.which("unshare") and subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return prefix
    return None
