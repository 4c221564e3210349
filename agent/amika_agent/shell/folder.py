"""Where the files of the shell hook are."""

from __future__ import annotations

import os
from dataclasses import dataclass

SHELLS = ("bash", "zsh", "fish")


@dataclass(frozen=True)
class Folder:
    """The files of one profile: for each shell an env file, which new shells read, and a hook, which open ones do."""

    path: str

    def env(self, shell: str) -> str:
        """Return the env file of a shell; it exists where the hook is installed."""
        return os.path.join(self.path, f"env.{shell}")

    def hook(self, shell: str) -> str:
        """Return what an open shell reads when a key changes."""
        return os.path.join(self.path, f"hook.{shell}")

    def installed(self) -> list[str]:
        """Return the shells that have a hook."""
        return [shell for shell in SHELLS if os.path.lexists(self.env(shell))]


def folder(data_dir: str) -> Folder:
    """Return the hook folder of a profile's data directory."""
    return Folder(os.path.join(data_dir, "shell"))
