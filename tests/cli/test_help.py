from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from amika_cli.flags import COMMON, Flag
from amika_cli.main import COMMANDS, SECTIONS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command(name, capsys):
    assert main([*name.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: amika {name}")
    assert "flags:" in text
    assert "--output FORMAT" in text
    for line in text.splitlines():
        assert len(line) <= 120, line
        assert line == line.rstrip()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_module_has_the_shape_that_the_table_needs(name):
    module = importlib.import_module("amika_cli.commands." + COMMANDS[name][0])
    low, high = module.WORDS
    assert low >= 0
    assert high == -1 or high >= low
    names = [flag.name for flag in (*module.FLAGS, *COMMON)]
    letters = [flag.short for flag in (*module.FLAGS, *COMMON) if flag.short]
    assert all(isinstance(flag, Flag) for flag in module.FLAGS)
    assert len(set(names)) == len(names), "a flag twice"
    assert len(set(letters)) == len(letters), "a letter twice"
    assert callable(module.run)


def test_overview_lists_every_command(capsys):
    assert main([]) == 0
    text = capsys.readouterr().out
    for name, (_, line) in COMMANDS.items():
        assert f"  {name} " in text
        assert line in text
    assert set(SECTIONS) <= set(COMMANDS)
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.mark.parametrize("words", [["help"], ["--help"], ["-h"]])
def test_help_alone_is_the_overview(words, capsys):
    assert main(words) == 0
    assert "usage: amika COMMAND" in capsys.readouterr().out


def test_help_of_a_group(capsys):
    assert main(["secret", "--help"]) == 0
    text = capsys.readouterr().out
    assert "secret claude push" in text
    assert "auth login" not in text
    assert main(["help", "secret", "push"]) == 0
    assert "usage: amika secret push" in capsys.readouterr().out


def test_a_group_without_a_command_is_a_usage_error(capsys):
    assert main(["secret", "claude"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "secret claude push" in said.err
    assert "which command?" in said.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["secrte", "list"], "did you mean `amika secret list`?"),
        (["bogus"], "unknown command"),
        (["vualt", "list"], "did you mean `amika vault list`?"),
        (["status", "--homdir", "x"], "did you mean --homedir?"),
        (["sk-fake-value"], "unknown command"),
    ],
)
def test_unknown_words(words, says, capsys):
    assert main(words) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert "fake" not in said.err


def test_common_flags_may_come_first(capsys, home):
    assert main(["-o", "json", "config", "get", "agent.log_level"]) == 0
    assert capsys.readouterr().out == '{"key": "agent.log_level", "value": "info"}\n'
    assert main(["--local", "--output=json", "config", "get", "sync.auto_push"]) == 0
    assert '"claude"' in capsys.readouterr().out


def test_a_row_without_module_does_not_break_the_rest(capsys, monkeypatch):
    monkeypatch.setitem(COMMANDS, "later", ("not_written_yet", "comes later"))
    assert main([]) == 0
    assert "comes later" in capsys.readouterr().out
    assert main(["later"]) == 5
    assert "not part of this build" in capsys.readouterr().err


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("amika 0.")


def test_an_unexpected_failure_shows_no_value(capsys, monkeypatch, tmp_path):
    (tmp_path / "amika_cli_probe.py").write_text("")
    module = importlib.import_module("amika_cli.commands.config_get")
    broken = type(sys)("amika_cli.commands.broken")
    broken.USAGE, broken.TEXT, broken.FLAGS, broken.WORDS = module.USAGE, module.TEXT, (), (0, 0)

    def run(_):
        raise ValueError("sk-fake-value")

    broken.run = run
    monkeypatch.setitem(sys.modules, "amika_cli.commands.broken", broken)
    monkeypatch.setitem(COMMANDS, "broken", ("broken", "fails"))
    assert main(["broken"]) == 1
    said = capsys.readouterr()
    assert "ValueError" in said.err
    assert "fake" not in said.err + said.out


def test_a_closed_pipe_is_quiet():
    command = f"{sys.executable} -m amika_cli.main --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_the_overview_loads_no_heavy_module():
    code = (
        "import sys; from amika_cli.main import main; main(['--help']); "
        "print(sorted(m for m in sys.modules if m.split('.')[0] in "
        "('httpx', 'typing', 'dataclasses', 'argparse', 'platformdirs', 'amika_agent', 'asyncio')))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:  # an interpreter that finds the packages only through site
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert "httpx" not in done.stdout
        assert "amika_agent" not in done.stdout
        return
    assert done.stdout.strip().endswith("[]")


def test_output_that_cannot_be_written_is_a_failure():
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m amika_cli.main config list > /dev/full"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5
    assert "the output cannot be written: No space left on device" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_no_bug(closed):
    command = f"{sys.executable} -m amika_cli.main config get agent.log_level {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""
