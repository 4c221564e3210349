"""Streams that are closed, full or no stream: the exit code stays the command's own, and nothing is a bug."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
REFUSED = [
    ("vault get NOPE", 4),
    ("sync resolve x nonsense", 2),
    ("secret list", 3),
    ("creds check --env-only", 7),
    ("nonsense", 2),
]


def redirected(words: str, redirect: str) -> subprocess.CompletedProcess[str]:
    """Run `amika WORDS REDIRECT` as a shell does."""
    script = f'exec "$0" -P -m amika_cli.main {words} {redirect}'
    return subprocess.run(
        ["sh", "-c", script, sys.executable],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("redirect", ["2>/dev/full", "2>&-", ">/dev/full 2>/dev/full", ">&- 2>&- <&-"])
@pytest.mark.parametrize(("words", "code"), REFUSED)
def test_an_exit_code_does_not_depend_on_where_the_complaint_goes(home, words, code, redirect):
    expected = (code, 5) if ">/dev/full 2" in redirect else (code,)  # the table of `creds check` is lost, too
    assert redirected(words, redirect).returncode in expected


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_warning_that_nobody_can_read_stops_nothing(home):
    (home / ".amp").mkdir()
    (home / ".amp" / "config.json").write_text('{"token": "fake"}')
    (home / ".codex").mkdir()
    (home / ".codex" / "auth.json").write_text("{")
    assert "warning: " in redirected("auth extract", "").stderr
    ran = redirected("auth extract", "2>/dev/full")
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (0, "ANTHROPIC_API_KEY='fake'")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-P", "-m", "amika_cli.main", "auth", "extract"]
    gone = subprocess.run(command, stdout=subprocess.PIPE, stderr=writing, text=True, timeout=60, check=False)
    os.close(writing)
    assert (gone.returncode, gone.stdout) == (0, ran.stdout)


@pytest.mark.parametrize(
    "words",
    [
        "auth login --api-key-file -",
        "secret push --from-file - --yes",
        "secret claude push --value - --yes",
        "vault put KEY",
        "creds set OPENAI_API_KEY --stdin",
    ],
)
@pytest.mark.parametrize(("redirect", "why"), [("<&-", "stdin is closed"), ("0>/dev/null", "stdin cannot be read")])
def test_a_stdin_that_gives_nothing_is_a_usage_error(home, server, words, redirect, why):
    ran = redirected(words, redirect)
    assert (ran.returncode, ran.stdout) == (2, ""), ran.stderr
    assert why in ran.stderr


@pytest.mark.parametrize("module", ["amika_cli.late_inspect", "amika_agent.hardening", "amika_cli.commands.status"])
def test_ctrl_c_while_the_program_is_still_loading_leaves_no_traceback(home, module):
    script = (
        "import os, signal, sys\n"
        "def interrupt(event, args):\n"
        f"    if event == 'import' and args[0] == {module!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.addaudithook(interrupt)\n"
        "from amika_cli.main import main\n"
        "sys.argv = ['amika', 'status']; sys.exit(main())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", script],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "amika: interrupted\n")
