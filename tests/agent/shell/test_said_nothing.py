"""At the prompts of interactive shells the hook says nothing, shows no key, and does not end the shell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.agent.shell.hooked import Shell, key

KEYS = (key("GROQ_API_KEY", "fake-1"), key("XAI_API_KEY", "fake-x"))
BOTH = ("bash", "zsh")
TOLD = 'printf "<%s>" "${GROQ_API_KEY-unset}" "${XAI_API_KEY-unset}"'


def at_prompts(shell: Shell, *lines: str, rc: str = "", option: str = "-i") -> tuple[str, str]:
    """Return what an interactive shell, which read `rc` and the hook's line when it began, prints and says."""
    home = shell.folder / "home"
    home.mkdir(exist_ok=True)
    for name in (".bashrc", ".zshrc"):
        (home / name).write_text(f"{rc}\n{shell.source()}\n")
    words = {
        "bash": ["bash", "--noediting", option],
        "zsh": ["zsh", "+o", "prompt_sp", "+o", "prompt_cr", "+Z", option],
    }[shell.name]
    done = subprocess.run(
        words, input="\n".join([*lines, "exit 0", ""]), capture_output=True, text=True, timeout=30, check=False,
        env={"PATH": f"{home}:{os.environ['PATH']}", "HOME": str(home), "LC_ALL": "C.UTF-8", "PS1": "", "PROMPT": ""},
        start_new_session=True,  # the terminal of this run is not its own
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if line != "exit" and "job control" not in line]
    return done.stdout, "\n".join(line for line in said if "terminal process group" not in line)


@pytest.fixture(params=BOTH)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    shell = Shell(request.param, tmp_path)
    shell.keys(*KEYS)
    return shell


@pytest.mark.parametrize("trace", ["set -x", "set -v", "set -xv"])
@pytest.mark.parametrize("early", [True, False], ids=["before the line", "at a prompt"])
def test_a_trace_shows_no_key(shell: Shell, trace: str, early: bool) -> None:
    changed = shell.later(key("GROQ_API_KEY", "fake-2"))
    length = 'printf "<%s>" ${#GROQ_API_KEY}${XAI_API_KEY+x}'
    off = f"{{ set +xv; }} 2>/dev/null; {TOLD}"
    lines = ["" if early else trace, "", length, shell.swap(changed), "", length, off]
    out, said = at_prompts(shell, *lines, rc=trace if early else "")
    assert "<6x>" in out
    assert out.endswith("<fake-2><unset>")
    assert "fake-" not in said
    assert "mark." in said or trace == "set -v"  # it was a trace


@pytest.mark.parametrize("trap", ["trap 'echo trapped' ERR", "set -E; trap 'echo trapped' ERR"])
def test_a_trap_for_failures_runs_once_for_each(shell: Shell, trap: str) -> None:
    out, said = at_prompts(shell, trap, "false", "", "true", "(exit 3)")
    assert (out.count("trapped"), said) == (2, "")


def test_a_shell_that_ends_at_a_failure_does_not_end_at_a_prompt(shell: Shell) -> None:
    changed = shell.later(key("GROQ_API_KEY", "fake-2"))
    steps = ["set -e", "! true", "if false; then :; fi", "[[ a == b ]] || ! true", shell.swap(changed), "! true", TOLD]
    out, said = at_prompts(shell, *steps)
    assert (out, said) == ("<fake-2><unset>", "")


def test_the_last_status_is_seen_by_what_comes_after_the_hook(tmp_path: Path) -> None:
    bash = Shell("bash", tmp_path)
    bash.keys(*KEYS)
    steps = ["PROMPT_COMMAND+=$'\\nprintf \"<%s>\" $?'", "(exit 7)", "true", bash.swap(bash.later()), "(exit 5)"]
    out, said = at_prompts(bash, *steps)
    assert (out, said) == ("<0><7><0><0><5>", "")


READONLY = [
    ("_AMIKA_API_KEYS=x", ""), ("_AMIKA_API_KEYS", "later"), ("GROQ_API_KEY=mine", ""), ("GROQ_API_KEY", "later"),
    ("XAI_API_KEY", "later"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "when"), READONLY)
def test_readonly_variables_are_left_as_they_are(shell: Shell, what: str, when: str) -> None:
    changed = shell.later(key("GROQ_API_KEY", "fake-2"))
    first, rc = (f"readonly {what}", "") if when else ("", f"readonly {what}")
    out, said = at_prompts(shell, first, shell.swap(changed), "", TOLD, "", rc=rc)
    assert said == ""
    name, _, value = what.partition("=")
    if name != "_AMIKA_API_KEYS":
        kept = value or {"GROQ_API_KEY": "fake-1", "XAI_API_KEY": "fake-x"}[name]
        assert f"<{kept}>" in out
    if name == "XAI_API_KEY":
        assert "<fake-2>" in out  # the other one follows


@pytest.mark.parametrize("how", ["PROMPT_COMMAND=':'", "PROMPT_COMMAND", "-a PROMPT_COMMAND=(:)"])
def test_a_prompt_command_that_is_readonly(tmp_path: Path, how: str) -> None:
    bash = Shell("bash", tmp_path)
    bash.keys(*KEYS)
    out, said = at_prompts(bash, TOLD, rc=f"readonly {how}")
    assert out == "<fake-1><fake-x>"
    assert said == "bash: PROMPT_COMMAND: readonly variable"  # once, by bash itself


def test_a_prompt_command_that_is_an_array(tmp_path: Path) -> None:
    bash = Shell("bash", tmp_path)
    for array in ("()", "(: :)", "([3]=:)"):
        bash.keys(*KEYS)
        changed = bash.later(key("GROQ_API_KEY", "fake-2"))
        out, said = at_prompts(bash, TOLD, bash.swap(changed), TOLD, rc=f"PROMPT_COMMAND={array}")
        assert (out, said) == ("<fake-1><fake-x><fake-2><unset>", "")


def test_a_restricted_shell_keeps_what_it_was_given(shell: Shell) -> None:
    (shell.folder / "home").mkdir()
    change = shell.folder / "home/change"  # such a shell starts nothing that is named by its path
    change.write_text(f"#!/bin/sh\n{shell.swap(shell.later(key('GROQ_API_KEY', 'fake-2')))}\n")
    change.chmod(0o700)
    out, said = at_prompts(shell, TOLD, "change", "", TOLD, option="-ir")
    assert (out, said) == ("<fake-1><fake-x>" * 2, "")


def test_an_alias_of_return_lets_nothing_be_overwritten(shell: Shell) -> None:
    shell.keys(key("GROQ_API_KEY", "fake-1"), key("XAI_API_KEY", "fake-x"))
    setting = "shopt -s expand_aliases" if shell.name == "bash" else "setopt aliases"
    steps = [setting, "alias return=false", "GROQ_API_KEY=mine", shell.source(), shell.shown("GROQ_API_KEY")]
    assert shell.run(*steps) == ["mine"]
