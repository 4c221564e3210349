from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def test_config(amika, home):
    assert "sync.auto_push" in amika("config", "list").out
    assert amika("config", "get", "agent.log_level").out == "info\n"
    assert amika("config", "set", "sync.auto_push", "codex,claude").code == 0
    assert amika("config", "get", "sync.auto_push", "--json").json["value"] == ["codex", "claude"]
    assert amika("config", "get", "sync.auto_push", "--local").out == "claude,codex\n"
    assert amika("config", "set", "env_cache.enabled", "off").code == 0
    assert amika("config", "list", "--json").json["settings"]["env_cache.enabled"] is False
    settings = home / ".config" / "amika-desktop" / "default" / "settings.toml"
    assert settings.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["get", "sync.autopush"], 4, "did you mean sync.auto_push?"),
        (["set", "nope", "1"], 4, "no such setting"),
        (["set", "sync.auto_push", "gemini"], 2, "claude, codex"),
        (["set", "env_cache.enabled", "maybe"], 2, "true or false"),
        (["set", "account.api_url", "http://example.com"], 2, "must be https"),
        (["set", "account.api_url"], 2, "missing"),
    ],
)
def test_config_refusals(amika, home, words, code, says):
    ran = amika("config", *words)
    assert ran.code == code
    assert says in ran.err
    assert not (home / ".config" / "amika-desktop").exists()


def test_a_damaged_settings_file_is_told_and_not_lost(amika, home):
    path = home / ".config" / "amika-desktop" / "default" / "settings.toml"
    path.parent.mkdir(parents=True)
    path.write_text("broken [\n")
    ran = amika("config", "list")
    assert ran.code == 0
    assert "not valid TOML" in ran.err
    assert amika("config", "set", "agent.log_level", "debug").code == 5
    assert path.read_text() == "broken [\n"


def test_install_cli(amika, home):
    ran = amika("install-cli", "--json")
    assert ran.code == 0
    place = home / ".local" / "bin" / "amika"
    assert ran.json["changed"] is True
    assert ran.json["on_path"] is False
    assert place.is_symlink()
    again = amika("install-cli", env={"PATH": f"{place.parent}:{os.environ['PATH']}"})
    assert "already linked" in again.out
    assert amika("install-cli", "--uninstall").code == 0
    assert not place.is_symlink()
    assert amika("install-cli", "--uninstall").code == 0


def test_another_amika_is_named_and_never_replaced(amika, home):
    other = home / "go" / "amika"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    ran = amika("install-cli", env={"PATH": f"{other.parent}:{home / '.local' / 'bin'}:{os.environ['PATH']}"})
    assert ran.code == 0
    assert str(other) in ran.out
    place = home / ".local" / "bin" / "amika"
    hidden = amika("install-cli", "--json", env={"PATH": f"{place.parent}:{other.parent}:{os.environ['PATH']}"})
    assert (hidden.json["other"], hidden.json["others"]) == (None, [str(other)])
    hidden = amika("install-cli", env={"PATH": f"{place.parent}:{other.parent}:{os.environ['PATH']}"})
    assert f"terminals find this one before it: {other}" in hidden.out
    place.unlink()
    place.symlink_to("/mnt/disk/amika")
    assert "/mnt/disk/amika, which is not there" in amika("install-cli").out
    place.unlink()
    place.write_text("theirs")
    assert amika("install-cli").code == 5
    assert amika("install-cli", "--uninstall").code == 5
    assert place.read_text() == "theirs"


def test_tray_without_its_package_says_how_to_get_it(amika):
    pytest.importorskip("amika_tray")
    ran = amika("tray", "extra")
    assert ran.code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_valid_in_its_shell(amika, home, shell):
    ran = amika("completion", shell)
    assert ran.code == 0
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = home / "completion"
    script.write_text(ran.out)
    done = subprocess.run([program, "-n", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_completion_in_bash(amika, home):
    script = home / "completion"
    script.write_text(amika("completion", "bash").out)

    def complete(*words: str) -> set[str]:
        typed = " ".join(f"'{word}'" for word in words)
        code = (
            f"source {script}; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; "
            '_amika; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    assert {"secret", "status", "up", "auth"} <= complete("amika", "")
    assert complete("amika", "secret", "c") == {"claude", "codex"}
    assert complete("amika", "secret", "claude", "") == {"push", "list", "delete"}
    assert "--type" in complete("amika", "secret", "claude", "push", "--")
    assert {"rules", "forget", "--dry-run"} <= complete("amika", "sync", "")
    assert complete("amika", "-o", "json", "auth", "lo") == {"login", "logout"}
    assert complete("amika", "auth", "login", "") == {"amika", "almyty", "akos"}
    assert complete("amika", "secret", "claude", "push", "--type", "") == {"oauth", "api_key"}
    assert complete("amika", "secret", "claude", "push", "--type", "=", "o") == {"oauth"}
    assert complete("amika", "secret", "claude", "push", "--type", "oauth", "--sc") == {"--scope"}
    assert complete("amika", "vault", "put", "K", "--scope", "") == {"workspace", "tenant"}
    assert complete("amika", "secret", "push", "--from-file", "") == set()  # the shell offers files
    assert complete("amika", "config", "get", "network.p") == {"network.proxy"}
    assert complete("amika", "run", "--", "") == set()


def test_completion_in_fish(amika, home):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    (home / "some-file").touch()
    script = home / "completion"
    script.write_text(amika("completion", "fish").out)

    def complete(line: str) -> set[str]:
        code = f"source {script}; complete -C '{line}'"
        done = subprocess.run(["fish", "-c", code], capture_output=True, text=True, check=True, cwd=home)
        assert done.stderr == ""
        return {one.partition("\t")[0] for one in done.stdout.splitlines()}

    assert complete("amika secret c") == {"claude", "codex"}
    assert complete("amika auth login ") == {"amika", "almyty", "akos"}
    assert complete("amika secret claude push --type ") == {"oauth", "api_key"}
    assert complete("amika secret claude push --type oauth --sc") == {"--scope"}
    assert "--yes" in complete("amika secret claude delete ID --")
    assert "some-file" in complete("amika secret push --from-file ")
    assert complete("amika status ") == set()


def test_completion_in_zsh(amika, home):
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    script = home / "completion"
    script.write_text(amika("completion", "zsh").out)

    def complete(*words: str) -> set[str]:
        # what zsh itself would set; what would be offered is printed
        stand_ins = "compadd() { shift; print -l -- $@ }; _files() { print FILES }; compset() { : }; compdef() { : }"
        typed = " ".join(f"'{word}'" for word in words)
        code = f"{stand_ins}; source {script}; words=({typed}); CURRENT={len(words)}; _amika"
        done = subprocess.run(["zsh", "-f", "-c", code], capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return set(done.stdout.split())

    assert {"secret", "status"} <= complete("amika", "")
    assert complete("amika", "secret", "claude", "") == {"push", "list", "delete"}
    assert complete("amika", "secret", "claude", "push", "--type", "") == {"oauth", "api_key"}
    assert complete("amika", "secret", "claude", "push", "--type=o") == {"oauth", "api_key"}
    assert "--scope" in complete("amika", "secret", "claude", "push", "--type", "oauth", "--")
    assert complete("amika", "secret", "push", "--from-file", "") == {"FILES"}


def test_completion_of_another_shell(amika):
    assert amika("completion", "tcsh").code == 2


@pytest.mark.parametrize("command", ["completion", "shell-init"])
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_a_script_as_json_is_one_value(amika, command, shell):
    found = amika(command, shell, "-o", "json").json
    assert found["shell"] == shell
    assert found["script"] == amika(command, shell).out
