"""A real shell with the hook installed, for the tests of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from amika_agent.shell import env_file, hook, rc_file
from amika_agent.shell.folder import SHELLS as EVERY
from amika_agent.shell.folder import folder as hooks
from amika_local.credential import API_KEY, Credential
from amika_local.secret import Secret

SHELLS = [shell for shell in EVERY if shutil.which(shell)]


def key(name: str, value: str, ends: float | None = None) -> env_file.Choice:
    credential = Credential(name.lower(), API_KEY, Secret(value), "opencode", "/x", 200, expires_at=ends)
    return env_file.Choice(name, credential, exported=True, reason="")


SWAP = """
import os
from amika_agent.shell import mark
from amika_agent.shell.folder import Folder
where = {where!r}
mark.clear(where, {shell!r})
os.replace({later!r}, where.env({shell!r}))
mark.renew(where, {shell!r})
"""


class Shell:
    """A shell with the hook installed; `run` executes steps, with a prompt wherever a step is `PROMPT`."""

    PROMPT = object()

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.where = hooks(str(folder))
        hook.install(self.where, name)

    def keys(self, *choices: env_file.Choice) -> None:
        assert env_file.update(str(self.folder), choices) == []

    def source(self) -> str:
        return rc_file.line(self.name, self.where)

    def prompt(self) -> str:
        return "emit fish_prompt" if self.name == "fish" else "__amika_prompt"

    def shown(self, name: str) -> str:
        if self.name == "fish":
            return f"if set -q {name}; printf '<%s>' ${name}; else; printf '<unset>'; end"
        return f'printf "<%s>" "${{{name}-unset}}"'

    def put(self, name: str, value: str) -> str:
        return f"set -gx {name} {value}" if self.name == "fish" else f"export {name}={value}"

    def unset(self, name: str) -> str:
        return f"set -e {name}" if self.name == "fish" else f"unset {name}"

    def swap(self, path: Path, folder: Path | None = None) -> str:
        """Return the step that puts what `later` made into place, as `env_file.update` does."""
        script = (folder or self.folder) / f"swap-{path.name}.py"
        script.write_text(SWAP.format(where=self.where, shell=self.name, later=str(path)))
        return f"command {sys.executable} -I {script}"

    def later(self, *choices: env_file.Choice) -> Path:
        path = self.folder / f"later-{os.urandom(4).hex()}"
        path.write_text(env_file.render(choices, self.name, self.where), encoding="utf-8")
        return path

    def run(self, *steps: str, env: dict[str, str] | None = None) -> list[str]:
        return self.run_bytes(*steps, env=env).decode().removeprefix("<").removesuffix(">").split("><")

    def run_bytes(self, *steps: str, env: dict[str, str] | None = None) -> bytes:
        quiet = {"bash": ["bash", "--norc", "-c"], "zsh": ["zsh", "-f", "-c"], "fish": ["fish", "--no-config", "-c"]}
        base = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
        done = subprocess.run(
            [*quiet[self.name], "\n".join(steps)],
            env={**base, **(env or {})}, cwd=self.folder, capture_output=True, timeout=30, check=False,
        )  # fmt: skip
        assert done.stderr == b"", done.stderr
        assert not (self.folder / "pwned").exists()
        return done.stdout
