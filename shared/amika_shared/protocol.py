"""The wire between the agent and its clients: one JSON object a line over a Unix socket.

First frame both ways:  {"v":1,"hello":{"proto":[1,1],"build":"…","features":[…],"paths":{…},"started":epoch s}}
Request:                {"v":1,"op":"watch","args":{…}}
Answer:                 {"v":1,"item":{…}} …, then {"v":1,"end":{…}} or {"v":1,"error":{"code","message","remedy"}}
Heartbeat in a stream:  {"v":1,"beat":epoch s}

One request at a time per connection; closing the connection cancels what it asked for.
Additive only within a major version; unknown fields are ignored.

op                   args                        items                         end
status                                                                         the snapshot
watch                                            snapshots, the first at once  (never, until the agent stops: {})
sign_in              organization?: id or name   {"event": …}, see below       {"email","organization_id"}
choose_organization  id                                                        {}
sign_out                                                                       {"was_signed_in","revoked","detail",…}
sync                 dry_run?, wait?             (wait: false = only a nudge)  {"actions": […], "offline": bool}
secret_put           key, value, scope?                                        {"key","scope","source"}
secret_list          scope?                                                    {"secrets": [{"key","scope",…}]}
remote               what, args, value?,         (one call of the secrets      {"result"} or {"error": {"kind",…}}
                     api_url                     API; a value only goes in)
connections                                                                    {"connections": [{"name",…}]}
pause                seconds? (null: until resumed),                           {"until","rule"}
                     rule? (id: this one only)
resume               rule?                                                     {"was_paused","rule"}
configure            key, value: not where secrets go                          {"key"}
settings                                                                       {"values": {key: value}}
activity             since?, limit?                                            {"events": [{"at","what",…}]}
copy_env             shell? posix or fish        (the tray's, or allowed)      {"text","names","withheld"}
stop                                                                           {}: the agent ends

Events of a sign-in:
{"event":"code","user_code","verification_uri","verification_uri_complete","expires_at","interval"},
{"event":"waiting","message"}, {"event":"choose_organization","organizations":[{"id","name"}]},
{"event":"done","email","organization_id"}. A second caller joins the sign-in that is under way.
Nothing that a client sends is obeyed as an address or a path. Secrets cross in three places only: in the value of
`secret_put` and of `remote`, as text with surrogate escapes for bytes that are none, and in the text of `copy_env`,
which only the installation's own tray is given, or a program when the setting vault.reveal_without_terminal allows it;
the activity log names both who got it and who was refused.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False  # `typing` costs 15 ms where a command starts
if TYPE_CHECKING:
    from typing import Any

    Frame = dict[str, Any]
else:
    Frame = dict

VERSION = 1
PROTO = (1, 1)
MAX_FRAME = 1 << 20


class ProtocolError(Exception):
    """A frame that cannot be understood; the text says why and holds nothing of the frame."""


def encode(frame: Frame) -> bytes:
    """Return the frame as one line."""
    return json.dumps({"v": VERSION, **frame}, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def decode(line: bytes) -> Frame:
    """Return the frame of one line.

    Raises:
        ProtocolError: not UTF-8, not JSON, not an object, too long, or of another major version.

    """
    if len(line) > MAX_FRAME:
        raise ProtocolError("frame longer than 1 MiB")
    try:
        frame = json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError("frame is not JSON") from None
    if not isinstance(frame, dict):
        raise ProtocolError("frame is not an object")
    if frame.get("v") != VERSION:
        raise ProtocolError("frame has another protocol version")
    return frame


def overlap(theirs: object) -> bool:
    """Tell whether a peer's `proto` range shares a version with ours."""
    match theirs:
        case [int(low), int(high), *_]:
            return low <= PROTO[1] and high >= PROTO[0]
    return False
