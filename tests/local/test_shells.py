"""What is printed is evaluated by real shells: it never runs, and it gives back the exact value."""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.homes import extract, fill

from amika_local.document import trim

EVAL = 'eval "$(cat "$OUT")"; '
SHELLS: dict[str, list[str]] = {
    "bash": ["bash", "--norc", "--noprofile", "-c", EVAL + "exec env -0"],
    "bash-posix": ["bash", "--posix", "--norc", "--noprofile", "-u", "-c", EVAL + "exec env -0"],
    "dash": ["dash", "-u", "-c", EVAL + "exec env -0"],
    "zsh": ["zsh", "-f", "-c", EVAL + "exec env -0"],
    "zsh-rcquotes": ["zsh", "-f", "-o", "rcquotes", "-o", "nounset", "-c", EVAL + "exec env -0"],
    "fish": ["fish", "--no-config", "-c", "source $OUT; exec env -0"],
    "fish-eval": ["fish", "--no-config", "-c", "eval (cat $OUT | string collect); exec env -0"],
    # without `string collect` fish puts blanks for line breaks: other values, but still only values
    "fish-eval-lines": ["fish", "--no-config", "-c", "eval (cat $OUT); exec env -0"],
}
POSIX = ("bash", "bash-posix", "dash", "zsh", "zsh-rcquotes")
FISH = ("fish", "fish-eval")

# each creates a file named by its end when it is run
HOSTILE = [
    "';touch ran-1;'",
    "$(touch ran-2)",
    "`touch ran-3`",
    "\\';touch ran-4;\\'",
    "x'\ntouch ran-5\n'",
    '"; touch ran-6; "',
    "'(touch ran-7)'",
    "\\\\';touch ran-8;#",
    "&& touch ran-9 &",
    "| touch ran-a",
    "> ran-b",
    "'\\''; touch ran-c; '",
    "!touch ran-d",
    "'\r\ntouch ran-e\r\n'",
    "{ touch ran-f; }",
    "=(touch ran-g)",
    "<(touch ran-h)",
    "; end; touch ran-i; begin",
    "$'\\x27;touch ran-j;\\x27'",
    "''';touch ran-k;'''",
    "'",
    "''",
    "\\",
    "\\\\",
    "'\\",
    "~root",
    "*",
    "%1",
    "-n",
    "\x01\x02\x7f\x81",
    "\x84\x88\x98\xc2",
    "\x1b]0;x\x07",
    "é\U0001f511\u202e\ufffd",
    "a\n\n\nb",
    "a=b=c",
    "#x",
    "^x^y",
]

TEXT = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
PIECES = st.sampled_from(
    ["'", '"', "\\", "\n", "$", "`", ";", " ", "(", ")", "touch ran-p", "x", "!", "#", "{", "}", "\r", "é", "\x81"]
)
VALUES = TEXT | st.lists(PIECES, max_size=10).map("".join) | st.sampled_from(HOSTILE)
NAMES = TEXT | st.from_regex(r"[a-z][a-z0-9 _./-]{0,12}", fullmatch=True) | VALUES


def evaluated(shell: str, printed: bytes) -> dict[bytes, bytes]:
    """Let a shell evaluate what was printed, and return the variables that its children then have because of it.

    Fails when anything was run: each hostile text would leave a file behind.
    """
    held = environment(shell, printed)
    return {name: value for name, value in held.items() if name not in own_variables(shell)}


@functools.cache
def own_variables(shell: str) -> frozenset[bytes]:
    return frozenset(environment(shell, b""))


def environment(shell: str, printed: bytes) -> dict[bytes, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        out, work = os.path.join(folder, "out"), os.path.join(folder, "work")
        os.mkdir(work)
        with open(out, "wb") as file:
            file.write(printed)
        env = {"PATH": os.environ["PATH"], "HOME": folder, "OUT": out, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(SHELLS[shell], env=env, cwd=work, capture_output=True, timeout=30, check=False)
        assert os.listdir(work) == [], "something was run"
    return dict(entry.partition(b"=")[::2] for entry in done.stdout.split(b"\0") if entry)


def home_with(folder: str, entries: list[tuple[str, str]]) -> Path:
    content = {name: {"type": "api", "key": value} for name, value in entries}
    return fill(Path(folder), {".local/share/opencode/auth.json": content})


def expected(values: list[str]) -> dict[bytes, bytes]:
    return {f"V{index}_API_KEY".encode(): trim(v).encode() for index, v in enumerate(values) if trim(v)}


def numbered(values: list[str]) -> list[tuple[str, str]]:
    return [(f"v{index}", value) for index, value in enumerate(values)]


MANY = [*HOSTILE, *(a + b for a in HOSTILE[:12] for b in HOSTILE[:12])]


@pytest.mark.parametrize("shell", [*POSIX, *FISH])
def test_hostile_values_come_back_exactly(shell, tmp_path):
    quoting = "posix" if shell in POSIX else "fish"
    printed = extract(home_with(str(tmp_path), numbered(MANY)), "--export", "--shell", quoting).out
    assert evaluated(shell, printed) == expected(MANY)


@pytest.mark.parametrize("shell", SHELLS)
def test_without_a_shell_chosen_hostile_values_are_harmless_in_all_and_exact_in_most(shell, tmp_path):
    held = evaluated(shell, extract(home_with(str(tmp_path), numbered(MANY)), "--export").out)
    wanted = {name: value for name, value in expected(MANY).items() if b"\\" not in value}
    if shell == "fish-eval-lines":
        held.pop(b"export", None)  # there all lines are one command, and `export` is among its arguments
    if shell not in POSIX:
        # fish's `export` function takes one line; line breaks need --shell fish
        held, wanted = ({n: v for n, v in some.items() if b"\n" not in wanted.get(n, b"")} for some in (held, wanted))
    assert held == wanted


@pytest.mark.parametrize("shell", POSIX)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(VALUES, min_size=30, max_size=60))
def test_any_value_comes_back_exactly_in_posix_shells(shell, values):
    with tempfile.TemporaryDirectory() as folder:
        printed = extract(home_with(folder, numbered(values)), "--export", "--shell", "posix").out
    assert evaluated(shell, printed) == expected(values)


@pytest.mark.parametrize("shell", FISH)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(VALUES, min_size=30, max_size=60))
def test_any_value_comes_back_exactly_in_fish(shell, values):
    with tempfile.TemporaryDirectory() as folder:
        printed = extract(home_with(folder, numbered(values)), "--export", "--shell", "fish").out
    assert evaluated(shell, printed) == expected(values)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("flags", [["--export"], []])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(NAMES, VALUES), min_size=20, max_size=50))
def test_any_name_and_value_is_harmless_in_every_shell(shell, flags, entries):
    with tempfile.TemporaryDirectory() as folder:
        ran = extract(home_with(folder, entries), *flags)
    assert ran.code == 0
    held = evaluated(shell, ran.out)  # fails when anything was run
    if not flags and not shell.startswith("fish"):
        assert held == {}
    for name in held.keys() - {b"export"}:
        assert name.endswith(b"_API_KEY")
        assert name.replace(b"_", b"").isalnum()
