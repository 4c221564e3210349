from __future__ import annotations

from amika_agent.engine.last_good import BEAR, LastGood, winners
from amika_local.credential import API_KEY, Credential, Problem
from amika_local.secret import Secret

NOW = 1_800_000_000.0
PATH = "/home/x/.codex/auth.json"


def credential(value: str = "one", *, source: str = "codex", priority: int = 300, expires_at: float | None = None):
    return Credential("openai", API_KEY, Secret(value), source, PATH, priority, expires_at=expires_at)


def problem(code: str = "malformed") -> Problem:
    return Problem(code, "it is damaged", source="codex", path=PATH)


def test_a_half_written_file_is_waited_for_and_the_last_good_value_stays() -> None:
    last = LastGood()
    good = credential()
    last.settle([good], [], NOW)
    settled = last.settle([], [problem()], NOW + 1)
    assert settled.credentials == [good]
    assert settled.problems == []
    assert settled.due_at is not None
    assert NOW + 1 < settled.due_at < NOW + 2


def test_after_five_seconds_it_is_a_problem_and_the_value_still_stays() -> None:
    last = LastGood()
    good = credential()
    last.settle([good], [], NOW)
    last.settle([], [problem()], NOW + 1)
    settled = last.settle([], [problem()], NOW + 1 + BEAR)
    assert settled.credentials == [good]
    assert [p.code for p in settled.problems] == ["malformed"]
    assert settled.due_at is None


def test_well_formed_again_counts_at_once() -> None:
    last = LastGood()
    last.settle([credential("one")], [], NOW)
    last.settle([], [problem()], NOW + 1)
    new = credential("two")
    settled = last.settle([new], [], NOW + 2)
    assert settled.credentials == [new]
    assert last.settle([], [problem()], NOW + 100).credentials == [new]


def test_a_file_that_is_gone_or_empty_of_credentials_leaves_nothing() -> None:
    last = LastGood()
    last.settle([credential()], [], NOW)
    assert last.settle([], [], NOW + 1).credentials == []
    assert last.settle([], [problem()], NOW + 2).credentials == []


def test_a_well_formed_statement_is_a_problem_at_once_and_nothing_stands_in() -> None:
    last = LastGood()
    last.settle([credential()], [], NOW)
    settled = last.settle([], [problem("blank")], NOW + 1)
    assert settled.credentials == []
    assert [p.code for p in settled.problems] == ["blank"]


def test_an_expired_last_good_value_goes() -> None:
    last = LastGood()
    last.settle([credential(expires_at=NOW + 10)], [], NOW)
    assert last.settle([], [problem()], NOW + 9).credentials
    assert last.settle([], [problem()], NOW + 10).credentials == []


def test_a_damaged_file_at_the_first_look_has_no_last_good_value_and_is_a_problem_at_once() -> None:
    last = LastGood()
    settled = last.settle([], [problem()], NOW)
    assert settled.credentials == []
    assert [p.code for p in settled.problems] == ["malformed"]
    assert settled.due_at is not None
    assert last.settle([], [problem()], NOW + 1).problems
    last.settle([credential()], [], NOW + 2)
    assert last.settle([], [problem()], NOW + 3).problems == []


def test_a_clock_set_back_does_not_make_the_wait_endless() -> None:
    last = LastGood()
    last.settle([], [problem()], NOW)
    last.settle([], [problem()], NOW - 86400)
    assert last.settle([], [problem()], NOW - 86400 + BEAR).problems


def test_a_kept_value_has_its_place_among_the_others() -> None:
    last = LastGood()
    kept = credential(priority=300)
    last.settle([kept], [], NOW)
    lower = Credential("openai", API_KEY, Secret("low"), "opencode", "/o", 200)
    settled = last.settle([lower], [problem()], NOW + 1)
    assert settled.credentials == [kept, lower]
    assert winners(settled.credentials) == {"openai": kept}
