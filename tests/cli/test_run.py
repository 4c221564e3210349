from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from tests.cli.vaults import with_keyring

PRINT = "import os, json; print(json.dumps({k: v for k, v in os.environ.items() if k.endswith(('_KEY', '_TOKEN'))}))"


def child(amika, *words, **more):
    return amika("run", *words, "--", sys.executable, "-c", PRINT, **more)


def test_the_child_has_the_credentials(amika, claude, codex):
    claude()
    codex()
    ran = child(amika)
    assert ran.json == {
        "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-fake-one",
        "OPENAI_API_KEY": "sk-fake-openai-0123456789",
    }
    assert child(amika, "--only", "OPENAI_API_KEY").json == {"OPENAI_API_KEY": "sk-fake-openai-0123456789"}


def test_nothing_is_written_for_it(amika, codex, home):
    codex()
    before = sorted(p for p in home.rglob("*") if p.is_file())
    child(amika)
    assert sorted(p for p in home.rglob("*") if p.is_file()) == before


def test_a_missing_name(amika, codex):
    codex()
    ran = child(amika, "--only", "GROQ_API_KEY")
    assert ran.code == 4
    assert "GROQ_API_KEY" in ran.err


def test_exit_code_exactly():
    for code in (0, 3, 42):
        done = subprocess.run(
            [sys.executable, "-m", "amika_cli.main", "run", "--", "sh", "-c", f"exit {code}"], check=False
        )
        assert done.returncode == code


def test_it_becomes_the_child():
    command = [sys.executable, "-m", "amika_cli.main", "run", "--", "sh", "-c", "echo $$; exec sleep 60"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert int(process.stdout.readline()) == process.pid
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM
    process.stdout.close()


def test_a_child_ends_when_its_reader_goes():
    script = f"{sys.executable} -m amika_cli.main run -- yes | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=30)
    assert done.stdout == "y\n"
    assert done.returncode == 128 + signal.SIGPIPE


def test_missing_and_not_executable(amika, home):
    ran = amika("run", "--", "no-such-program")
    assert ran.code == 127
    assert "no-such-program: command not found" in ran.err
    (home / "plain").write_text("x")
    assert amika("run", "--", str(home / "plain")).code == 126
    assert amika("run").code == 2
    early = amika("run", "echo")
    assert early.code == 2
    assert "before the two dashes" in early.err


def test_a_bad_source_costs_only_itself(amika, codex, home):
    codex()
    (home / ".claude").mkdir()
    (home / ".claude" / ".credentials.json").write_text("{")
    assert child(amika).json == {"OPENAI_API_KEY": "sk-fake-openai-0123456789"}


def test_a_project_is_trusted_first(amika, codex, home):
    codex()
    project = home / "project" / "below"
    project.mkdir(parents=True)
    (home / "project" / ".amika").mkdir()
    config = home / "project" / ".amika" / "config.toml"
    config.write_text('[secrets]\nMY_KEY = "OPENAI_API_KEY"\n')
    ran = child(amika, cwd=project)
    assert "MY_KEY" not in ran.json
    assert "amika allow" in ran.err
    refused = amika("allow", cwd=project)
    assert refused.code == 2
    assert "MY_KEY" in refused.out
    allowed = amika("allow", "--yes", cwd=project)
    assert allowed.code == 0
    assert child(amika, cwd=project).json["MY_KEY"] == "sk-fake-openai-0123456789"
    config.write_text('[secrets]\nMY_KEY = "OPENAI_API_KEY"\nOTHER_KEY = "OPENAI_API_KEY"\n')
    changed = child(amika, cwd=project)
    assert "OTHER_KEY" not in changed.json
    assert "amika allow" in changed.err
    assert amika("allow", "--yes", "--json", str(home / "project")).json["allowed"] is True
    assert amika("allow", "--remove", cwd=project).code == 0
    assert "MY_KEY" not in child(amika, cwd=project).json
    config.write_text("broken [")
    broken = child(amika, cwd=project)
    assert broken.code == 0
    assert "not valid TOML" in broken.err
    assert amika("allow", cwd=project).code == 2


def test_nothing_to_allow(amika, home):
    ran = amika("allow")
    assert ran.code == 4
    assert ".amika/config.toml" in ran.err


def test_remarks_are_for_terminals_only(amika, codex):
    codex()
    ran = child(amika, env={"OPENAI_API_KEY": "mine"})
    assert ran.json == {"OPENAI_API_KEY": "mine"}
    assert ran.err == ""
    assert os.environ.get("OPENAI_API_KEY") is None


@pytest.fixture
def vault(amika, monkeypatch, home):
    """A vault with these secrets; `put(KEY="value")` adds."""
    with_keyring(monkeypatch, home)

    def put(**values: str) -> None:
        for key, value in values.items():
            assert amika("vault", "put", key, stdin=value).code == 0

    return put


def test_references_to_the_vault_are_filled_in_for_the_child_only_and_in_one_pass(amika, vault):
    vault(DB_PASSWORD="fake-password", ODD="${vault:DB_PASSWORD}")
    ran = child(
        amika, env={"URL_KEY": "db://app:${vault:DB_PASSWORD}@h/${vault:ODD}", "OTHER_KEY": "${HOME} ${vault:a}"}
    )
    assert ran.json == {
        "URL_KEY": "db://app:fake-password@h/${vault:DB_PASSWORD}",
        "OTHER_KEY": "${HOME} ${vault:a}",
    }
    used = [event for event in amika("activity", "--json").json["events"] if event["what"] == "used"]
    assert sorted(event["subject"] for event in used) == ["DB_PASSWORD (vault)", "ODD (vault)"]
    assert "python" in used[0]["why"]


def test_a_reference_that_leads_nowhere_stops_the_command(amika, vault, home):
    ran = amika("run", "--", "touch", "ran", env={"URL_KEY": "${vault:NOPE}"})
    assert ran.code == 4
    assert "URL_KEY" in ran.err
    assert "amika vault put NOPE" in ran.err
    assert not (home / "ran").exists()


def test_a_value_that_no_environment_can_hold(amika, vault):
    vault(ODD="a\0b")
    ran = amika("run", "--", "true", env={"A_KEY": "${vault:ODD}"})
    assert ran.code == 5
    assert "A_KEY has a NUL byte" in ran.err


def test_a_project_names_secrets_of_the_vault_once_it_is_allowed(amika, vault, home):
    vault(DB_PASSWORD="fake-password")
    (home / ".amika").mkdir()
    (home / ".amika" / "config.toml").write_text(
        '[secrets]\nPLAIN_KEY = "DB_PASSWORD"\nURL_KEY = "db://${vault:DB_PASSWORD}@h"\nGONE_KEY = "${vault:NOPE}"\n'
    )
    assert child(amika).json == {}
    assert amika("allow", "--yes").code == 0
    assert child(amika).json == {"PLAIN_KEY": "fake-password", "URL_KEY": "db://fake-password@h"}
    assert child(amika, "--only", "PLAIN_KEY").json == {"PLAIN_KEY": "fake-password"}


def test_what_a_command_is_given_is_in_the_activity_log(amika, codex):
    codex()
    assert amika("sync").code == 0
    assert amika("run", "--only", "OPENAI_API_KEY", "--", "true").code == 0
    events = [event for event in amika("activity", "--json").json["events"] if event["what"] == "revealed"]
    assert [(event["subject"], event["caller"]) for event in events] == [("OPENAI_API_KEY", "amika run")]
    assert "true" in events[0]["why"]
    assert "sk-fake" not in str(events)
