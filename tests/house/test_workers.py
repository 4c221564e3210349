"""How the suite is spread over workers."""

from __future__ import annotations

import os

import pytest


@pytest.mark.process
def test_tests_that_start_processes_share_one_worker(request: pytest.FixtureRequest) -> None:
    """pytest-xdist writes the group behind the name; with a pytest it does not know it silently forgets to."""
    in_a_worker = "PYTEST_XDIST_WORKER" in os.environ
    assert request.node.nodeid.endswith("@serial" if in_a_worker else "_share_one_worker")
