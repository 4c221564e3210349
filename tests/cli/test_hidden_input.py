"""What is typed in answer to a secret question is never shown, between two of them neither."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import time

import pytest
from tests.cli.vaults import PASSPHRASE
from tests.fakes.terminal import Terminal

TOKEN = "ghp_fakefakefakefake0123"


def test_nothing_is_shown_between_a_value_and_the_passphrase(home):
    with Terminal(["vault", "put", "KEY"], dict(os.environ)) as terminal:
        terminal.expect("Value of KEY")
        terminal.type(TOKEN)
        terminal.expect("There is no keyring here")
        assert not terminal.echoes()
        terminal.expect("New passphrase")
        terminal.type("too few")
        terminal.expect("shorter than 8")
        assert not terminal.echoes()
        for line in (PASSPHRASE, "something else", PASSPHRASE, PASSPHRASE):
            terminal.type(line)  # ahead of every question
        assert terminal.end() == 0
        assert terminal.echoes()
    for typed in (TOKEN, "too few", PASSPHRASE, "something else"):
        assert typed not in terminal.seen


def test_a_guided_key_and_the_passphrase_are_one_exchange(home):
    with Terminal(["creds", "set", "GITHUB_TOKEN"], dict(os.environ)) as terminal:
        terminal.expect("Value of GITHUB_TOKEN")
        terminal.type(TOKEN)
        terminal.expect("New passphrase")
        terminal.type(PASSPHRASE)
        terminal.type(PASSPHRASE)
        assert terminal.end() == 0
    assert PASSPHRASE not in terminal.seen
    assert TOKEN not in terminal.seen


def test_several_values_in_a_row_are_one_exchange_and_the_question_after_them_shows_its_answer(home, server):
    with Terminal(["secret", "push", "FIRST", "SECOND"], dict(os.environ)) as terminal:
        terminal.expect("Value of FIRST")
        terminal.type("first-value-typed")
        terminal.type("second-value-typed")
        terminal.expect("[y/N]")
        assert terminal.echoes()
        terminal.type("n")
        assert terminal.end() == 0
    assert "value-typed" not in terminal.seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back_as_it_was(home, number):
    with Terminal(["vault", "put", "KEY"], dict(os.environ)) as terminal:
        terminal.expect("Value of KEY")
        assert not terminal.echoes()
        terminal.process.send_signal(number)
        assert terminal.end() == 130
        assert "interrupted" in terminal.seen
        assert terminal.echoes()


def test_a_stopped_program_leaves_a_terminal_that_echoes_and_hides_again_when_it_goes_on(home):
    master, slave = pty.openpty()
    # not a session of its own: nobody could bring it back there, and so it would not stop
    command = [sys.executable, "-m", "amika_cli.main", "vault", "put", "KEY"]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, process_group=0) as program:
        try:
            _until(lambda: not _echoes(master))
            program.send_signal(signal.SIGTSTP)
            _, status = os.waitpid(program.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            assert _echoes(master)
            program.send_signal(signal.SIGCONT)
            _until(lambda: not _echoes(master))
            program.send_signal(signal.SIGTERM)
            assert program.wait(30) == 130
            assert _echoes(master)
        finally:
            program.kill()
            os.close(slave)
            os.close(master)


def test_a_line_that_the_terminal_cut_is_refused(home):
    with Terminal(["auth", "login", "almyty", "--token"], dict(os.environ)) as terminal:
        terminal.expect("(not shown)")
        terminal.type("almyty_" + "0" * 5000)
        assert terminal.end() == 2
    assert "at most 4093 characters" in terminal.seen


def _echoes(master: int) -> bool:
    return bool(termios.tcgetattr(master)[3] & termios.ECHO)


def _until(holds):
    end = time.monotonic() + 60
    while not holds():
        if time.monotonic() > end:
            pytest.fail("it never came")
        time.sleep(0.02)
