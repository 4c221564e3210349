"""Shells started from shells, in any order, with changes between them."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from tests.agent.shell.hooked import SHELLS, Shell, key

FIRST = [key("A_API_KEY", "fake-a"), key("B_API_KEY", "it's\nb"), key("C_API_KEY", "fake-c")]
SECOND = [key("A_API_KEY", "fake-a2"), key("B_API_KEY", "it's\nb"), key("D_API_KEY", "fake-d")]


def exported(shell: Shell, *steps: str, env: dict[str, str]) -> dict[str, str]:
    told = shell.run_bytes(*steps, "env -0", env=env).decode()
    return dict(one.partition("=")[::2] for one in told.split("\0") if "_API_KEY" in one)


def keys_in(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name != "_AMIKA_API_KEYS"}


@pytest.mark.parametrize("order", [order for n in (2, 3) for order in permutations(SHELLS, n)])
def test_each_follows_what_it_inherited(order: tuple[str, ...], tmp_path: Path) -> None:
    shells = [Shell(name, tmp_path) for name in order]
    for shell in shells:
        shell.keys(*FIRST)
    outer = exported(shells[0], shells[0].source(), env={"C_API_KEY": "mine"})
    assert keys_in(outer) == {"A_API_KEY": "fake-a", "B_API_KEY": "it's\nb", "C_API_KEY": "mine"}
    same = exported(shells[1], shells[1].source(), shells[1].prompt(), env=outer)
    assert same == outer
    for shell in shells:
        shell.keys(*SECOND)
    inner = exported(shells[1], shells[1].source(), env=outer)
    wanted = {"A_API_KEY": "fake-a2", "B_API_KEY": "it's\nb", "C_API_KEY": "mine", "D_API_KEY": "fake-d"}
    assert keys_in(inner) == wanted
    inmost = exported(shells[-1], shells[-1].source(), shells[-1].unset("A_API_KEY"), shells[-1].prompt(), env=inner)
    assert keys_in(inmost) == {name: value for name, value in wanted.items() if name != "A_API_KEY"}
    for shell in shells:
        shell.keys()
    last = exported(shells[0], shells[0].source(), env=inmost)
    assert keys_in(last) == {"C_API_KEY": "mine"}


@pytest.mark.parametrize("name", SHELLS)
def test_an_open_shell_follows_again_after_the_hook_was_removed_and_installed(name: str, tmp_path: Path) -> None:
    shell = Shell(name, tmp_path)
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    again = shell.later(key("GROQ_API_KEY", "fake-1"))
    show, remove = shell.shown("GROQ_API_KEY"), f"command rm {shell.where.env(name)}"
    steps = [shell.source(), remove, shell.prompt(), show, shell.prompt(), shell.swap(again), shell.prompt(), show]
    assert shell.run(*steps) == ["unset", "fake-1"]


@pytest.mark.parametrize("name", SHELLS)
def test_what_an_agent_of_version_4_writes_is_followed_and_still_ours_afterwards(name: str, tmp_path: Path) -> None:
    # somebody went back to an older build, and on again
    shell = Shell(name, tmp_path)
    shell.keys(key("GROQ_API_KEY", "fake-1"), key("XAI_API_KEY", "fake-x"))
    first = "# amika 0123456789abcdef 0"
    if name == "fish":
        text = f"{first}\x1fGROQ_API_KEY=fake-2\x1fXAI_API_KEY=fake-x\x1f\x1efake-2\x1efake-x\n"
    else:
        text = f"{first}\n\nGROQ_API_KEY='fake-2' XAI_API_KEY='fake-x'\n_AMIKA_API_KEYS=x\n"
    older = tmp_path / "older"
    older.write_text(text)
    again = shell.later(key("GROQ_API_KEY", "fake-3"))
    show = [shell.shown("GROQ_API_KEY"), shell.shown("XAI_API_KEY")]
    steps = [shell.source(), shell.swap(older), shell.prompt(), shell.prompt(), *show]
    told = shell.run(*steps, shell.swap(again), shell.prompt(), *show)
    assert told == ["fake-2", "fake-x", "fake-3", "unset"]


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize("first", ["# mine", "", "#!/bin/sh"])
def test_keys_in_a_file_that_is_none_of_ours_are_not_set(name: str, first: str, tmp_path: Path) -> None:
    shell = Shell(name, tmp_path)
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    other = tmp_path / "other"
    other.write_text(f"{first}\nGROQ_API_KEY='fake-2' XAI_API_KEY='fake-x'\n_AMIKA_API_KEYS=x\n")
    show = [shell.shown("GROQ_API_KEY"), shell.shown("XAI_API_KEY")]
    assert shell.run(shell.source(), shell.swap(other), shell.prompt(), *show) == ["unset", "unset"]


DAMAGED = {
    "empty": "", "one word": "x", "separators": "\x1f" * 60_000, "large": "x" * 60_000,
    "many": "#0\x1f0\x1f" + "".join(f"K{n}=v{n}\x1f" for n in range(4000)), "a path": "#/../../../../..\x1f0\x1f",
    "patterns": "#*\x1f*\x1fGROQ_API_KEY=*\x1fX*=*\x1f", "a name that is a command": "#0\x1f0\x1fX;touch pwned=1\x1f",
    "commands": "#$(touch pwned)`touch pwned`\x1fa[$(touch pwned)]\x1fa[$(touch pwned)]=1\x1f",
    "lines": "#a\nb\x1f0\x1fGROQ_API_KEY=a\nb\x1f", "no text": "#\udcff\x1f0\x1fGROQ_API_KEY=\udcff\x1f",
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("name", SHELLS)
def test_a_record_that_somebody_damaged_changes_nothing_of_theirs(name: str, damage: str, tmp_path: Path) -> None:
    shell = Shell(name, tmp_path)
    shell.keys(key("GROQ_API_KEY", "fake-1"))
    changed = shell.later(key("GROQ_API_KEY", "fake-2"), key("XAI_API_KEY", "fake-x"))
    show = [shell.shown("GROQ_API_KEY"), shell.shown("XAI_API_KEY")]
    inherited = {"_AMIKA_API_KEYS": DAMAGED[damage], "XAI_API_KEY": "mine"}
    steps = [shell.source(), shell.prompt(), *show, shell.swap(changed), shell.prompt(), *show]
    assert shell.run(*steps, env=inherited) == ["fake-1", "mine", "fake-2", "mine"]
