"""The mark of an env file: what it is for, who may be killed or write at the same time, and what a prompt costs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.agent.shell.hooked import SHELLS, Shell, key
from tests.agent.shell.killed import killed_before

from amika_agent.shell import env_file, env_text, hook, mark
from amika_agent.shell.folder import Folder

ONE, TWO = key("GROQ_API_KEY", "fake-1"), key("GROQ_API_KEY", "fake-2")


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    return Shell(request.param, tmp_path)


def marks(shell: Shell) -> list[str]:
    return [name.rpartition(".")[2] for name in os.listdir(shell.where.path) if name.startswith("mark.")]


def wanted(shell: Shell) -> list[str]:
    return [env_text.digest(Path(shell.where.env(shell.name)).read_text().partition("\n")[0])]


def says_when_it_looks(shell: Shell) -> None:
    path = Path(shell.where.hook(shell.name))
    path.write_text(f"printf '<looked>'\n{path.read_text()}")


def test_there_is_one_and_it_changes_with_the_keys(shell: Shell) -> None:
    seen = []
    for choices in ((), (ONE,), (TWO,), (ONE, key("XAI_API_KEY", "fake-x"))):
        shell.keys(*choices)
        assert marks(shell) == wanted(shell)
        seen += marks(shell)
        shell.keys(*choices)
        assert marks(shell) == wanted(shell)
    assert len({*seen}) == 4
    hook.uninstall(shell.where, shell.name)
    assert marks(shell) == []


def test_while_it_is_there_a_prompt_reads_nothing(shell: Shell) -> None:
    shell.keys(ONE)
    says_when_it_looks(shell)
    show, changed = shell.shown("GROQ_API_KEY"), shell.later(TWO)
    steps = [shell.source(), shell.prompt(), show, shell.swap(changed), shell.prompt(), show, shell.prompt(), show]
    assert shell.run(*steps) == ["fake-1", "looked", "fake-2", "fake-2"]


def test_a_shell_started_from_a_current_one_does_not_look(shell: Shell) -> None:
    shell.keys(ONE)
    says_when_it_looks(shell)
    told = shell.run_bytes(shell.source(), "env -0").decode().split("\0")
    inherited = dict(one.partition("=")[::2] for one in told if "_API_KEY" in one)
    assert len(inherited) == 2
    show = shell.shown("GROQ_API_KEY")
    assert shell.run(shell.source(), shell.prompt(), show, env=inherited) == ["fake-1"]
    shell.keys(TWO)
    assert shell.run(shell.source(), show, shell.prompt(), show, env=inherited) == ["looked", "fake-2", "fake-2"]


def test_without_one_each_prompt_looks_and_nothing_is_lost(shell: Shell) -> None:
    # what a kill in the middle of an update leaves
    shell.keys(ONE, key("XAI_API_KEY", "fake-x"))
    mark.clear(shell.where, shell.name)
    says_when_it_looks(shell)
    show = [shell.shown("GROQ_API_KEY"), shell.shown("XAI_API_KEY")]
    steps = [shell.source(), shell.put("GROQ_API_KEY", "mine"), shell.unset("XAI_API_KEY"), shell.prompt()]
    assert shell.run(*steps, shell.prompt(), *show) == ["looked", "looked", "mine", "unset"]
    shell.keys(ONE, key("XAI_API_KEY", "fake-x"))
    assert marks(shell) == wanted(shell)


def test_after_the_hook_was_removed_a_prompt_looks_once(shell: Shell) -> None:
    shell.keys(ONE)
    says_when_it_looks(shell)
    remove = f"command rm {shell.where.env(shell.name)}"
    steps = [shell.source(), remove, shell.prompt(), shell.prompt(), shell.shown("GROQ_API_KEY")]
    assert shell.run(*steps) == ["looked", "unset"]


IMPORTS = "from tests.agent.shell.test_mark import TWO\nfrom amika_agent.shell import env_file"
UPDATES = "assert env_file.update(sys.argv[1], [TWO]) == []"


def test_a_kill_in_the_middle_leaves_no_mark_of_other_keys(shell: Shell) -> None:
    for step in range(20):
        shell.keys(ONE)
        killed = killed_before(step, "os.rename os.remove os.symlink", IMPORTS, UPDATES, str(shell.folder))
        assert marks(shell) in ([], wanted(shell))
        show = shell.shown("GROQ_API_KEY")
        assert shell.run(shell.source(), shell.prompt(), show)[0] in ("fake-1", "fake-2")
        if not killed:
            assert step == 3  # the old mark, the file, the new mark
            return
    pytest.fail("it never came to an end")


WRITER = """
import sys
from tests.agent.shell.hooked import key
from amika_agent.shell import env_file
for n in range(100):
    assert env_file.update(sys.argv[1], [key("GROQ_API_KEY", f"fake-{sys.argv[2]}-{n}")]) == []
"""


def test_two_that_write_at_the_same_time_leave_one_mark_and_the_right_one(shell: Shell) -> None:
    words = [sys.executable, "-c", WRITER, str(shell.folder)]
    writers = [subprocess.Popen([*words, str(n)]) for n in range(2)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert marks(shell) == wanted(shell)


NO_LINKS = """
import sys
from tests.agent.shell.test_mark import TWO
from amika_agent.shell import env_file
def refuse(event, _):
    if event == "os.symlink":
        raise PermissionError(1, "Operation not permitted")
sys.addaudithook(refuse)
assert env_file.update(sys.argv[1], [TWO]) == []
"""


def test_where_there_are_no_links_it_is_a_file(shell: Shell) -> None:
    shell.keys(ONE)
    subprocess.run([sys.executable, "-c", NO_LINKS, str(shell.folder)], check=True)
    assert marks(shell) == wanted(shell)
    says_when_it_looks(shell)
    steps = [shell.source(), shell.prompt(), shell.shown("GROQ_API_KEY")]
    assert shell.run(*steps) == ["fake-2"]


@pytest.mark.parametrize("inside", ["", "/file"])
def test_a_folder_with_such_a_name_holds_up_nothing(shell: Shell, inside: str) -> None:
    odd = Path(shell.where.path) / f"mark.{shell.name}.0123456789abcdef"
    shell.keys(ONE)
    odd.mkdir()
    if inside:
        Path(f"{odd}{inside}").touch()
    shell.keys(TWO)
    assert [name for name in marks(shell) if name != odd.name.rpartition(".")[2]] == wanted(shell)
    assert odd.exists() is bool(inside)
    assert shell.run(shell.source(), shell.shown("GROQ_API_KEY")) == ["fake-2"]
    assert hook.uninstall(shell.where, shell.name)


@pytest.mark.parametrize("name", ["", ".x", ".0123456789abcde", ".0123456789abcdef0", ".é\n$(touch pwned)"])
def test_what_has_a_name_like_one_goes(shell: Shell, name: str) -> None:
    odd = Path(shell.where.path) / f"mark.{shell.name}.{name.removeprefix('.')}"
    odd.touch()
    shell.keys(ONE)
    assert marks(shell) == wanted(shell)


def test_a_file_that_is_replaced_while_a_shell_reads_it_gives_no_name_another_s_value(shell: Shell) -> None:
    # fish reads the names first, and then the values; nothing else sees the file in between
    shell.keys(key("A_API_KEY", "fake-a"), key("B_API_KEY", "fake-b"))
    begun = shell.folder / "begun"
    begun.write_bytes(Path(shell.where.env(shell.name)).read_bytes())
    shell.keys(key("A_API_KEY", "fake-a"), key("C_API_KEY", "fake-c"))
    show = [shell.shown(f"{name}_API_KEY") for name in "ABC"]
    first = ["fake-a", "fake-b", "unset"] if shell.name != "fish" else ["", "", "unset"]
    then = ["fake-a", "unset" if shell.name != "fish" else "", "fake-c"]
    steps = [f". {begun}" if shell.name != "fish" else f"source {begun}", *show, shell.prompt(), *show]
    assert shell.run(*steps) == [*first, *then]


def test_what_was_changed_in_an_env_file_by_hand_is_put_right(shell: Shell) -> None:
    shell.keys(ONE)
    Path(shell.where.env(shell.name)).write_text(":\n")
    assert shell.run(shell.source(), shell.shown("GROQ_API_KEY")) == ["unset"]
    shell.keys(ONE)
    assert marks(shell) == wanted(shell)
    assert shell.run(shell.source(), shell.shown("GROQ_API_KEY")) == ["fake-1"]


def test_the_digest_is_that_of_a_first_line_of_ours_alone() -> None:
    first = env_file.render([ONE], "bash", Folder("/h")).partition("\n")[0]
    assert len(env_text.digest(first)) == 16
    for other in ("", ":", "#", "# amika 7df0685a4b33d1bd 0", "#7df0685a4b33d1bd", "#../../../x\x1f0"):
        assert env_text.digest(other) == ""
