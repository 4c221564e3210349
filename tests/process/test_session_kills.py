from __future__ import annotations

import pytest
from tests.process.session_kill_points import run as points
from tests.process.session_kill_rounds import run
from tests.process.session_write_faults import run as write_faults

pytestmark = [pytest.mark.process, pytest.mark.slow]


def test_no_kill_loses_a_login_or_tears_a_file():
    report = run(40, seed=7)
    assert report.wrong == []
    assert report.clean, vars(report)
    assert report.killed > 10
    assert report.reads > 100


@pytest.mark.parametrize(("what", "kills"), [("fresh", 20), ("sign_out", 10), ("accept", 15)])
def test_no_line_to_be_killed_at_loses_a_login_or_leaves_a_token(what, kills):
    """Every thirty-first line; `python -m tests.process.session_kill_points` takes them all."""
    report = points(what, first=5, step=31)
    assert report.wrong == []
    assert report.clean, vars(report)
    assert report.rounds >= kills


@pytest.mark.parametrize(
    ("what", "fault", "calls", "refused"),
    [("fresh", "full", 10, True), ("sign_out", "full", 3, False), ("accept", "one error", 8, True)],
)
def test_no_call_that_fails_on_the_disk_loses_a_login(what, fault, calls, refused):
    found = write_faults(what, fault)
    assert found.wrong == []
    assert (found.lost, found.torn) == (0, 0)
    assert found.calls >= calls
    assert (found.refused > 0) is refused, "a full disk keeps nobody from signing out"


def test_the_rounds_notice_a_loss():
    """Against a server that never repeats its answer a kill can cost the login: the counter must be able to move."""
    for seed in range(12):
        # the server takes its time after the exchange: most kills land there
        report = run(12, seed=seed, grace=-1.0, delay=0.08)
        if report.lost:
            return
    pytest.fail("no loss was counted where losses must happen")
