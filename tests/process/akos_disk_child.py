"""AKOS on a disk that fills up while its server answers: run in a mount namespace.

`python -m tests.process.akos_disk_child FOLDER`; prints one JSON object.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

from tests.fakes.scripted_server import Said, scripted_server

from amika_agent.accounts.akos_endpoints import akos_place
from amika_agent.accounts.akos_session import AkosKeeper
from amika_agent.clock import SystemClock
from amika_agent.http.client import Http
from amika_local.errors import AmikaError


def main(folder: str) -> dict[str, object]:
    """Renew twice, the second time with no room left from the start."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder], check=True, capture_output=True)
    valid = ["fake-refresh-1"]

    def rotate(form: dict[str, str]) -> Said:
        """Fill the disk to the last block; a token that was spent is spent."""
        with contextlib.suppress(OSError), (Path(folder) / "ballast").open("ab", buffering=0) as ballast:
            while True:
                ballast.write(b"x" * 512)
        if form["refresh_token"] != valid[-1]:
            return 400, {"error": "invalid_grant"}
        valid.append(f"fake-refresh-{len(valid) + 1}")
        return 200, {"access_token": "fake-access-" + "x" * 6000, "refresh_token": valid[-1], "expires_in": 1}

    with scripted_server() as server, Http() as http:
        server.say["/token"] = rotate
        keeper = AkosKeeper(folder, http, SystemClock())
        before = {"api_url": server.url, "token_url": f"{server.url}/token", "client_id": "akos-cli"}
        tokens = {"access_token": "fake-access", "refresh_token": "fake-refresh-1", "expires_at": 1.0}
        Path(keeper.path).write_text(json.dumps(before | tokens))
        place = akos_place({"AKOS_API_URL": server.url}, {})
        said = []
        for mend in (False, False, True):
            if mend:
                (Path(folder) / "ballast").unlink()
            try:
                keeper.fresh(place, force=True)
                said.append("")
            except AmikaError as error:
                said.append(error.message)
        names = sorted(path.name for path in Path(folder).iterdir())
        session = keeper.stored()
        same = session is not None and session.refresh_token.reveal() == valid[-1]
        return {"said": said, "sent": server.count("/token"), "same": same, "names": names}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
