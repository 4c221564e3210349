from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from tests.cli.vaults import with_keyring, with_passphrase
from tests.fakes.terminal import Terminal

from amika_cli.main import main

KEY = "sk-fake-0123456789abcdef"


@pytest.fixture
def ring(monkeypatch, home):
    return with_keyring(monkeypatch, home)


def checked(ran, provider="openai"):
    (found,) = [c for c in ran.json if c["providerId"] == provider]
    return found


def test_list_for_scripts_and_people(capsys):
    assert main(["creds", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [p["id"] for p in found][:3] == ["openai", "anthropic", "gemini"]
    assert found[0]["requiredKeys"] == ["OPENAI_API_KEY"]
    assert main(["creds", "list", "--kind", "integration", "--kind", "local", "--air-gap"]) == 0
    text = capsys.readouterr().out
    assert "ollama" in text
    assert "slack" not in text
    assert main(["creds", "list", "--provider", "openai,github", "--json"]) == 0
    assert [p["id"] for p in json.loads(capsys.readouterr().out)] == ["openai", "github"]


@pytest.mark.parametrize("command", ["list", "check", "guide"])
@pytest.mark.parametrize(
    ("flags", "says"), [(["--provider", "opnai"], "did you mean openai?"), (["--kind", "llms"], "did you mean llm?")]
)
def test_a_misspelt_filter_is_exit_2(command, flags, says, capsys):
    assert main(["creds", command, *flags]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""


def test_the_guide_names_every_provider_and_no_command_that_does_not_exist(capsys):
    from amika_agent.akos.providers import PROVIDERS
    from amika_cli.main import COMMANDS

    assert main(["creds", "guide"]) == 0
    text = capsys.readouterr().out
    for provider in PROVIDERS:
        assert provider.name in text
        assert provider.docs_url in text
        assert all(key in text for key in provider.required_keys + provider.optional_keys)
    assert [line for line in text.splitlines() if len(line) > 80 and "https://" not in line] == []
    for after in text.split("amika ")[1:]:
        assert any(after.startswith(name) for name in COMMANDS), after


def test_check_finds_what_set_stored(amika, ring):
    missing = amika("creds", "check", "--provider", "openai", "--json")
    assert missing.code == 7
    assert checked(missing)["missingKeys"] == ["OPENAI_API_KEY"]
    assert "amika creds set OPENAI_API_KEY" in checked(missing)["remediation"]
    assert "openai" in missing.err
    stored = amika("creds", "set", "OPENAI_API_KEY", "--stdin", stdin=KEY + "\n")
    assert stored.code == 0
    assert "os-keychain" in stored.out
    assert KEY not in stored.all
    found = amika("creds", "check", "--provider", "openai", "--json")
    assert (found.code, found.err) == (0, "")
    assert checked(found)["foundIn"] == {"OPENAI_API_KEY": "vault"}
    bare = amika("creds", "check", "--provider", "openai", "--env-only")
    assert (bare.code, "creds set" in bare.err) == (7, False)  # the vault would not help here
    assert "set OPENAI_API_KEY in the environment or in the file of --secrets-file" in bare.err


def test_environment_file_and_other_programs(amika, codex, home):
    codex()
    found = amika("creds", "check", "--provider", "openai", "--json")
    assert checked(found)["foundIn"] == {"OPENAI_API_KEY": "codex"}
    (home / "work.env").write_text('# keys\nexport GITHUB_TOKEN="fake-token"\nLINEAR_API_KEY=\nSLACK_BOT_TOKEN=""\n')
    words = ("creds", "check", "--env-only", "--secrets-file", "work.env", "--json")
    ran = amika(*words, env={"AGENTSKITOS_GEMINI_API_KEY": "fake", "LINEAR_API_KEY": "", "MY_OPENAI_API_KEY": "fake"})
    assert ran.code == 7
    status = {c["providerId"]: c["status"] for c in ran.json}
    assert status["github"] == "ok"
    assert status["gemini"] == "ok"
    assert status["linear"] == status["slack"] == status["openai"] == "missing"
    own = amika(*words, "--env-prefix", "MY_", "--provider", "openai", env={"MY_OPENAI_API_KEY": "fake"})
    assert own.code == 0
    assert "fake-token" not in ran.all


def test_a_line_of_another_key_in_a_value_forges_nothing(amika, ring):
    amika("creds", "set", "GITHUB_TOKEN", "--stdin", stdin="one\nOPENAI_API_KEY=forged\n")
    assert checked(amika("creds", "check", "--provider", "openai", "--json"))["status"] == "missing"
    assert [e["key"] for e in amika("vault", "list", "--json").json] == ["GITHUB_TOKEN"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"no pair\n"])
def test_a_file_that_cannot_be_used_is_exit_2(content, amika, home):
    if content is not None:
        (home / "f.env").write_bytes(content)
    ran = amika("creds", "check", "--secrets-file", "f.env")
    assert ran.code == 2
    assert "f.env" in ran.err
    assert ran.out == ""


def test_an_air_gap_has_nothing_missing(capsys, home):
    assert main(["creds", "check", "--air-gap"]) == 0
    text = capsys.readouterr().out
    assert "skipped" in text
    assert "missing" not in text


def test_set_is_guided_on_a_terminal(ring):
    with Terminal(["creds", "set", "SLACK_SIGNING_SECRET"], dict(os.environ)) as terminal:
        terminal.expect("Value of SLACK_SIGNING_SECRET (not shown)")
        assert "Slack takes SLACK_SIGNING_SECRET; it is made at https://api.slack.com/apps" in terminal.seen
        terminal.type("fake-secret")
        assert terminal.end() == 0
        assert "Slack also needs SLACK_BOT_TOKEN" in terminal.seen
        assert "fake-secret" not in terminal.seen


def test_a_misspelt_key_is_asked_about_on_a_terminal(ring):
    with Terminal(["creds", "set", "OPENAI_API_KYE"], dict(os.environ)) as terminal:
        terminal.expect("did you mean OPENAI_API_KEY?")
        terminal.expect("[y/N]")
        terminal.type("n")
        assert terminal.end() == 0
        assert "Nothing was stored" in terminal.seen
    assert not ring.exists()


def test_set_without_a_terminal_needs_stdin_to_be_meant(amika, ring):
    ran = amika("creds", "set", "OPENAI_API_KEY", stdin=KEY)
    assert ran.code == 2
    assert "--stdin" in ran.err
    placeholder = amika("creds", "set", "OPENAI_API_KEY", "--stdin", stdin="your-key-here")
    assert placeholder.code == 2
    assert amika("creds", "set", "OPENAI_API_KEY", "--stdin", stdin="").code == 2
    other = amika("creds", "set", "MY_OWN_KEY", "--stdin", stdin="x")
    assert other.code == 0
    assert "no provider needs MY_OWN_KEY" in other.err


@pytest.mark.process
def test_eight_parallel_sets_lose_nothing(amika, monkeypatch, home):
    with_passphrase(monkeypatch, home)
    command = [sys.executable, "-m", "amika_cli.main", "creds", "set", "--stdin"]
    children = [subprocess.Popen([*command, f"KEY_{n}"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL) for n in range(8)]  # fmt: skip
    for child in children:
        child.communicate(b"value", timeout=90)
        assert child.returncode == 0
    assert [e["key"] for e in amika("vault", "list", "--json").json] == [f"KEY_{n}" for n in range(8)]


def test_list_and_check_load_nothing_heavy():
    code = (
        "import sys; from amika_cli.main import main; main(['creds', 'list', '--json']); "
        "main(['creds', 'check', '--env-only', '--json']); "
        "print([m for m in ('cryptography', 'keyring', 'httpx', 'asyncio', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_is_missing_or_too_much_is_answered_with_what_to_type(amika, home):
    bare = amika("creds", "set")
    assert (bare.code, bare.err) == (
        2,
        "amika: an argument is missing\n  usage: amika creds set KEY [--stdin] [--scope workspace|tenant]\n",
    )
    given = amika("creds", "set", "GITHUB_TOKEN", "ghp_fakefakefakefake0123")
    assert given.code == 2
    assert "amika creds set GITHUB_TOKEN --stdin < FILE" in given.err
    assert "fake0123" not in given.all
    assert "usage: amika creds list" in amika("creds", "list", "openai").err
