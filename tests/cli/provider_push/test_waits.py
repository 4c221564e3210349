"""A push that cannot be finished now: it is said, and goes on later."""

from __future__ import annotations

import time

NAME = ("Claude OAuth", "user")


def test_what_has_to_wait_says_once_how_it_goes_on(amika, claude, server):
    claude()
    server.faults.add("status", method="POST", path="/secrets/claude", status=429, retry_after=60)
    ran = amika("secret", "claude", "push", "--type", "oauth")
    assert ran.code == 5
    assert ran.err.count("amika sync") == 1
    assert "goes on when an agent runs" in ran.err


def test_what_has_to_wait_is_known_to_the_agent_at_once_and_goes_on_by_itself(amika, claude, server):
    claude()
    assert amika("agent", "start").code == 0
    try:
        server.faults.add("status", method="GET", path="/secrets/claude", status=500, times=-1)
        ran = amika("secret", "claude", "push", "--type", "oauth")
        assert ran.code == 5
        assert "goes on by itself" in ran.err
        end = time.monotonic() + 40  # an agent that was not told looks after a minute
        while not (shown := amika("status", "--json").json)["rules"]:
            assert time.monotonic() < end, "the agent does not know of it"
        assert shown["agent"]["used"]
        assert shown["rules"][0]["state"] == "pending"
    finally:
        assert amika("agent", "stop").code == 0


def test_a_value_that_the_server_does_not_take_now_is_exit_5_and_goes_in_the_second_time(amika, server, stored):
    words = ("secret", "claude", "push", "--value", "-", "--name", "Work")
    assert amika(*words, stdin="sk-ant-api03-fake-one-fake-one-fake").code == 0
    server.faults.add("status", method="POST", path="/secrets/claude", times=-1, status=429)
    ran = amika(*words, stdin="sk-ant-api03-fake-two-fake-two-fake")
    assert ran.code == 5
    assert "not stored yet" in ran.err
    assert ran.out == ""
    assert "one" in stored("claude")["Work", "user"]
    server.faults.clear()
    assert amika(*words, stdin="sk-ant-api03-fake-two-fake-two-fake").code == 0
    assert list(stored("claude")) == [("Work", "user")]
    assert "two" in stored("claude")["Work", "user"]


def test_offline_is_recorded_and_finished_later(amika, claude, server, stored):
    claude()
    server.faults.add("refuse", times=-1)
    ran = amika("secret", "claude", "push", "--type", "oauth")
    assert ran.code == 5
    assert "amika sync" in ran.err
    server.faults.clear()
    assert amika("sync").code == 0
    assert list(stored("claude")) == [NAME]


def test_a_credential_that_has_just_changed_is_waited_for(amika, claude, server):
    claude()
    started = time.monotonic()
    assert amika("secret", "claude", "push", "--type", "oauth").code == 0
    assert time.monotonic() - started < 30
