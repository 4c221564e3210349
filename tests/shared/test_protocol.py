from __future__ import annotations

import pytest

from amika_shared.protocol import MAX_FRAME, ProtocolError, decode, encode, overlap


def test_a_frame_comes_back_as_it_was() -> None:
    assert decode(encode({"op": "status", "args": {"name": "é\u2028"}})) == {
        "v": 1,
        "op": "status",
        "args": {"name": "é\u2028"},
    }


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"nonsense\n", b"[]\n", b"\xff\xfe\n", b'{"v":2}\n', b"{}\n", b"[" * 100_000, b" " * (MAX_FRAME + 1)],
)
def test_every_malformed_frame_is_refused_in_words(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(line)


@pytest.mark.parametrize(
    ("theirs", "shared"), [([1, 1], True), ([0, 4], True), ([2, 3], False), ("1", False), ([], False)]
)
def test_versions_overlap_or_not(theirs: object, shared: bool) -> None:
    assert overlap(theirs) is shared
