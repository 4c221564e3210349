"""D-Bus as bytes: what we write is read by another implementation, and the other way round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from jeepney import DBusAddress, MessageType, new_method_call, new_signal
from jeepney.low_level import Parser

from amika_tray.notices.bus_wire import (
    CALL,
    DESTINATION,
    INTERFACE,
    MEMBER,
    PATH,
    SIGNAL,
    Message,
    WireError,
    encode,
    split,
    take,
)

HINTS = {"urgency": ("y", 1), "desktop-entry": ("s", "amika-tray")}
NOTIFY = ["Amika", 0, "icon", "Title", "body ☀", ["default", "Open"], HINTS, -1]
SIGNATURE = "susssasa{sv}i"


def test_another_implementation_reads_our_call() -> None:
    fields = {PATH: "/org/x", INTERFACE: "org.x", MEMBER: "Notify", DESTINATION: "org.x"}
    (message,) = list(_parsed(encode(Message(CALL, 7, fields, NOTIFY), SIGNATURE)))
    assert message.header.message_type == MessageType.method_call
    assert message.header.serial == 7
    assert list(message.body) == NOTIFY


def test_we_read_what_another_implementation_writes_in_pieces() -> None:
    emitter = DBusAddress("/org/x", interface="org.x")
    data = new_signal(emitter, "ActionInvoked", "us", (5, "default")).serialise(3)
    data += new_method_call(DBusAddress("/o", "org.y", "org.z"), "M", SIGNATURE, tuple(NOTIFY)).serialise(4)
    found, rest = [], b""
    for place in range(len(data)):
        rest += data[place : place + 1]
        message, rest = take(rest)
        if message is not None:
            found.append(message)
    assert rest == b""
    assert (found[0].kind, found[0].fields[MEMBER], found[0].body) == (SIGNAL, "ActionInvoked", [5, "default"])
    assert found[1].body[:6] == NOTIFY[:6]
    assert dict(found[1].body[6]) == HINTS


def test_signatures_are_taken_apart() -> None:
    assert split("su(ii)a{sv}aai") == ["s", "u", "(ii)", "a{sv}", "aai"]


@pytest.mark.parametrize("data", [b"x" * 16, b"l\x04\0\x01" + b"\xff" * 12])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        take(data)


@given(some.binary(min_size=1, max_size=120))
def test_no_bytes_break_the_reader(noise: bytes) -> None:
    good = new_signal(DBusAddress("/org/x", interface="org.x"), "A", "us", (5, "d")).serialise(3)
    for data in (noise, good[:20] + noise + good[20 + len(noise) :], b"l" + noise):
        try:
            message, rest = take(data)
        except WireError:
            continue
        assert message is None or len(rest) < len(data)


def _parsed(data: bytes):
    parser = Parser()
    parser.add_data(data)
    while (message := parser.get_next_message()) is not None:
        yield message
