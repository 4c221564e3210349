"""Answers that are too large for a frame are cut where nothing is broken by it, and say so."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.agents import AgentProcess

from amika_agent.server.fitting import LONGEST, MOST, fitted
from amika_shared.protocol import MAX_FRAME
from amika_shared.snapshot import read_snapshot


def size(answer: object) -> int:
    return len(json.dumps(answer, separators=(",", ":")))


def credential(number: int, *, used: bool = True) -> dict[str, Any]:
    return {"id": f"opencode/{number}", "provider": f"{number}-" + "n" * 500, "used": used, "sync": {"state": "x"}}


def test_what_fits_is_the_very_same() -> None:
    answer = {"state": "in_sync", "credentials": [credential(n) for n in range(1000)]}
    assert fitted(answer) is answer


def test_ten_thousand_credentials_become_as_many_as_fit_and_a_count() -> None:
    answer = {"state": "in_sync", "credentials": [credential(n) for n in range(10_000)], "problems": [{"code": "x"}]}
    cut = fitted(answer)
    assert size({"v": 1, "item": cut}) < MAX_FRAME
    assert len(cut["credentials"]) > 1000
    assert cut["left_out"] == {"credentials": 10_000 - len(cut["credentials"])}
    assert cut["problems"] == answer["problems"]
    assert cut["credentials"][0] == credential(0)
    assert read_snapshot(cut)["left_out"] == cut["left_out"]


def test_what_is_used_stays_before_what_is_not() -> None:
    found = [credential(n, used=n >= 9_990) for n in range(10_000)]
    assert [c["id"] for c in fitted({"credentials": found})["credentials"][:10]] == [c["id"] for c in found[9_990:]]


def test_a_list_that_is_short_does_not_suffer_from_one_that_is_long() -> None:
    rules = [{"id": str(n)} for n in range(100)]
    cut = fitted({"rules": rules, "credentials": [credential(n) for n in range(5000)], "problems": rules})
    assert cut["rules"] == rules
    assert cut["problems"] == rules


def test_a_text_in_a_list_keeps_both_its_ends_and_one_of_the_answer_is_never_cut() -> None:
    cut = fitted({"problems": [{"message": "<" + "m" * 2_000_000 + ">"}], "text": "export A=1"})
    message = cut["problems"][0]["message"]
    assert len(message) == LONGEST + 1
    assert (message[0], message[-1]) == ("<", ">")
    assert "left_out" not in cut or cut["left_out"] == {}
    whole = {"text": "v" * 2_000_000, "names": ["A"]}
    assert fitted(whole)["text"] == whole["text"]


JSON = st.recursive(st.none() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=4))


@given(st.dictionaries(st.text(max_size=5), st.lists(JSON, max_size=30), max_size=4), st.integers(50, 400))
def test_whatever_the_lists_hold_their_beginnings_stay_and_the_counts_are_right(
    answer: dict[str, list[Any]], most: int
) -> None:
    answer.pop("left_out", None)
    cut = fitted(answer, most)
    for name, items in answer.items():
        assert cut[name] == items[: len(cut[name])]
        assert len(cut[name]) + cut.get("left_out", {}).get(name, 0) == len(items)
    assert size({name: cut[name] for name in answer}) <= max(most, size({name: [] for name in answer}))


@pytest.mark.process
def test_a_real_agent_with_more_credentials_than_a_frame_holds_answers(home: Path) -> None:
    folder = home / ".local/share/opencode"
    folder.mkdir(parents=True)
    names = [f"p{n}-{'n' * 490}" for n in range(1000)]
    found = {name: {"type": "api", "key": f"not-a-real-key-{name[:5]}"} for name in names}
    (folder / "auth.json").write_text(json.dumps(found))
    agent = AgentProcess().up()
    try:
        with agent.client() as client:
            shown: dict[str, Any] = {}
            for shown in client.stream("watch"):
                if shown["credentials"]:
                    break
        assert size(shown) <= MOST + 100
        assert len(shown["credentials"]) + shown["left_out"]["credentials"] == len(names)
        assert agent.ask("status")["left_out"] == shown["left_out"]
    finally:
        agent.end()
    assert os.path.exists(agent.profile.env_cache)
