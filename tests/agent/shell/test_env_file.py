from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
from tests.fakes.discoveries import discovery

from amika_agent.shell import env_file, hook, rc_file
from amika_agent.shell.folder import SHELLS, folder
from amika_local.credential import API_KEY, OAUTH, Credential, Problem
from amika_local.errors import Failed
from amika_local.findings import Discovery
from amika_local.secret import Secret

NOW = 1_800_000_000.0


def api_key(name: str, value: str = "fake", source: str = "opencode", ends: float | None = None) -> Credential:
    return Credential(
        name.removesuffix("_API_KEY").lower(), API_KEY, Secret(value), source, "/x", 200,
        native_name=name, expires_at=ends,
    )  # fmt: skip


def login() -> Credential:
    return Credential(
        "anthropic", OAUTH, Secret("fake-login"), "claude-oauth", "/y", 400, native_name="CLAUDE_CODE_OAUTH_TOKEN"
    )


def exported(found: Discovery, *allowed: str) -> list[str]:
    return [c.name for c in env_file.choose(found, allowed, NOW) if c.exported]


def test_api_keys_are_exported_and_logins_never() -> None:
    assert exported(discovery(login(), api_key("GROQ_API_KEY"))) == ["GROQ_API_KEY"]
    assert exported(discovery(login()), "CLAUDE_CODE_OAUTH_TOKEN") == []
    pasted = api_key("GROQ_API_KEY", "sk-ant-oat01-fake")  # into the field for another provider's key
    assert exported(discovery(pasted), "GROQ_API_KEY") == []


def test_the_metered_key_is_withheld_beside_a_subscription_login_unless_allowed_by_name() -> None:
    metered = api_key("ANTHROPIC_API_KEY")
    assert exported(discovery(metered)) == ["ANTHROPIC_API_KEY"]
    assert exported(discovery(login(), metered)) == []
    assert exported(discovery(login(), metered), "ANTHROPIC_API_KEY") == ["ANTHROPIC_API_KEY"]


@pytest.mark.parametrize("source", ["claude-oauth", "claude-keychain"])
def test_a_login_counts_wherever_it_is_kept_and_though_it_is_expired_or_cannot_be_read_now(source: str) -> None:
    metered = api_key("ANTHROPIC_API_KEY")
    kept = Credential("anthropic", OAUTH, Secret("fake-login"), source, "/y", 400)
    assert exported(discovery(kept, metered)) == []
    for code in ("expired", "malformed"):
        assert exported(discovery(metered, problems=(Problem(code, "…", source=source),))) == []
    blank = Problem("blank", "signed out", source=source)
    assert exported(discovery(metered, problems=(blank,))) == ["ANTHROPIC_API_KEY"]


@pytest.mark.parametrize(
    "credential",
    [
        api_key("302AI_API_KEY"), api_key("A;B_API_KEY"), api_key(""), api_key("GROQ_API_KEY", "nul\0"),
        api_key("GROQ_API_KEY", "half a pair \ud800"),
        *(api_key("GROQ_API_KEY", f"separator{separator}of ours") for separator in "\x1d\x1e\x1f"),
        api_key("GROQ_API_KEY", ends=NOW),
    ],
)  # fmt: skip
def test_what_no_shell_can_or_should_carry_is_left_out_with_a_reason(credential: Credential) -> None:
    (choice,) = env_file.choose(discovery(credential), (), NOW)
    assert not choice.exported
    assert choice.reason


def test_the_first_of_two_sources_wins() -> None:
    choices = env_file.choose(discovery(api_key("GROQ_API_KEY", "fake-1"), api_key("GROQ_API_KEY", "fake-2")), (), NOW)
    assert [c.exported for c in choices] == [True, False]


def test_keys_are_exported_only_while_programs_can_still_be_started_with_them() -> None:
    small = api_key("GROQ_API_KEY")
    large, larger = api_key("XAI_API_KEY", "x" * 40_000), api_key("OPENAI_API_KEY", "y" * 40_000)
    found = discovery(large, larger, api_key("META_API_KEY", "é" * 40_000), small)
    choices = env_file.choose(found, (), NOW)
    assert [choice.exported for choice in choices] == [True, False, False, True]
    assert "more than an environment can carry" in choices[1].reason
    # with what is exported a program starts, though each value is there twice
    record = env_file.render(choices, "fish", folder("/x")).partition("\x1e")[0]
    env = {"_AMIKA_API_KEYS": record, "XAI_API_KEY": "x" * 40_000}
    assert subprocess.run(["true"], env={"PATH": os.environ["PATH"], **env}, check=False).returncode == 0
    assert exported(discovery(api_key("XAI_API_KEY", "x" * 140_000))) == []


def test_the_mark_changes_with_the_content_and_only_then() -> None:
    one = env_file.choose(discovery(api_key("GROQ_API_KEY", "fake-1")), (), NOW)
    two = env_file.choose(discovery(api_key("GROQ_API_KEY", "fake-2")), (), NOW)
    where = folder("/x")
    first = [env_file.render(choices, "bash", where).split("\n")[0] for choices in (one, one, two)]
    assert first[0] == first[1]
    assert first[0] != first[2]


def test_the_files_exist_only_where_a_hook_does_and_are_private(tmp_path: Path) -> None:
    choices = env_file.choose(discovery(api_key("GROQ_API_KEY")), (), NOW)
    where = folder(str(tmp_path))
    assert env_file.update(str(tmp_path), choices) == []
    assert not (tmp_path / "shell").exists()
    hook.install(where, "fish")
    env_file.update(str(tmp_path), choices)
    *files, mark = sorted(os.listdir(where.path))
    assert files == ["env.fish", "hook.fish"]
    assert re.fullmatch(r"mark\.fish\.[0-9a-f]{16}", mark)
    assert stat.S_IMODE(os.stat(where.env("fish")).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(where.path).st_mode) == 0o700
    before = os.stat(where.env("fish")).st_ino
    env_file.update(str(tmp_path), choices)
    assert os.stat(where.env("fish")).st_ino == before
    hook.uninstall(where, "fish")
    env_file.update(str(tmp_path), choices)
    assert os.listdir(where.path) == ["hook.fish"]


def test_a_file_that_cannot_be_written_is_a_problem_with_a_remedy(tmp_path: Path) -> None:
    where = folder(str(tmp_path))
    hook.install(where, "bash")
    os.unlink(where.env("bash"))
    os.symlink("/nowhere/else", where.env("bash"))
    (problem,) = env_file.update(str(tmp_path), env_file.choose(discovery(api_key("GROQ_API_KEY")), (), NOW))
    assert problem.remedy
    assert os.path.islink(where.env("bash"))


def test_the_line_is_added_once_through_a_link_and_removed_without_a_trace(tmp_path: Path) -> None:
    real, rc = tmp_path / "dotfiles" / "bashrc", tmp_path / ".bashrc"
    real.parent.mkdir()
    real.write_bytes(b"alias a=b\r\n\xff odd bytes\nlast line without end")
    real.chmod(0o640)
    rc.symlink_to(real)
    where = folder("/h")
    line = rc_file.line("bash", where)
    assert rc_file.add(str(rc), line, where)
    assert not rc_file.add(str(rc), line, where)
    assert rc.is_symlink()
    assert real.read_bytes() == f"alias a=b\r\n\udcff odd bytes\nlast line without end\n{line}\n".encode(
        "utf-8", "surrogateescape"
    )
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert rc_file.remove(str(rc), where)
    assert not rc_file.remove(str(rc), where)
    assert real.read_bytes() == b"alias a=b\r\n\xff odd bytes\nlast line without end\n"


@pytest.mark.parametrize(
    "earlier",
    ["test -r '/h/shell/hook.fish'; and source '/h/shell/hook.fish'", "source '/h/shell/hook.fish' 2>/dev/null"],
)
def test_the_line_of_an_earlier_version_is_replaced_and_removed_and_no_other(tmp_path: Path, earlier: str) -> None:
    rc, where = tmp_path / "config.fish", folder("/h")
    other = rc_file.line("fish", folder("/other/h"))
    before = f"{earlier} {rc_file.MARK}\nset a b\n{other}\n"
    rc.write_text(before)
    line = rc_file.line("fish", where)
    assert rc_file.add(str(rc), line, where)
    assert rc.read_text() == f"set a b\n{other}\n{line}\n"
    rc.write_text(before)
    assert rc_file.remove(str(rc), where)
    assert rc.read_text() == f"set a b\n{other}\n"


@pytest.mark.parametrize("end", ["export A=b \\", "export A=b \\\\\\"])
def test_a_last_line_that_goes_on_does_not_swallow_ours(tmp_path: Path, end: str) -> None:
    rc, where = tmp_path / ".bashrc", folder("/h")
    rc.write_text(end)
    line = rc_file.line("bash", where)
    assert rc_file.add(str(rc), line, where)
    assert rc.read_text() == f"{end}\n\n{line}\n"
    rc.write_text("echo \\\\")
    assert rc_file.add(str(rc), line, where)
    assert rc.read_text() == f"echo \\\\\n{line}\n"


@pytest.mark.parametrize("mode", [0o444, 0o400])
def test_a_read_only_rc_file_is_not_replaced(tmp_path: Path, mode: int) -> None:
    rc, where = tmp_path / ".bashrc", folder("/h")
    rc.write_text("# managed by somebody\n")
    rc.chmod(mode)
    with pytest.raises(Failed, match="read-only"):
        rc_file.add(str(rc), "the line", where)
    assert rc.read_text() == "# managed by somebody\n"


def test_an_rc_file_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".bashrc")
    with pytest.raises(Failed, match="no plain file"):
        rc_file.add(str(tmp_path / ".bashrc"), "the line", folder("/h"))


@pytest.mark.parametrize("name", ["in\ntwo", "a\x1bb", "no \udcff text"])
def test_a_folder_that_no_line_can_name_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(Failed, match="no start-up file can name") as raised:
        hook.install(folder(str(tmp_path / name)), "bash")
    assert raised.value.remedy
    assert os.listdir(tmp_path) == []


def test_a_folder_in_which_others_can_write_is_refused(tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to(open_to_all)
    for path in (open_to_all, link):
        with pytest.raises(Failed, match="every user can write"):
            hook.install(folder(str(path / "deep/er")), "bash")
    open_to_all.chmod(0o1777)  # as /tmp
    hook.install(folder(str(open_to_all / "deep/er")), "bash")
    if os.geteuid() == 0:
        os.chown(open_to_all / "deep", 12345, 12345)
        with pytest.raises(Failed, match="another user"):
            hook.install(folder(str(open_to_all / "deep/er")), "bash")


def test_an_rc_file_that_is_a_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(Failed):
        rc_file.add(str(tmp_path), "the line", folder("/h"))


@pytest.mark.parametrize("shell", SHELLS)
def test_paused_a_file_only_loses_what_is_not_exported_any_more(tmp_path: Path, shell: str) -> None:
    where = folder(str(tmp_path))
    hook.install(where, shell)
    wild = "a'b\\\n_AMIKA_API_KEYS=x\n\nOPENAI_API_KEY='x\\\\' \\n\n"

    def update(*credentials: Credential, paused: bool) -> str:
        choices = env_file.choose(discovery(*credentials), (), NOW)
        assert env_file.update(str(tmp_path), choices, paused=paused) == []
        return Path(where.env(shell)).read_bytes().decode()

    none = update(paused=False)
    assert update(api_key("GROQ_API_KEY", "new"), paused=True) == none
    groq, openai = api_key("GROQ_API_KEY", wild), api_key("OPENAI_API_KEY", "one")
    alone = update(groq, paused=False)
    both = update(groq, openai, paused=False)
    assert len({none, alone, both}) == 3
    assert update(groq, api_key("OPENAI_API_KEY", "two"), api_key("XAI_API_KEY"), paused=True) == both
    assert update(api_key("GROQ_API_KEY", "newer"), paused=True) == alone
