"""Ctrl-C at a question is heard at once, also when it comes in the instant before the answer is waited for.

Such a signal interrupts nothing: its handler has run, and the read that follows waits for Enter. A signal that another
thread takes is the same to the read, and that can be arranged.
"""

from __future__ import annotations

import os
import signal
import sys

import pytest
from tests.fakes.terminal import Terminal

ELSEWHERE = """
import signal, sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
from amika_cli.main import main
sys.exit(main())
"""

QUESTIONS = {
    "yes or no": (["secret", "push", "FIRST=a"], "[y/N]"),
    "which one": (["secret", "claude", "push"], "[1-2]"),
    "a hidden answer": (["secret", "push", "FIRST"], "Value of FIRST"),
    "a value of the vault": (["vault", "put", "KEY"], "Value of KEY"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_ctrl_c_is_heard_at_once(home, server, claude, question):
    claude()
    words, asked = QUESTIONS[question]
    with _terminal(words) as terminal:
        terminal.expect(asked)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
        assert "interrupted" in terminal.seen
        assert terminal.echoes()
    assert server.records("generic") == []


@pytest.mark.parametrize("question", ["a hidden answer", "a value of the vault"])
def test_so_is_a_request_to_end(home, server, question):
    words, asked = QUESTIONS[question]
    with _terminal(words) as terminal:
        terminal.expect(asked)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 130
        assert terminal.echoes()


def _terminal(words: list[str]) -> Terminal:
    return Terminal(words, dict(os.environ), program=(sys.executable, "-c", ELSEWHERE))


def test_an_answer_typed_in_pieces_counts_when_it_is_whole(home, server):
    with Terminal(["secret", "push", "FIRST=a"], dict(os.environ)) as terminal:
        terminal.expect("[y/N]")
        terminal.type("yes", end="")
        terminal.type("")
        assert terminal.end() == 0
    assert [record["name"] for record in server.records("generic")] == ["FIRST"]


def test_a_number_that_only_begins_like_an_option_is_none(home, server, claude):
    claude()
    with Terminal(["secret", "claude", "push"], dict(os.environ)) as terminal:
        terminal.expect("[1-2]")
        terminal.type("0000019")
        terminal.expect("Please type a number from 1 to 2.")
        terminal.type("\x04", end="")
        assert terminal.end() == 2
    assert "the input ended before the question was answered" in terminal.seen


def test_what_is_typed_and_is_no_text_is_refused(home, server):
    with Terminal(["secret", "push", "FIRST"], dict(os.environ)) as terminal:
        terminal.expect("Value of FIRST")
        terminal.type(b"caf\xe9")
        assert terminal.end() == 2
    assert "what was typed is not UTF-8 text" in terminal.seen
    assert server.records("generic") == []
