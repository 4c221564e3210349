"""The OS keyring, asked in a process of its own that is ended after three seconds.

A locked keyring on a desktop waits for its window without limit, and a keyring library can hang in many other ways, so
no keyring call ever runs in a process that anybody waits for. The helper reads one JSON object from stdin and writes
one to stdout; values travel nowhere else.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import Any

from amika_agent.module_process import module_command
from amika_local.errors import Failed
from amika_local.secret import Secret

LIMIT = 3.0

# by name: "null" forgets what it is given, "fail" and "chainer" are no stores, others may ask on stdin
_BACKENDS = {
    "linux": (("keyring.backends.SecretService", "Keyring"), ("keyring.backends.kwallet", "DBusKeyring")),
    "darwin": (("keyring.backends.macOS", "Keyring"),),
    "win32": (("keyring.backends.Windows", "WinVaultKeyring"),),
}
_REFUSED = ("keyring.backends.fail", "keyring.backends.null", "keyring.backends.chainer")
_MESSAGES = {
    "locked": ("the keyring is locked", "Unlock it (sign in to your desktop, or open its password manager)."),
    "absent": ("there is no keyring in this session", 'Set session_store = "file", or start a keyring.'),
    "slow": (
        "the keyring did not answer within 3 seconds",
        "It may be waiting for its password in a window. Unlock it and try again.",
    ),
    "failed": ("the keyring failed", 'Try again, or set session_store = "file".'),
    "forgetful": ("the keyring does not keep what it is given", 'Set session_store = "file".'),
}


class KeyringProblem(Failed):
    """The keyring cannot be used; `kind` is "locked", "absent", "slow", "failed" or "forgetful"."""

    code = "keyring"

    def __init__(self, kind: str) -> None:
        message, remedy = _MESSAGES[kind]
        super().__init__(message, remedy=remedy)
        self.kind = kind


def get(service: str, account: str) -> Secret | None:
    """Return what the keyring holds under this name, or None.

    Raises:
        KeyringProblem: it cannot be used.

    """
    value = _ask({"do": "get", "service": service, "account": account})
    return None if value is None else Secret(value)


def put(service: str, account: str, value: Secret) -> None:
    """Store a value under this name and read it back.

    Raises:
        KeyringProblem: it cannot be used, or did not keep the value.

    """
    if _ask({"do": "put", "service": service, "account": account, "value": value.reveal()}) != value.reveal():
        raise KeyringProblem("forgetful")


def delete(service: str, account: str) -> None:
    """Delete what is under this name; nothing there is fine.

    Raises:
        KeyringProblem: it cannot be used.

    """
    _ask({"do": "delete", "service": service, "account": account})


def _ask(question: dict[str, str]) -> str | None:
    if not _worth_asking():
        raise KeyringProblem("absent")
    try:
        child = subprocess.Popen(  # noqa: S603 -- our own module; the question goes through stdin
            # a backend that was chosen by name may lie where PYTHONPATH says
            module_command(__name__, python_path=bool(_chosen())),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            cwd="/",
        )
    except OSError:
        raise KeyringProblem("failed") from None
    with child:
        try:
            text, _ = child.communicate(json.dumps(question), timeout=LIMIT)
        except subprocess.TimeoutExpired:
            _end(child)
            raise KeyringProblem("slow") from None
    return _value(text)


def _value(text: str) -> str | None:
    try:
        answer = json.loads(text)
    except ValueError:
        raise KeyringProblem("failed") from None
    problem = answer.get("problem") if isinstance(answer, dict) else "failed"
    value = answer.get("value") if isinstance(answer, dict) else None
    if problem or not isinstance(value, str | None):
        raise KeyringProblem(problem if problem in _MESSAGES else "failed")
    return value


def _end(child: subprocess.Popen[str]) -> None:
    # with whatever it may have started: it leads its own process group
    with contextlib.suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.communicate()


def _chosen() -> str:
    return os.environ.get("PYTHON_KEYRING_BACKEND", "")


def _worth_asking() -> bool:
    """Tell whether a keyring can exist at all: on Linux both live on the session bus."""
    if _chosen():
        return not _chosen().startswith(_REFUSED)
    return sys.platform != "linux" or bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS"))


# what follows runs in the helper only


def _backend() -> Any:  # noqa: ANN401 -- keyring itself is untyped here
    from importlib import import_module

    if _chosen():
        module, _, name = _chosen().rpartition(".")
        return getattr(import_module(module), name)()
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
    """Do what the question asks; return {"value": …} or {"problem": kind}."""
    from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError, PasswordDeleteError

    backend = _backend()
    if backend is None:
        return {"problem": "absent"}
    name = (question["service"], question["account"])
    try:
        if question["do"] == "put":
            backend.set_password(*name, question["value"])
        if question["do"] == "delete":
            with contextlib.suppress(PasswordDeleteError):
                backend.delete_password(*name)
            return {"value": None}
        value: str | None = backend.get_password(*name)
    except (KeyringLocked, InitError):
        return {"problem": "locked"}
    except NoKeyringError:
        return {"problem": "absent"}
    except (KeyringError, OSError):
        return {"problem": "failed"}
    return {"value": value}


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
