"""Large documents of many levels: read once while they stay the same, right or wrong."""

from __future__ import annotations

import json

import pytest

from amika_local import document, strict_json
from amika_local.deep_documents import KEPT, DeepDocuments


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


def too_deep_for_the_fast_parser(levels):
    try:
        json.loads("[" * levels + "]" * levels)
    except RecursionError:
        return True
    return False


@pytest.mark.skipif(not too_deep_for_the_fast_parser(3_000), reason="this Python's own parser reads the deep ones too")
def test_the_reader_of_documents_asks_it_for_the_deep_ones_alone():
    asked: list[str] = []
    deep = DeepDocuments(large=0, read=lambda text: asked.append(text) or strict_json.parse(text))
    assert document.parse(b'{"a": 1}', deep=deep) == {"a": 1}
    assert not asked
    document.parse(b"[" * 3_000 + b"]" * 3_000, deep=deep)
    document.parse(b"[" * 3_000 + b"]" * 3_000, deep=deep)
    assert len(asked) == 1
