"""D-Bus messages as bytes: just what a call to the notification service and its signals need. Pure.

QtDBus cannot be used for it: from Python it sends no unsigned 32-bit number, and `Notify` asks for one.
Types: y u i s o g b v, arrays, dictionary entries and structures. A value is a Python one; a variant is (type, value).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, REPLY_SERIAL, DESTINATION, SIGNATURE = 1, 2, 3, 5, 6, 8
_SIZES = {"y": 1, "u": 4, "i": 4, "b": 4, "s": 4, "o": 4, "g": 1, "v": 1, "a": 4, "(": 8, "{": 8, "n": 2, "q": 2}
_SIZES |= {"x": 8, "t": 8, "d": 8, "h": 4}
_FIXED = {"y": "B", "u": "I", "i": "i", "b": "I", "n": "h", "q": "H", "x": "q", "t": "Q", "d": "d", "h": "I"}
_FIELDS = {PATH: "o", INTERFACE: "s", MEMBER: "s", REPLY_SERIAL: "u", DESTINATION: "s", SIGNATURE: "g"}
MAX_MESSAGE = 1 << 20
HEAD = 16


class WireError(Exception):
    """Bytes that are no message of ours to understand."""


@dataclass(frozen=True)
class Message:
    """One message. fields: header fields by number; body: its arguments."""

    kind: int
    serial: int
    fields: dict[int, Any]
    body: list[Any] = field(default_factory=list)


def encode(message: Message, signature: str = "") -> bytes:
    """Return the message as bytes; `signature` names the types of its body."""
    body = _Writer()
    for kind, value in zip(split(signature), message.body, strict=True):
        body.put(kind, value)
    fields = {**message.fields, **({SIGNATURE: signature} if signature else {})}
    head = _Writer()
    head.data += struct.pack("<cBBBII", b"l", message.kind, 0, 1, len(body.data), message.serial)
    head.put("a(yv)", [(number, (_FIELDS[number], value)) for number, value in fields.items()])
    head.pad(8)
    return bytes(head.data + body.data)


def take(data: bytes) -> tuple[Message | None, bytes]:
    """Return the first message of `data` and the rest; None while it is not complete.

    Raises:
        WireError: what comes is no message.

    """
    if len(data) < HEAD:
        return None, data
    order = {ord("l"): "<", ord("B"): ">"}.get(data[0])
    if order is None:
        raise WireError("unknown byte order")
    kind, _, _, body_size, serial, fields_size = struct.unpack_from(f"{order}BBBIII", data, 1)
    start = HEAD + fields_size + (-(HEAD + fields_size) % 8)
    if start + body_size > MAX_MESSAGE:
        raise WireError("message too large")
    if len(data) < start + body_size:
        return None, data
    try:
        pairs = _Reader(data[:start], order, 12).get("a(yv)")
        fields = {number: value for number, (_, value) in pairs}
        reader = _Reader(data[start : start + body_size], order, 0)
        body = [reader.get(kind_of) for kind_of in split(fields.get(SIGNATURE, ""))]
    except (struct.error, IndexError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise WireError("a message that cannot be understood") from error
    return Message(kind, serial, fields, body), data[start + body_size :]


def split(signature: str) -> list[str]:
    """Return the single complete types of a signature."""
    found, place = [], 0
    while place < len(signature):
        end = _end(signature, place)
        found.append(signature[place:end])
        place = end
    return found


def _end(signature: str, place: int) -> int:
    match signature[place]:
        case "a":
            return _end(signature, place + 1)
        case "(" | "{" as opening:
            closing, place = (")" if opening == "(" else "}"), place + 1
            while signature[place] != closing:
                place = _end(signature, place)
    return place + 1


class _Writer:
    def __init__(self) -> None:
        self.data = bytearray()

    def pad(self, size: int) -> None:
        self.data += bytes(-len(self.data) % size)

    def put(self, kind: str, value: Any) -> None:  # noqa: ANN401 -- as the type says
        self.pad(_SIZES[kind[0]])
        if kind in _FIXED:
            self.data += struct.pack(f"<{_FIXED[kind]}", value)
        elif kind in ("s", "o"):
            text = value.encode()
            self.data += struct.pack("<I", len(text)) + text + b"\0"
        elif kind == "g":
            self.data += bytes([len(value)]) + value.encode() + b"\0"
        elif kind == "v":
            self.put("g", value[0])
            self.put(value[0], value[1])
        elif kind[0] == "a":
            self._put_array(kind[1:], value)
        else:
            for inner, part in zip(split(kind[1:-1]), value, strict=True):
                self.put(inner, part)

    def _put_array(self, kind: str, value: Sequence[Any] | dict[Any, Any]) -> None:
        place = len(self.data)
        self.data += bytes(4)
        self.pad(_SIZES[kind[0]])
        start = len(self.data)
        for item in value.items() if isinstance(value, dict) else value:
            self.put(kind, item)
        struct.pack_into("<I", self.data, place, len(self.data) - start)


class _Reader:
    def __init__(self, data: bytes, order: str, place: int) -> None:
        self._data = data
        self._order = order
        self._place = place

    def get(self, kind: str) -> Any:  # noqa: ANN401 -- as the type says
        self._pad(_SIZES[kind[0]])
        if kind in _FIXED:
            (value,) = struct.unpack_from(self._order + _FIXED[kind], self._data, self._place)
            self._place += _SIZES[kind]
            return value
        if kind in ("s", "o", "g"):
            size = self._data[self._place] if kind == "g" else self.get("u")
            start = self._place + (1 if kind == "g" else 0)
            self._place = start + size + 1
            if self._place > len(self._data):
                raise ValueError("text goes beyond the message")
            return self._data[start : start + size].decode()
        if kind == "v":
            inner = self.get("g")
            return inner, self.get(inner)
        if kind[0] == "a":
            return self._array(kind[1:])
        return tuple(self.get(inner) for inner in split(kind[1:-1]))

    def _array(self, kind: str) -> list[Any]:
        size = self.get("u")
        self._pad(_SIZES[kind[0]])
        end, items = self._place + size, []
        if end > len(self._data):
            raise ValueError("array goes beyond the message")
        while self._place < end:
            items.append(self.get(kind))
        return items

    def _pad(self, size: int) -> None:
        self._place += -self._place % size
