"""Large documents of many levels: read once while they stay the same, right or wrong."""

from __future__ import annotations

import sys

import pytest

from amika_local import document, strict_json
from amika_local.deep_documents import KEPT, DeepDocuments

OURS = pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python's own parser reads documents this deep")


def test_the_same_text_is_read_once_and_another_anew():
    read: list[str] = []
    deep = DeepDocuments(large=3, read=lambda text: read.append(text) or strict_json.parse(text))
    assert [deep("[1,2]"), deep("[1,2]"), deep("[1,3]"), deep("[1,2]")] == [[1, 2], [1, 2], [1, 3], [1, 2]]
    assert read == ["[1,2]", "[1,3]"]


def test_small_text_is_not_kept():
    read: list[str] = []
    deep = DeepDocuments(large=5, read=lambda text: read.append(text) or strict_json.parse(text))
    assert [deep("[1,2]"), deep("[1,2]")] == [[1, 2], [1, 2]]
    assert len(read) == 2


def test_what_is_wrong_with_it_is_said_each_time_and_found_once():
    read: list[str] = []
    deep = DeepDocuments(large=0, read=lambda text: read.append(text) or strict_json.parse(text))
    said = []
    for _ in range(3):
        with pytest.raises(document.DocumentError) as raised:
            deep("[1,\n2")
        said.append(str(raised.value))
    assert said == ["is not valid JSON (line 2)"] * 3
    assert len(read) == 1


def test_only_the_last_few_are_kept():
    read: list[str] = []
    deep = DeepDocuments(large=0, read=lambda text: read.append(text) or strict_json.parse(text))
    for number in range(KEPT):
        deep(f"[{number}]")
    deep("[0]")  # is now the one used last
    deep(f"[{KEPT}]")
    read.clear()
    assert deep("[0]") == [0]
    assert not read
    assert deep("[1]") == [1]
    assert read == ["[1]"]


def test_a_lone_surrogate_does_not_stop_it():
    assert DeepDocuments(large=0)('["\ud800"]') == ["\ud800"]


@OURS
def test_the_reader_of_documents_asks_it_for_the_deep_ones_alone():
    asked: list[str] = []
    deep = DeepDocuments(large=0, read=lambda text: asked.append(text) or strict_json.parse(text))
    assert document.parse(b'{"a": 1}', deep=deep) == {"a": 1}
    assert not asked
    document.parse(b"[" * 3_000 + b"]" * 3_000, deep=deep)
    document.parse(b"[" * 3_000 + b"]" * 3_000, deep=deep)
    assert len(asked) == 1


@pytest.mark.parametrize(
    "wide",
    [
        "[" + "[]," * 4_000 + "0]",
        "[" + "{}," * 4_000 + "0]",
        '{"a": "' + "x" * 200_000 + '"}',
        '["' + "é" * 200_000 + '"]',
    ],
    ids=["lists", "objects", "text", "wide text"],
)
def test_what_would_fill_the_memory_is_damaged_and_read_once(wide):
    read: list[str] = []
    deep = DeepDocuments(large=0, room=100_000, read=lambda text: read.append(text) or strict_json.parse(text))
    for _ in range(3):
        with pytest.raises(document.DocumentError, match="too deeply for a file of its size"):
            deep(wide)
    assert read == [wide]


def test_all_that_is_remembered_fits_into_the_room():
    read: list[str] = []
    deep = DeepDocuments(large=0, room=100_000, read=lambda text: read.append(text) or strict_json.parse(text))
    texts = [f'["{digit * 40_000}"]' for digit in "012"]
    for text in texts:
        deep(text)
    deep(texts[2])
    deep(texts[1])
    assert read == texts
    deep(texts[0])
    assert read == [*texts, texts[0]], "the one used longest ago made room"


@OURS
def test_the_room_of_the_agent_is_small_beside_its_memory():
    """Four hostile files of 19 MiB held 1.9 GB."""
    text = '{"d":' + "[" * 2_000 + "]" * 2_000 + ',"w":[' + "[]," * (1 << 20) + "0]}"
    with pytest.raises(document.DocumentError, match="too deeply for a file of its size"):
        document.parse(text.encode(), deep=DeepDocuments())
    light = '{"d":' + "[" * 2_000 + "]" * 2_000 + ',"primaryApiKey":"sk-ant-fake","w":"' + "x" * (3 << 20) + '"}'
    assert document.parse_object(light.encode(), deep=DeepDocuments())["primaryApiKey"] == "sk-ant-fake"
