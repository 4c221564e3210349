"""Where the running agent is: read from `agent.json` alone, in a moment, without connecting.

The blocking `amika_shared.client.reach` answers the same question for commands; a GUI may not wait for its hello.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from amika_shared.client import boot_id, read_record
from amika_shared.profile import Profile


@dataclass(frozen=True)
class Place:
    """Where to connect.

    socket  path of the agent's socket, or "" when there is none to connect to
    code    "" with a socket; else "absent" (no record: nobody started it, or it was stopped),
            "dead" (a record that nobody stands behind), "elsewhere" (it runs on another machine)
    """

    socket: str = ""
    code: str = ""


def locate(profile: Profile) -> Place:
    """Return where the agent of `profile` says it is."""
    record = read_record(profile.agent_record)
    if record is None:
        return Place(code="dead" if os.path.lexists(profile.agent_record) else "absent")
    host, path = record.get("host"), record.get("socket")
    if not isinstance(host, str) or not isinstance(path, str) or not os.path.isabs(path):
        return Place(code="dead")
    if host != os.uname().nodename:
        return Place(code="elsewhere")
    if record.get("boot_id") != boot_id():
        return Place(code="dead")
    return Place(socket=path)
