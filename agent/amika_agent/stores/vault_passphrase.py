"""The passphrase of the vault from the file that AMIKA_VAULT_PASSPHRASE_FILE names: for machines without a keyring."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping

from amika_local.errors import UsageError
from amika_local.secret import Secret

VARIABLE = "AMIKA_VAULT_PASSPHRASE_FILE"
MAX_BYTES = 4096


def from_file(env: Mapping[str, str], warn: Callable[[str], None]) -> Secret | None:
    """Return the passphrase, without the line break at its end, or None when the variable is not set.

    Args:
        env: where the variable is.
        warn: told when others can read the file.

    Raises:
        UsageError: the file cannot be used; it is named, never quoted.

    """
    path = env.get(VARIABLE, "")
    if not path:
        return None
    try:
        with open(path, "rb") as file:  # a pipe is welcome: a password manager may write it
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{VARIABLE} names {path}, which cannot be read: {os.strerror(error.errno or 0)}",
            remedy="Create it with the passphrase in it and chmod 600, or unset the variable.",
        ) from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path} is longer than {MAX_BYTES} bytes", remedy="It should hold the passphrase alone.")
    words = data.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
    if not words:
        raise UsageError(f"{path} is empty", remedy="Put the passphrase of the vault into it.")
    if stat.S_ISREG(mode) and mode & 0o077:
        warn(f"warning: {path} holds the vault's passphrase and others can read it: chmod 600 {path}")
    return Secret(words)
