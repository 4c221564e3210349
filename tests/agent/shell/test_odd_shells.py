"""The hook where a person's shell is set up in ways nobody expects; nothing is said, nothing of theirs changes."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest
from tests.agent.shell.hooked import SHELLS, Shell, key

POSIX = [shell for shell in SHELLS if shell != "fish"]
SHADOWED = ("export", "local", "read", "return", "set", "unset", "eval", ".", "test", "date", "typeset", "declare")
LOCALS = ("l", "s", "name", "pair", "line", "keys", "ends", "before", "ours")
PIECES = [
    *(chr(n) for n in range(1, 0x100) if n not in (0x1D, 0x1E, 0x1F)), "\ufdd0", "\uf6ff", "\U0001f511", "''", "\\n",
    "~", "=", "-",
]  # fmt: skip


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    return Shell(request.param, tmp_path)


@pytest.fixture(params=POSIX)
def posix(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    return Shell(request.param, tmp_path)


def follows(shell: Shell, *before: str) -> None:
    """One key is there, a changed one at the next prompt, and none when it is removed."""
    shell.keys(key("GROQ_API_KEY", "fake 'a' \\ *"), key("XAI_API_KEY", "fake-x"))
    changed, gone = shell.later(key("GROQ_API_KEY", "fake\nb")), shell.later()
    show, other = shell.shown("GROQ_API_KEY"), shell.shown("XAI_API_KEY")
    steps = [*before, shell.source(), show, shell.swap(changed), shell.prompt(), show, other, shell.swap(gone)]
    assert shell.run(*steps, shell.prompt(), show) == ["fake 'a' \\ *", "fake\nb", "unset", "unset"]


def test_aliases_of_the_commands_it_uses(posix: Shell) -> None:
    setting = "shopt -s expand_aliases" if posix.name == "bash" else "setopt aliases"
    brackets = ["alias '['=false"] if posix.name == "bash" else []  # zsh knows no such alias
    follows(posix, setting, *(f"alias {name}=false" for name in SHADOWED), *brackets)


def test_global_aliases_of_zsh(tmp_path: Path) -> None:
    follows(Shell("zsh", tmp_path), *(f"alias -g {name}='| false'" for name in LOCALS))


def test_readonly_variables_with_common_names(posix: Shell) -> None:
    follows(posix, *(f"readonly {name}=mine" for name in LOCALS))


MODES = {
    "bash": [
        "set -o posix", "set -euo pipefail", "shopt -s extglob failglob nocasematch", "set -o noclobber; set -f",
        "trap 'echo trapped >&2' ERR; set -E", "trap : DEBUG; set -T", "IFS=aAmiK_",
    ],
    "zsh": [
        *(f"emulate {mode}" for mode in ("sh", "ksh", "csh", "zsh")),
        "setopt sh_word_split ksh_arrays rc_quotes", "setopt no_unset err_exit err_return pipe_fail",
        "setopt warn_create_global warn_nested_var", "setopt csh_junkie_quotes", "setopt no_interactive_comments",
        "setopt ksh_glob null_glob glob_assign glob_subst", "setopt all_export posix_builtins", "setopt posix_aliases",
        "IFS=aAmiK_", "setopt no_multios no_clobber no_short_loops ignore_braces", "setopt c_bases octal_zeroes",
    ],
    "fish": ["set -g IFS a", "function fish_prompt; false; end", "set -g fish_key_bindings fish_vi_key_bindings"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "mode"), [(name, mode) for name in SHELLS for mode in MODES[name]])
def test_options_and_modes(name: str, mode: str, tmp_path: Path) -> None:
    follows(Shell(name, tmp_path), mode)


@pytest.mark.parametrize("mode", ["setopt warn_create_global no_unset", "emulate sh", "emulate ksh", "emulate csh"])
def test_zsh_from_inside_a_function(mode: str, tmp_path: Path) -> None:
    shell = Shell("zsh", tmp_path)
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    changed = shell.later(key("GROQ_API_KEY", "fake-2"))
    show = shell.shown("GROQ_API_KEY")
    steps = [mode, f"load() {{\n{shell.source()}\n}}", "load", show, shell.swap(changed), "load", shell.prompt(), show]
    assert shell.run(*steps) == ["fake-1", "fake-2"]


FOLDERS = ["with blanks  two", 'quote\'d "twice"', "$HOME `id`", "back\\slash\\", "-n", "[a]*", "é", "~"]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("name", SHELLS)
def test_any_folder(name: str, folder: str, tmp_path: Path) -> None:
    place = tmp_path / folder
    place.mkdir()
    mode = {"zsh": "setopt sh_word_split glob_subst", "bash": ":", "fish": "true"}[name]
    shell = Shell(name, place)
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    changed = shell.later(key("GROQ_API_KEY", "fake-2")).rename(tmp_path / "later")
    show = shell.shown("GROQ_API_KEY")
    steps = [mode, shell.source(), show, shell.swap(changed, tmp_path), shell.prompt(), show]
    assert shell.run(*steps) == ["fake-1", "fake-2"]


@pytest.mark.parametrize("seed", range(4))
def test_any_value(shell: Shell, seed: int) -> None:
    chance = random.Random(seed)
    values = ["".join(chance.choices(PIECES, k=chance.randrange(40))) for _ in range(20)]
    changed = [value + chance.choice(PIECES) for value in values]
    shell.keys(*(key(f"K{n}_API_KEY", value) for n, value in enumerate(values)))
    other = shell.later(*(key(f"K{n}_API_KEY", value) for n, value in enumerate(changed)))
    # `env -0` tells them apart whatever they hold
    steps = [shell.source(), "env -0", shell.swap(other), shell.prompt(), "env -0", shell.swap(shell.later())]
    told = shell.run_bytes(*steps, shell.prompt(), "env -0")
    found = [one.partition(b"=") for one in told.split(b"\0") if one.startswith(b"K")]
    wanted = [(f"K{n}_API_KEY".encode(), value.encode()) for each in (values, changed) for n, value in enumerate(each)]
    assert sorted((name, value) for name, _, value in found) == sorted(wanted)


def test_a_person_s_own_value_that_differs_in_case_alone_stays(tmp_path: Path) -> None:
    shell = Shell("bash", tmp_path)
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    changed, gone = shell.later(key("GROQ_API_KEY", "fake-2")), shell.later()
    show = shell.shown("GROQ_API_KEY")
    steps = ["shopt -s nocasematch", shell.source(), "GROQ_API_KEY=FAKE-1", shell.swap(changed), shell.prompt(), show]
    assert shell.run(*steps, shell.swap(gone), shell.prompt(), show) == ["FAKE-1", "FAKE-1"]


def test_what_the_person_removed_stays_away_until_that_key_changes(shell: Shell) -> None:
    one, two = key("GROQ_API_KEY", "fake-1"), key("XAI_API_KEY", "fake-x")
    shell.keys(one, two)
    other, changed = shell.later(one, key("XAI_API_KEY", "fake-y")), shell.later(key("GROQ_API_KEY", "fake-2"))
    show = [shell.shown("GROQ_API_KEY"), shell.shown("XAI_API_KEY")]
    steps = [shell.source(), shell.unset("GROQ_API_KEY"), shell.swap(other), shell.prompt(), *show]
    assert shell.run(*steps, shell.swap(changed), shell.prompt(), *show) == ["unset", "fake-y", "fake-2", "unset"]


def test_a_name_that_bash_cannot_set_does_not_keep_the_others_away(tmp_path: Path) -> None:
    shell = Shell("bash", tmp_path)
    shell.keys(key("A_API_KEY", "fake-1"), key("GROQ_API_KEY", "fake-1"), key("XAI_API_KEY", "fake-x"))
    steps = ["readonly GROQ_API_KEY", f"{{ {shell.source()}\n}} 2>/dev/null", shell.prompt()]  # bash itself says why
    steps += [shell.shown(name) for name in ("A_API_KEY", "GROQ_API_KEY", "XAI_API_KEY")]
    assert shell.run(*steps) == ["fake-1", "unset", "fake-x"]


@pytest.mark.parametrize("make", [": >", "echo : >", "rm -f"])
def test_whatever_is_in_the_place_of_the_env_file(shell: Shell, make: str) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    env = shell.where.env(shell.name)
    # the mark goes too: what is changed by hand alone the agent puts right (test_mark.py)
    put = f"command sh -c 'rm -rf {env} {shell.where.path}/mark.*; {make} {env}'"
    show = shell.shown("GROQ_API_KEY")
    steps = [shell.source(), show, put, shell.prompt(), shell.prompt(), show, shell.source(), shell.prompt(), show]
    assert shell.run(*steps) == ["fake-1", "unset", "unset"]


def test_an_env_file_of_another_user_is_not_run(shell: Shell) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    path = shell.where.env(shell.name)
    show = shell.shown("GROQ_API_KEY")
    changed = shell.later(key("GROQ_API_KEY", "fake-2"))
    os.chown(changed, 12345, 12345)
    # in an open shell it is as if there were none
    assert shell.run(shell.source(), show, shell.swap(changed), shell.prompt(), show) == ["fake-1", "unset"]
    os.chown(path, 12345, 12345)
    if shell.name != "fish":  # fish does not ask when it starts; the folder is nobody else's
        assert shell.run(shell.source(), show) == ["unset"]


def test_neither_start_nor_prompt_starts_a_program(shell: Shell) -> None:
    # what would be started is not found, and the shell says so
    shell.keys(*(key(f"K{n}_API_KEY", "it's\nfake") for n in range(200)))
    nowhere = "set -gx PATH /nowhere" if shell.name == "fish" else "PATH=/nowhere"
    remove = "set -e K3_API_KEY" if shell.name == "fish" else "unset K3_API_KEY; _AMIKA_API_KEYS=x"
    steps = [nowhere, shell.source(), shell.prompt(), remove, shell.prompt(), shell.shown("K199_API_KEY")]
    assert shell.run(*steps, shell.source(), shell.shown("K199_API_KEY")) == ["it's\nfake"] * 2


@pytest.mark.parametrize("mine", ["''", "-x", "--", "-n 5", "a b", "a- _b", "'a\nb'", "'$HOME'", "GROQ_API_KEY"])
@pytest.mark.parametrize("name", ["GROQ_API_KEY", "XAI_API_KEY"])
def test_fish_reads_over_no_value_that_a_person_set(tmp_path: Path, name: str, mine: str) -> None:
    shell = Shell("fish", tmp_path)
    shell.keys(key("GROQ_API_KEY", "fake-g"), key("XAI_API_KEY", "fake-x"))
    other = "XAI_API_KEY" if name == "GROQ_API_KEY" else "GROQ_API_KEY"
    steps = [f"set -gx {name} {mine}", f"set -l before ${name}", shell.source(), shell.prompt()]
    steps += [f'test "x$before" = "x${name}" -a (count $before) = (count ${name}); and printf "<mine>"']
    steps += [f"set -q {name}; or echo gone"]
    assert shell.run(*steps, shell.shown(other)) == ["mine", "fake-x" if other == "XAI_API_KEY" else "fake-g"]


def test_fish_asks_no_function_of_a_person_whether_a_variable_is_set(tmp_path: Path) -> None:
    shell = Shell("fish", tmp_path)
    shell.keys(key("GROQ_API_KEY", "fake-g"))
    steps = ["function contains; true; end", "set -gx GROQ_API_KEY mine", shell.source(), shell.shown("GROQ_API_KEY")]
    assert shell.run(*steps) == ["mine"]


@pytest.mark.parametrize("many", [253, 254, 300])
def test_any_number_of_keys(shell: Shell, many: int) -> None:
    shell.keys(*(key(f"K{n}_API_KEY", f"fake-{n}") for n in range(many)))
    show = [shell.shown(f"K{n}_API_KEY") for n in (0, many - 1)]
    assert shell.run(shell.source(), *show) == ["fake-0", f"fake-{many - 1}"]
    mine = shell.put("K7_API_KEY", "mine")
    assert shell.run(mine, shell.source(), *show, shell.shown("K7_API_KEY")) == ["fake-0", f"fake-{many - 1}", "mine"]


def at_a_prompt(*lines: str, env: dict[str, str] | None = None) -> tuple[str, str]:
    """Return what an interactive bash prints and says; its prompts are empty."""
    done = subprocess.run(
        ["bash", "--norc", "--noediting", "-i"], input="\n".join([*lines, "exit", ""]), capture_output=True, text=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PS1": "", **(env or {})}, timeout=30, check=False,
        start_new_session=True,  # the terminal of this run is not its own
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if line != "exit" and "job control" not in line]
    return done.stdout, "\n".join(line for line in said if "terminal process group" not in line)


def test_a_prompt_command_sees_the_status_of_every_part_of_the_last_line(tmp_path: Path) -> None:
    bash = Shell("bash", tmp_path)
    told = "PROMPT_COMMAND='echo \"$? ${PIPESTATUS[*]}\";'"
    out, said = at_a_prompt(told, bash.source(), "false | (exit 3)", "PROMPT_COMMAND+=';echo late $?'", "(exit 4)")
    assert said == ""
    assert out.splitlines()[2:] == ["3 1 3", "0 0", "late 0", "4 4", "late 0"]


def test_an_exported_prompt_command_does_no_harm_in_a_shell_without_the_hook(tmp_path: Path) -> None:
    bash = Shell("bash", tmp_path)
    out, said = at_a_prompt(
        "export PROMPT_COMMAND=': mine'", bash.source(), "", "bash --norc --noediting -i", ":", "echo there"
    )
    assert "there" in out
    assert said == ""
