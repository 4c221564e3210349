"""Answers that are too large for a frame: their lists lose the last entries, and the answer says how many."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

MOST = 900_000
"""Bytes of an answer; a frame takes 1 MiB."""
LONGEST = 1000
"""Characters of a text inside a list, once the whole does not fit."""


def fitted(answer: dict[str, Any], most: int = MOST) -> dict[str, Any]:
    """Return `answer`, or one that takes at most about `most` bytes as JSON.

    Only lists are cut: of each as much is kept as a fair share of the room allows, what is in use before what is not,
    and `left_out` ({list: how many}) counts the rest. A text of the answer itself is never touched: half a value is
    worse than none.
    """
    if _size(answer) <= most:
        return answer
    lists = {name: [_shortened(item) for item in _useful_first(value)] for name, value in _lists(answer)}
    room = most - _size({**answer, **dict.fromkeys(lists, ())})
    kept = _shared_out(lists, room)
    before = answer.get("left_out")
    left_out = {name: len(items) - len(kept[name]) for name, items in lists.items() if len(kept[name]) < len(items)}
    return {**answer, **kept, "left_out": {**(before if isinstance(before, dict) else {}), **left_out}}


def _shared_out(lists: Mapping[str, Sequence[Any]], room: int) -> dict[str, list[Any]]:
    """Return the longest beginnings that fit; what a short list leaves of its share is the others'."""
    sizes = {name: [_size(item) + 1 for item in items] for name, items in lists.items()}
    kept: dict[str, list[Any]] = {}
    for place, name in enumerate(sorted(lists, key=lambda name: sum(sizes[name]))):
        share = room // (len(lists) - place)
        count, used = 0, 0
        while count < len(sizes[name]) and used + sizes[name][count] <= share:
            used += sizes[name][count]
            count += 1
        kept[name] = list(lists[name][:count])
        room -= used
    return kept


def _lists(answer: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(name, value) for name, value in answer.items() if isinstance(value, list)]


def _useful_first(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: isinstance(item, dict) and item.get("used") is False)


def _shortened(value: Any) -> Any:  # noqa: ANN401 -- whatever JSON holds
    if isinstance(value, str) and len(value) > LONGEST:
        half = LONGEST // 2
        return f"{value[:half]}…{value[-half:]}"
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    return value


def _size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")))
