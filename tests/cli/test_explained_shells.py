"""What `amika shell-init --explain` says is what a new shell has, and what an open one keeps."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import FUTURE_MS, write

SHELLS = ("bash", "zsh", "fish")
PROVIDERS = ["groq", "anthropic", "openai", "xai", "we-ird", "302ai", "a b", "z/ai", "claude", "codex", "GROQ", "x;y"]
VALUES = [
    "fake-1",
    "sk-ant-fake-2",
    "sk-ant-oat01-fake-3",
    "it's $(id)\\",
    "two\nlines",
    "\x1f",
    "é",
    "x" * 40_000,
    " ",
]


def environment(shell: str, home: Path, extra: dict[str, str]) -> dict[str, str]:
    """Return the exported variables of a new interactive shell."""
    done = subprocess.run(
        [shell, "-i", "-c", "env -0"],
        env={**os.environ, **extra},
        cwd=home,
        capture_output=True,
        timeout=30,
        check=True,
        start_new_session=True,  # the terminal of this run is not its own
    )
    return dict(one.partition("=")[::2] for one in done.stdout.decode().split("\0") if "=" in one)


@pytest.mark.parametrize("seed", range(9))
def test_a_new_shell_has_what_is_explained(amika, home, claude, seed):
    chance = random.Random(seed)
    shell = SHELLS[seed % 3]
    keys = {name: chance.choice(VALUES) for name in chance.sample(PROVIDERS, chance.randrange(1, 9))}
    write(
        home / ".local/share/opencode/auth.json", {name: {"type": "api", "key": value} for name, value in keys.items()}
    )
    write(home / ".codex/auth.json", {"OPENAI_API_KEY": chance.choice(VALUES)})
    if chance.random() < 0.5:
        claude(token="sk-ant-oat01-fake-login", expires_ms=FUTURE_MS)
    if chance.random() < 0.5:
        amika("config", "set", "shell.allow", "ANTHROPIC_API_KEY")
    own = {name: "mine" for name in ("GROQ_API_KEY", "XAI_API_KEY", "ANTHROPIC_API_KEY") if chance.random() < 0.3}
    assert amika("shell-init", shell, "--install", "--yes").code == 0
    told = amika("shell-init", shell, "--explain", "-o", "json", env=own)
    assert told.err == ""
    exported = {v["name"] for v in told.json["variables"] if v["exported"]}
    found = environment(shell, home, own)
    ours = {one.partition("=")[0] for one in found.get("_AMIKA_API_KEYS", "").split("\x1f")[2:] if one}
    assert ours == exported
    assert {name for name in found if name.endswith("_API_KEY")} == exported | set(own)
    assert not any("sk-ant-oat01" in value for value in found.values())
    assert all(found[name] in VALUES and not found[name].startswith("sk-ant-oat") for name in exported)


@pytest.mark.parametrize("shell", SHELLS)
def test_what_this_shell_does_differently_is_explained(amika, home, shell):
    write(home / ".local/share/opencode/auth.json", {"groq": {"type": "api", "key": "fake-1"}})

    def explained(**env: str) -> tuple[bool, str, str]:
        told = amika("shell-init", shell, "--explain", "-o", "json", env=env)
        (variable,) = told.json["variables"]
        return variable["exported"], variable["reason"], told.err

    exported, reason, said = explained()
    assert (exported, reason) == (True, "from opencode")
    assert "no hook is installed" in said
    assert amika("shell-init", shell, "--install", "--yes").code == 0
    ours = environment(shell, home, {})
    given = {name: ours[name] for name in ("GROQ_API_KEY", "_AMIKA_API_KEYS")}
    assert explained(**given) == (True, "from opencode", "")
    exported, reason, _ = explained(**{**given, "GROQ_API_KEY": "mine"})
    assert (exported, "your value stays" in reason) == (False, True)
    exported, reason, _ = explained(_AMIKA_API_KEYS=given["_AMIKA_API_KEYS"])
    assert (exported, "until it changes" in reason) == (False, True)

    write(home / ".local/share/opencode/auth.json", {"groq": {"type": "api", "key": "fake-2"}})
    exported, _, said = explained(**given)
    assert exported
    assert "what was exported before" in said
