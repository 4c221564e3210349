"""A session in a real Secret Service: run under `dbus-run-session`, with a keyring daemon of its own.

`python -m tests.process.keyring_child STATE URL` prints one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.fakes.workos_model import WorkosModel

from amika_agent.clock import SystemClock
from amika_agent.endpoints import resolve_endpoints
from amika_agent.http.client import Http
from amika_agent.session.keeper import SessionKeeper
from amika_agent.stores.keyring_process import KeyringProblem
from amika_local.errors import AmikaError

COLLECTION = "/org/freedesktop/secrets/collection/login"


def unlock() -> None:
    command = ["gnome-keyring-daemon", "--unlock", "--components=secrets"]
    subprocess.run(command, input=b"fake-password", check=True, capture_output=True)


def lock() -> None:
    command = "dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets"
    order = f"org.freedesktop.Secret.Service.Lock array:objpath:{COLLECTION}"
    subprocess.run(f"{command} {order}".split(), check=True, capture_output=True)


def main() -> int:
    state, url = sys.argv[1:3]
    os.environ.pop("PYTHON_KEYRING_BACKEND", None)
    unlock()
    found: dict[str, object] = {}
    with Http() as http:

        def keeper() -> SessionKeeper:
            return SessionKeeper(
                state, resolve_endpoints({}, local_url=url), http, SystemClock(), role="cli", store="keychain"
            )

        accepted = keeper().accept(WorkosModel().open_session())
        found["kept"] = keeper().bearer() == accepted.access_token
        keeper().accept(WorkosModel().open_session())
        found["replaced"] = keeper().bearer() != accepted.access_token
        found["files"] = sorted(os.listdir(state))
        lock()
        try:
            keeper().bearer()
        except KeyringProblem as error:
            found["locked"] = error.kind
        found["signed_out"] = keeper().sign_out(deadline=1.0).signed_in
        try:
            keeper().bearer()
        except AmikaError as error:
            found["after"] = error.exit_code
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
