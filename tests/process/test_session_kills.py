from __future__ import annotations

import pytest
from tests.process.session_kill_rounds import run

pytestmark = [pytest.mark.process, pytest.mark.slow]


def test_no_kill_loses_a_login_or_tears_a_file():
    report = run(40, seed=7)
    assert report.wrong == []
    assert report.clean, vars(report)
    assert report.killed > 10
    assert report.reads > 100


def test_the_rounds_notice_a_loss():
    """Against a server that never repeats its answer a kill can cost the login: the counter must be able to move."""
    for seed in range(12):
        # the server takes its time after the exchange: most kills land there
        report = run(12, seed=seed, grace=-1.0, delay=0.08)
        if report.lost:
            return
    pytest.fail("no loss was counted where losses must happen")
