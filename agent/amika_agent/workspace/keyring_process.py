"""The process that talks to the OS keyring, and the call that starts it and ends it after three seconds.

A locked keyring on a desktop waits for its window without limit, so no keyring call ever runs in the server itself.
The process reads one JSON object from stdin and writes one to stdout; the key travels nowhere else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from amika_agent.workspace.child_process import module_command

LIMIT = 3.0

# by name: "null" forgets what it is given, "fail" and "chainer" are no stores, others may ask on stdin
_BACKENDS = {
    "linux": (("keyring.backends.SecretService", "Keyring"), ("keyring.backends.kwallet", "DBusKeyring")),
    "darwin": (("keyring.backends.macOS", "Keyring"),),
    "win32": (("keyring.backends.Windows", "WinVaultKeyring"),),
}


class KeyringUnavailableError(Exception):
    """The keyring gave no answer that can be used; the text says why, for the person."""


def get(service: str, account: str) -> str | None:
    """Return what the keyring holds under this name, or None.

    Raises:
        KeyringUnavailableError: none here, locked, or no answer within three seconds.

    """
    return _ask({"do": "get", "service": service, "account": account})


def put(service: str, account: str, value: str) -> None:
    """Store `value` under this name and read it back.

    Raises:
        KeyringUnavailableError: as for `get`, or it did not keep the value.

    """
    kept = _ask({"do": "put", "service": service, "account": account, "value": value})
    if kept != value:
        raise KeyringUnavailableError("the keyring does not keep what it is given")


def _ask(question: dict[str, str]) -> str | None:
    if not _worth_asking():
        raise KeyringUnavailableError("there is no keyring in this session")
    try:
        done = subprocess.run(  # noqa: S603 -- our own module, the question goes through stdin
            module_command(__name__),
            input=json.dumps(question),
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
            start_new_session=True,
            cwd="/",
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise KeyringUnavailableError("the keyring did not answer within 3 seconds; it may be locked") from None
    except (OSError, ValueError):
        raise KeyringUnavailableError("the keyring could not be asked") from None
    if not isinstance(answer, dict) or answer.get("problem") or not isinstance(answer.get("value"), str | None):
        raise KeyringUnavailableError(str(answer.get("problem") if isinstance(answer, dict) else "no usable answer"))
    value: str | None = answer.get("value")
    return value


def _worth_asking() -> bool:
    """Tell whether a keyring can exist at all: on Linux both live on the session bus."""
    if os.environ.get("PYTHON_KEYRING_BACKEND", "").rpartition(".")[0] in (
        "keyring.backends.fail",
        "keyring.backends.null",
    ):
        return False
    return sys.platform != "linux" or bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS"))


def _backend() -> Any:  # noqa: ANN401 -- keyring itself is untyped here; imported in this process only
    from importlib import import_module

    best: tuple[float, Any] = (0.0, None)
    for module, name in _BACKENDS.get(sys.platform, ()):
        try:
            backend = getattr(import_module(module), name)
            if backend.viable and backend.priority > best[0]:
                best = (backend.priority, backend())
        except Exception:  # noqa: BLE001, S112 -- a backend that cannot be loaded is no backend
            continue
    return best[1]


def answer(question: dict[str, str]) -> dict[str, str | None]:
    """Do what the question asks; return {"value": …} or {"problem": …}."""
    from keyring.errors import InitError, KeyringError, KeyringLocked

    backend = _backend()
    if backend is None:
        return {"problem": "there is no keyring in this session"}
    name = (question["service"], question["account"])
    try:
        if question["do"] == "put":
            backend.set_password(*name, question["value"])
        value: str | None = backend.get_password(*name)
    except KeyringLocked:
        return {"problem": "the keyring is locked"}
    except InitError:
        return {"problem": "the keyring has no collection yet"}
    except (KeyringError, OSError) as error:
        return {"problem": f"the keyring failed ({type(error).__name__})"}
    return {"value": value}


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
