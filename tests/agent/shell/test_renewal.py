"""A hook that an older version installed is brought to this version, and only that."""

from __future__ import annotations

import os
import stat
import subprocess
import time
from pathlib import Path

import pytest
from tests.agent.shell.hooked import key
from tests.agent.shell.killed import killed_before

from amika_agent.clock import SystemClock
from amika_agent.engine.local import LocalPart
from amika_agent.shell import env_file, env_text, hook
from amika_agent.shell.folder import SHELLS, Folder, folder
from amika_agent.sync.journal import SyncDb
from amika_shared.profile import resolve

NOW = 1_800_000_000.0
OLDER = {
    "without a number": "# amika: keeps the API keys of this shell equal …\n__amika_file=x\n",
    "with a lower one": "# amika hook 2, removed by: …\n",
}
# what version 2 left in open shells, and its line in the rc files
PROMPT_2 = {
    "bash": """__amika_prompt() {
  local l=
  [[ -r $__amika/env.sh ]] && read -r l <"$__amika/env.sh" || l=
  [[ ${_AMIKA_API_KEYS-}$'\\37' == "$l"$'\\37'* || ! -r $__amika/rest.bash ]] || . "$__amika/rest.bash"
}""",
    "zsh": """__amika_prompt() {
  local l=
  [[ -r $__amika/env.sh ]] && read -r l <$__amika/env.sh
  [[ ${_AMIKA_API_KEYS-}$'\\37' == "$l"$'\\37'* || ! -r $__amika/rest.zsh ]] || . $__amika/rest.zsh
}""",
    "fish": """function __amika_prompt --on-event fish_prompt
    test -r $__amika/env.fish; and read -l l <$__amika/env.fish; or set -l l
    string match -q -- "$l"\\x1f"*" "$_AMIKA_API_KEYS"\\x1f; or source $__amika/rest.fish 2>/dev/null
end""",
}
LINE_2 = {
    "bash": "[ -r '{0}/hook.bash' ] && . '{0}/hook.bash'",
    "zsh": "[ -r '{0}/hook.zsh' ] && . '{0}/hook.zsh'",
    "fish": "source '{0}/hook.fish' 2>/dev/null",
}


@pytest.fixture
def where(tmp_path: Path) -> Folder:
    return folder(str(tmp_path))


def install_version_2(where: Folder, shell: str, first: str = OLDER["with a lower one"]) -> None:
    os.makedirs(where.path, mode=0o700)
    env = "env.fish" if shell == "fish" else "env.sh"
    for name, text in ((f"hook.{shell}", first), (f"rest.{shell}", "# older\n"), (env, "# amika 1 0\n")):
        (Path(where.path) / name).write_text(text)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("older", OLDER.values(), ids=OLDER)
def test_an_older_hook_is_rewritten_where_it_is_installed(where: Folder, shell: str, older: str) -> None:
    install_version_2(where, shell, older)
    assert hook.renew(where, NOW) == []
    assert Path(where.hook(shell)).read_text() == hook.text(where, shell)
    assert f"hook {hook.VERSION}," in hook.text(where, shell).partition("\n")[0]
    assert stat.S_IMODE(os.stat(where.hook(shell)).st_mode) == 0o600
    assert where.installed() == [shell]
    assert not [name for name in os.listdir(where.path) if "tmp" in name or name == "env.sh"]


KILLED = """
where = folder(sys.argv[1])
if sys.argv[2] == "renew":
    assert hook.renew(where, float(sys.argv[3])) == []
else:
    hook.install(where, sys.argv[4])
"""
IMPORTS = "from amika_agent.shell import hook\nfrom amika_agent.shell.folder import folder"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("doing", ["install", "renew"])
def test_a_kill_at_any_step_loses_no_hook(tmp_path: Path, shell: str, doing: str) -> None:
    for step in range(20):
        where = folder(str(tmp_path / str(step)))
        os.makedirs(where.path, mode=0o700)
        if doing == "renew":
            os.rmdir(where.path)
            install_version_2(where, shell)
        words = [os.path.dirname(where.path), doing, str(time.time()), shell]
        killed = killed_before(step, "os.rename os.remove", IMPORTS, KILLED, *words)
        begun = doing == "renew" or bool(where.installed())
        assert hook.renew(where, time.time()) == []
        assert where.installed() == ([shell] if begun else [])
        if begun:
            assert Path(where.hook(shell)).read_text() == hook.text(where, shell)
        if not killed:
            assert step > 1
            return
    pytest.fail("it never came to an end")


def follow(where: Folder, shell: str, was: str, opened: str, line: str) -> None:
    """After the renewal a shell that is open, and one that the old line starts, have the key of today.

    was: how the record began that an older version left in shells.
    """
    assert hook.renew(where, time.time()) == []
    assert env_file.update(os.path.dirname(where.path), [key("GROQ_API_KEY", "fake-2")]) == []
    setting = f"set -g __amika {where.path}" if shell == "fish" else f"__amika={where.path}"
    prompt = "emit fish_prompt" if shell == "fish" else "__amika_prompt"
    env = {
        "PATH": os.environ["PATH"], "HOME": os.environ["HOME"],
        "GROQ_API_KEY": "fake-1", "_AMIKA_API_KEYS": f"{was}\x1fGROQ_API_KEY=fake-1\x1f",
    }  # fmt: skip
    quiet = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    for script in (f"{setting}\n{opened}\n{prompt}", line.format(where.path)):
        words = [shell, *quiet, "-c", f"{script}\n{prompt}\necho $GROQ_API_KEY"]
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == ("fake-2\n", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_shells_opened_under_version_2_and_its_line_go_on_following(where: Folder, shell: str) -> None:
    install_version_2(where, shell)
    follow(where, shell, "# amika 1 0", PROMPT_2[shell], LINE_2[shell])


# what version 4 left in open shells, with the keys that it gave them
PROMPT_4 = {
    "bash": """__amika_prompt() {
  [[ -O $__amika/env.bash ]] && \\read -r __al <"$__amika/env.bash" || __al=
  [[ ${_AMIKA_API_KEYS-}$'\\37' == "$__al"$'\\37'* || ! -r $__amika/hook.bash ]] || \\. "$__amika/hook.bash"
}""",
    "zsh": """__amika_prompt() {
  \\local __al=
  [[ -O $__amika/env.zsh ]] && \\read -r __al <"$__amika/env.zsh"
  [[ ${_AMIKA_API_KEYS-}$'\\37' == "$__al"$'\\37'* || ! -r $__amika/hook.zsh ]] || \\. "$__amika/hook.zsh"
}""",
    "fish": """function __amika_prompt -e fish_prompt
    test -O $__amika/env.fish; and read -l -d\\x1f l x <$__amika/env.fish; or set -l l
    string match -q -- "$l"\\x1f"*" "$_AMIKA_API_KEYS"\\x1f; or source $__amika/hook.fish 2>/dev/null
end""",
}
LINE_4 = {
    "bash": "[[ ! -O '{0}/env.bash' ]] || \\. '{0}/env.bash'",
    "zsh": "[[ ! -O '{0}/env.zsh' ]] || \\. '{0}/env.zsh'",
    "fish": "source '{0}/env.fish' 2>/dev/null",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_shells_opened_under_version_4_and_its_line_go_on_following(where: Folder, shell: str) -> None:
    hook.install(where, shell)
    Path(where.hook(shell)).write_text("# amika hook 4, removed by: …\n")
    Path(where.env(shell)).write_text("# amika 0123456789abcdef 0\n")
    follow(where, shell, "# amika 0123456789abcdef 0", PROMPT_4[shell], LINE_4[shell])


@pytest.mark.parametrize("shell", SHELLS)
def test_paused_a_file_of_version_4_loses_a_revoked_key_and_keeps_its_end(where: Folder, shell: str) -> None:
    hook.install(where, shell)
    pairs = "GROQ_API_KEY=a\x1fXAI_API_KEY=b\x1f"
    if shell == "fish":
        text = f"# amika 0123456789abcdef 4000000000\x1f{pairs}\x1ea\x1eb\n"
    else:
        text = "# amika 0123456789abcdef 4000000000\nGROQ_API_KEY='a' XAI_API_KEY='b'\n_AMIKA_API_KEYS=x\n"
    Path(where.env(shell)).write_text(text)
    assert env_file.update(os.path.dirname(where.path), [key("XAI_API_KEY", "c")], paused=True) == []
    left = Path(where.env(shell)).read_text()
    assert env_text.read(left, shell) == ([("XAI_API_KEY", "b")], 4_000_000_000)
    assert left.startswith("#")
    assert not left.startswith("# amika")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_hook_of_version_3_is_renewed_and_one_that_was_removed_does_not_come_back(where: Folder, shell: str) -> None:
    path = Path(hook.install(where, shell))
    path.write_text("# amika hook 3, removed by: …\n")
    assert hook.renew(where, NOW) == []
    assert path.read_text() == hook.text(where, shell)
    path.write_text("# amika hook 3, removed by: …\n")
    assert hook.uninstall(where, shell)
    assert hook.renew(where, os.stat(path).st_mtime + 1) == []
    assert where.installed() == []
    assert hook.renew(where, os.stat(path).st_mtime + hook.STAYS + 1) == []
    assert os.listdir(where.path) == []


@pytest.mark.parametrize("text", ["# amika hook 99, of a later build\n", "# mine\n", "", "\udcff\n"])
def test_a_hook_of_a_later_build_or_of_somebody_else_is_left_alone(where: Folder, text: str) -> None:
    path = Path(hook.install(where, "bash"))
    path.write_text(text, errors="surrogateescape")
    before = path.stat()
    assert hook.renew(where, NOW) == []
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_one_of_this_version_is_not_written_again(where: Folder) -> None:
    path = hook.install(where, "zsh")
    before = os.stat(path)
    assert hook.renew(where, NOW) == []
    assert os.stat(path).st_ino == before.st_ino


def test_a_hook_that_is_gone_comes_back(where: Folder) -> None:
    hook.install(where, "fish")
    os.unlink(where.hook("fish"))
    assert hook.renew(where, NOW) == []
    assert os.path.isfile(where.hook("fish"))


def test_where_no_hook_is_nothing_appears(where: Folder, tmp_path: Path) -> None:
    assert hook.renew(where, NOW) == []
    assert os.listdir(tmp_path) == []


def test_what_a_removed_hook_leaves_for_open_shells_goes_after_a_day(where: Folder) -> None:
    hook.install(where, "fish")
    assert hook.uninstall(where, "fish")
    removed = os.stat(where.hook("fish")).st_mtime
    hook.renew(where, removed + hook.STAYS - 1)
    assert os.listdir(where.path) == ["hook.fish"]
    hook.renew(where, removed + hook.STAYS + 1)
    assert os.listdir(where.path) == []


def test_what_a_crash_left_of_an_env_file_goes_and_the_env_file_stays(where: Folder) -> None:
    hook.install(where, "bash")
    names = ("env.bash", "env.bash.tmp-0badc0de", "env.fish.tmp-0badc0de")
    for name in names:
        (Path(where.path) / name).write_text("export GROQ_API_KEY='fake'\n")
    written = os.stat(where.env("bash")).st_mtime
    hook.renew(where, written + 1)  # another process may be writing it just now
    assert set(names) <= set(os.listdir(where.path))
    hook.renew(where, written + hook.STAYS + 1)
    assert sorted(os.listdir(where.path)) == ["env.bash", "hook.bash"]


def test_a_hook_behind_a_link_is_a_problem_with_a_remedy(where: Folder, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text(OLDER["with a lower one"])
    os.makedirs(where.path)
    os.symlink(mine, where.hook("bash"))
    (problem,) = hook.renew(where, NOW)
    assert "shell-init bash --install" in problem.remedy
    assert mine.read_text() == OLDER["with a lower one"]


def test_the_agent_renews_it_at_its_first_look_and_leaves_it_while_it_is_paused(home: Path) -> None:
    profile = resolve(os.environ)
    where = folder(profile.data_dir)
    install_version_2(where, "bash")
    db = SyncDb(profile.sync_db, SystemClock())
    try:
        part = LocalPart(profile, dict(os.environ), SystemClock(), lambda: db)
        part.pause.pause(None)
        part.look()
        assert Path(where.hook("bash")).read_text() == OLDER["with a lower one"]
        part.pause.resume()
        part.look()
        assert Path(where.hook("bash")).read_text() == hook.text(where, "bash")
    finally:
        db.close()
