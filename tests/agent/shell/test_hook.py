"""The hook in the real shells: what it sets, follows, drops, and leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.agent.shell.hooked import SHELLS, Shell, key

from amika_agent.shell import folder, hook

NASTY = [
    "plain",
    "it's",
    "back\\slash",
    "$(touch pwned)`touch pwned`",
    'a"b',
    "line\nbreak",
    "é\u2028~*?[",
    "\\'; touch pwned #",
    "\t blanks around \r",
    "",
]
ONE_LINE = [value for value in NASTY if "\n" not in value]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    return Shell(request.param, tmp_path)


@pytest.mark.parametrize("values", [NASTY, ONE_LINE, NASTY[:1]], ids=["lines", "nasty", "plain"])
def test_a_new_shell_has_the_keys_and_exactly_their_values(shell: Shell, values: list[str]) -> None:
    shell.keys(*(key(f"K{n}_API_KEY", value) for n, value in enumerate(values)))
    steps = [shell.source(), *(shell.shown(f"K{n}_API_KEY") for n in range(len(values)))]
    assert shell.run(*steps) == values
    # a shell started from that one knows what is ours
    gone = shell.later()
    steps = [
        shell.source(),
        shell.swap(gone),
        shell.prompt(),
        *(shell.shown(f"K{n}_API_KEY") for n in range(len(values))),
    ]
    assert shell.run(*steps) == ["unset"] * len(values)


def test_a_new_shell_without_keys_says_and_sets_nothing(shell: Shell) -> None:
    shell.keys()
    assert shell.run(shell.source(), shell.prompt(), shell.shown("GROQ_API_KEY")) == ["unset"]


def test_children_inherit_them(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    assert shell.run(shell.source(), "env | grep -c '^GROQ_API_KEY=fake-1$'") == ["1\n"]


def test_a_change_is_there_at_the_next_prompt_and_a_removal_too(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"), key("XAI_API_KEY", "fake-x"))
    changed, gone = shell.later(key("GROQ_API_KEY", "fake-2"), key("XAI_API_KEY", "fake-x")), shell.later()
    show = shell.shown("GROQ_API_KEY")
    steps = [shell.source(), show, shell.swap(changed), show, shell.prompt(), show]
    steps += [shell.swap(gone), shell.prompt(), show, shell.shown("XAI_API_KEY")]
    assert shell.run(*steps) == ["fake-1", "fake-1", "fake-2", "unset", "unset"]


def test_when_the_file_goes_the_variables_go(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    remove = f"command rm {shell.where.env(shell.name)}"
    assert shell.run(shell.source(), remove, shell.prompt(), shell.shown("GROQ_API_KEY")) == ["unset"]


def test_what_the_person_set_before_is_never_touched(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    gone = shell.later()
    show = shell.shown("GROQ_API_KEY")
    steps = [shell.put("GROQ_API_KEY", "mine"), shell.source(), show, shell.swap(gone), shell.prompt(), show]
    assert shell.run(*steps) == ["mine", "mine"]


def test_what_the_person_set_afterwards_is_never_touched(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    changed, gone = shell.later(key("GROQ_API_KEY", "fake-2")), shell.later()
    show = shell.shown("GROQ_API_KEY")
    steps = [shell.source(), shell.put("GROQ_API_KEY", "mine"), shell.swap(changed), shell.prompt(), show]
    steps += [shell.swap(gone), shell.prompt(), show]
    assert shell.run(*steps) == ["mine", "mine"]


def test_a_variable_the_person_removed_stays_away_until_something_changes(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    steps = [shell.source(), shell.unset("GROQ_API_KEY"), shell.prompt(), shell.shown("GROQ_API_KEY")]
    assert shell.run(*steps) == ["unset"]


def test_a_shell_started_from_a_shell_goes_on_following(shell: Shell) -> None:
    # a pane of tmux or a subshell inherits yesterday's values: they are still ours to change and to drop
    shell.keys(key("GROQ_API_KEY", "fake-new"))
    inherited = {
        "GROQ_API_KEY": "fake-old",
        "XAI_API_KEY": "fake-x",
        "_AMIKA_API_KEYS": "# amika 1 0\x1fGROQ_API_KEY=fake-old\x1fXAI_API_KEY=fake-x\x1f",
    }
    steps = [shell.source(), shell.shown("GROQ_API_KEY"), shell.shown("XAI_API_KEY")]
    assert shell.run(*steps, env=inherited) == ["fake-new", "unset"]


def test_a_shell_started_from_a_shell_leaves_alone_what_is_current(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"), key("XAI_API_KEY", "fake-x"))
    first = Path(shell.where.env(shell.name)).read_text().partition("\n")[0].split("\x1f")[:2]
    record = "\x1f".join([*first, "GROQ_API_KEY=fake-1", "XAI_API_KEY=fake-x", ""])
    changed = shell.later(key("GROQ_API_KEY", "fake-2"))
    steps = [shell.source(), shell.shown("GROQ_API_KEY"), shell.shown("XAI_API_KEY")]  # removed by the person
    steps += [shell.swap(changed), shell.prompt(), shell.shown("GROQ_API_KEY")]
    inherited = {"GROQ_API_KEY": "fake-1", "_AMIKA_API_KEYS": record}
    assert shell.run(*steps, env=inherited) == ["fake-1", "unset", "fake-2"]


def test_an_inherited_value_goes_when_there_are_no_keys_any_more(shell: Shell) -> None:
    shell.keys()
    inherited = {"XAI_API_KEY": "fake-x", "_AMIKA_API_KEYS": "# amika 1 0\x1fXAI_API_KEY=fake-x\x1f"}
    assert shell.run(shell.source(), shell.shown("XAI_API_KEY"), env=inherited) == ["unset"]


def test_a_file_past_its_earliest_expiry_is_not_used(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1", ends=1_000_000_000.0), key("XAI_API_KEY", "fake-x"))
    assert shell.run(shell.source(), shell.shown("GROQ_API_KEY"), shell.shown("XAI_API_KEY")) == ["unset", "unset"]


def test_a_file_before_its_earliest_expiry_is_used(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1", ends=4_000_000_000.0))
    assert shell.run(shell.source(), shell.shown("GROQ_API_KEY")) == ["fake-1"]


def test_in_an_open_shell_a_file_stops_counting_when_its_time_has_come(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1", ends=4_000_000_000.0))
    show = shell.shown("GROQ_API_KEY")
    # the hook compares this with the time; waiting for the year 2096 would take too long
    soon = "set -g __amika_ends 1" if shell.name == "fish" else "__amika_ends=1"
    put = shell.later(key("GROQ_API_KEY", "fake-2", ends=1_000_000_000.0))
    steps = [shell.source(), shell.prompt(), show, soon, shell.swap(put), shell.prompt(), show, shell.prompt(), show]
    assert shell.run(*steps) == ["fake-1", "unset", "unset"]


def test_a_file_that_ended_is_followed_again_when_it_is_written_anew(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1", ends=1_000_000_000.0))
    anew = shell.later(key("GROQ_API_KEY", "fake-2"))
    steps = [shell.source(), shell.prompt(), shell.swap(anew), shell.prompt(), shell.shown("GROQ_API_KEY")]
    assert shell.run(*steps) == ["fake-2"]


def test_an_open_shell_drops_its_variables_when_the_hook_is_removed(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"), key("XAI_API_KEY", "fake-x"))
    remove = f"command rm {shell.where.env(shell.name)}"
    steps = [shell.source(), shell.put("XAI_API_KEY", "mine"), remove, shell.prompt(), shell.prompt()]
    steps += [shell.shown(name) for name in ("GROQ_API_KEY", "XAI_API_KEY", "_AMIKA_API_KEYS")]
    assert shell.run(*steps) == ["unset", "mine", "unset"]


def test_an_open_shell_is_quiet_when_the_whole_folder_is_gone(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    steps = [shell.source(), f"command rm -r {shell.where.path}", shell.prompt(), shell.shown("GROQ_API_KEY")]
    assert len(shell.run(*steps)) == 1


def test_what_an_open_shell_does_is_decided_by_the_file_of_today(shell: Shell) -> None:
    # an update of this program reaches shells that were opened before it
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    today = Path(shell.where.hook(shell.name))
    (shell.folder / "newer").write_text("printf '<newer>'\n")
    changed = shell.later(key("GROQ_API_KEY", "fake-2"))
    steps = [shell.source(), f"command mv -f {shell.folder / 'newer'} {today}", shell.swap(changed), shell.prompt()]
    assert shell.run(*steps) == ["newer"]


def test_inside_a_function_the_variables_are_global(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    changed = shell.later(key("GROQ_API_KEY", "fake-2"))
    inside = f"function load; {shell.source()}\nend" if shell.name == "fish" else f"load() {{ {shell.source()}\n}}"
    show = shell.shown("GROQ_API_KEY")
    assert shell.run(inside, "load", show, shell.swap(changed), shell.prompt(), show) == ["fake-1", "fake-2"]


ODD = {
    "bash": "shopt -s failglob nullglob extglob; set -o noclobber; set -eu; IFS=:",
    "zsh": "setopt ksh_arrays sh_word_split glob_subst warn_create_global extended_glob no_unset err_return; IFS=:",
    "fish": "set -g IFS :",
}  # fmt: skip


def test_the_options_of_the_shell_do_not_matter(shell: Shell) -> None:
    shell.keys(*(key(f"K{n}_API_KEY", value) for n, value in enumerate(NASTY)))
    changed = shell.later(*(key(f"K{n}_API_KEY", value + "*") for n, value in enumerate(NASTY[1:])))
    steps = [ODD[shell.name], shell.source(), *(shell.shown(f"K{n}_API_KEY") for n in range(len(NASTY)))]
    steps += [shell.swap(changed), shell.prompt(), *(shell.shown(f"K{n}_API_KEY") for n in range(len(NASTY)))]
    assert shell.run(*steps) == [*NASTY, *(value + "*" for value in NASTY[1:]), "unset"]


def test_without_a_file_nothing_happens(shell: Shell) -> None:
    assert shell.run(shell.source(), shell.prompt(), shell.shown("GROQ_API_KEY")) == ["unset"]


def test_a_removed_hook_leaves_a_line_that_does_nothing(shell: Shell) -> None:
    line = shell.source()
    assert hook.uninstall(shell.where, shell.name)
    assert not hook.uninstall(shell.where, shell.name)
    assert shell.run(line, shell.shown("GROQ_API_KEY")) == ["unset"]


@pytest.mark.parametrize("name", [name for name in SHELLS if name != "fish"])
def test_it_works_where_unset_variables_are_errors(name: str, tmp_path: Path) -> None:
    shell = Shell(name, tmp_path)
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    gone = shell.later()
    steps = ["set -eu", shell.source(), shell.shown("GROQ_API_KEY"), shell.swap(gone), shell.prompt()]
    assert shell.run(*steps, shell.shown("GROQ_API_KEY")) == ["fake-1", "unset"]


def test_the_last_exit_status_survives_the_prompt(tmp_path: Path) -> None:
    bash = Shell("bash", tmp_path)
    bash.keys(key("GROQ_API_KEY", "fake-1"))
    assert bash.run(bash.source(), "(exit 7); __amika_prompt; printf '<%s>' $?") == ["7"]


def test_an_earlier_prompt_command_is_kept_and_the_hook_added_once(tmp_path: Path) -> None:
    bash = Shell("bash", tmp_path)
    steps = ["PROMPT_COMMAND='echo mine'", bash.source(), bash.source(), 'printf "<%s>" "$PROMPT_COMMAND"']
    assert bash.run(*steps) == ['echo mine\n${__amika:+"__amika_prompt"} && :']


def test_zsh_adds_its_hook_once(tmp_path: Path) -> None:
    if "zsh" not in SHELLS:
        pytest.fail("zsh is not installed")
    zsh = Shell("zsh", tmp_path)
    assert zsh.run(zsh.source(), zsh.source(), 'printf "<%s>" "$precmd_functions"') == ["__amika_prompt"]


def test_every_shell_is_here() -> None:
    assert list(folder.SHELLS) == SHELLS
