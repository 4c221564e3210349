from __future__ import annotations

import os

import pytest
from tests.cli.conftest import write
from tests.fakes.terminal import Terminal


def test_create_then_update(amika, server, stored):
    first = amika("secret", "push", "GROQ_API_KEY=fake-0123456789-abcdef-1", "--yes")
    assert first.code == 0
    assert "created GROQ_API_KEY" in first.out
    assert "fake…ef-1" in first.out
    assert "visible to other programs" in first.err
    second = amika("secret", "push", "--from-env", "GROQ_API_KEY", "--yes", env={"GROQ_API_KEY": "fake-two"})
    assert "updated GROQ_API_KEY" in second.out
    assert "visible" not in second.err
    assert stored() == {("GROQ_API_KEY", "user"): "fake-two"}


def test_file_is_overridden_by_arguments_and_both_by_the_environment(amika, home, server, stored):
    (home / ".env").write_text("A=file\nB=file\n# comment\nC=file\n")
    ran = amika(
        "secret", "push", "B=argument", "C=argument", "--from-file", ".env", "--from-env=C,D", "--yes",
        env={"C": "environment", "D": "environment"},
    )  # fmt: skip
    assert ran.code == 0
    assert stored() == {
        ("A", "user"): "file",
        ("B", "user"): "argument",
        ("C", "user"): "environment",
        ("D", "user"): "environment",
    }


def test_a_file_on_stdin(amika, server, stored):
    assert amika("secret", "push", "--from-file", "-", "--yes", stdin="A=one\nB=two\n").code == 0
    assert stored() == {("A", "user"): "one", ("B", "user"): "two"}


def test_json(amika, server):
    ran = amika("secret", "push", "--from-env", "A", "--yes", "-o", "json", env={"A": "fake-value"})
    assert ran.json == {"done": [{"name": "A", "scope": "user", "action": "created"}], "left": []}


def test_the_alias_secrets(amika, server, stored):
    assert amika("secrets", "push", "A=1", "--yes").code == 0
    assert stored() == {("A", "user"): "1"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["A=sk-fake-value"], "--yes"),
        (["A=sk-fake-value", "-o", "json"], "--yes"),
        (["A=sk-fake-value", "--scope", "org"], "--yes"),
        (["sk-fake-value", "--yes"], "argument 1 is not KEY=VALUE"),
        (["--yes"], "nothing to store"),
        (["--from-env", "NOPE", "--yes"], "NOPE"),
        (["--from-file", "nope.env", "--yes"], "nope.env cannot be read"),
        (["--from-file", ".", "--yes"], "is not a file"),
        (["A=sk-fake-value", "--scope", "team", "--yes"], "--scope takes user or org"),
        (["A=sk-fake-value", "B=", "--yes"], "B (argument): the value is blank"),
        (["A=sk-fake-value", "B\x1b=1", "--yes"], "control characters"),
    ],
)
def test_refusals_send_nothing(amika, server, words, says):
    ran = amika("secret", "push", *words)
    assert ran.code == 2
    assert says in ran.err
    assert "fake-value" not in ran.all
    assert not [request for request in server.requests if request.method != "GET"]


def test_a_bad_line_is_named_by_its_number(amika, home, server):
    (home / ".env").write_text("A=1\nsk-fake-secret-without-equals\n")
    ran = amika("secret", "push", "--from-file", ".env", "--yes")
    assert ran.code == 2
    assert ".env, line 2" in ran.err
    assert "fake" not in ran.all


def test_signed_out(amika, server):
    ran = amika("secret", "push", "A=1", "--yes", env={"AMIKA_API_KEY": ""})
    assert ran.code == 3
    assert "amika auth login" in ran.err
    assert not server.requests


def test_rejected_key(amika, server):
    ran = amika("secret", "push", "A=1", "--yes", env={"AMIKA_API_KEY": "fake-other"})
    assert ran.code == 3
    assert "fake-other" not in ran.all


def test_unreachable_server(amika, server):
    server.faults.add("refuse", times=-1)
    ran = amika("secret", "push", "A=1", "--yes")
    assert ran.code == 5


def test_org_scope_is_another_secret(amika, server, stored):
    amika("secret", "push", "A=mine", "--yes")
    ran = amika("secret", "push", "A=ours", "--scope", "org", "--yes")
    assert "there is another one of that name in scope user" in ran.out
    assert "every member" in ran.err
    assert stored() == {("A", "user"): "mine", ("A", "org"): "ours"}


def test_a_rest_is_finished_by_running_it_again(amika, server, stored):
    server.faults.add("status", method="POST", path="/secrets", skip=1, status=422)
    ran = amika("secret", "push", "A=1", "B=2", "C=3", "--yes", "-o", "json")
    assert ran.code == 5
    assert [s["name"] for s in ran.json["done"]] == ["A", "C"]
    assert [s["name"] for s in ran.json["left"]] == ["B"]
    assert "2 stored, 1 not" in ran.err
    again = amika("secret", "push", "A=1", "B=2", "C=3", "--yes")
    assert again.code == 0
    assert stored() == {("A", "user"): "1", ("B", "user"): "2", ("C", "user"): "3"}


def test_a_lost_answer_is_found_again(amika, server, stored):
    server.faults.add("drop", method="POST", path="/secrets")
    ran = amika("secret", "push", "A=1", "B=2", "--yes")
    assert ran.code == 5
    assert amika("secret", "push", "A=1", "B=2", "--yes").code == 0
    assert stored() == {("A", "user"): "1", ("B", "user"): "2"}
    assert len(server.records("generic")) == 2


def test_a_missing_project_secret_is_told(amika, home, server):
    (home / ".amika").mkdir()
    (home / ".amika" / "config.toml").write_text('[secrets]\nDATABASE_URL = "my-db"\nA = "A"\n')
    ran = amika("secret", "push", "A=1", "--yes")
    assert ran.code == 0
    assert "my-db" in ran.err
    (home / ".amika" / "config.toml").write_text("not toml")
    assert amika("secret", "push", "A=1", "--yes").code == 0


def test_a_person_is_asked_and_may_type_ahead(server, stored):
    with Terminal(["secret", "push", "A=fake"], dict(os.environ)) as terminal:
        terminal.type("y")
        terminal.expect("Store 1 secret in scope user? [y/N]")
        assert terminal.end() == 0
    assert stored() == {("A", "user"): "fake"}


@pytest.mark.parametrize("answer", ["n", "", "no", "yes please"])
def test_anything_but_yes_is_no(server, stored, answer):
    with Terminal(["secret", "push", "A=fake"], dict(os.environ)) as terminal:
        terminal.expect("[y/N]")
        terminal.type(answer)
        assert terminal.end() == 0
        assert "Nothing was stored" in terminal.seen
    assert stored() == {}


def test_interrupted_at_the_question(server, stored):
    with Terminal(["secret", "push", "A=fake"], dict(os.environ)) as terminal:
        terminal.expect("[y/N]")
        terminal.process.send_signal(2)
        assert terminal.end() == 130
        assert "\namika: interrupted" in terminal.seen.replace("\r", "")
    assert stored() == {}


def test_interrupted_in_the_middle(server, stored, until):
    server.faults.add("delay", method="POST", path="/secrets", skip=1)
    with Terminal(["secret", "push", "A=one", "B=two", "C=three", "--yes"], dict(os.environ)) as terminal:
        until(lambda: len([r for r in server.requests if r.method == "POST"]) == 2)
        terminal.process.send_signal(2)
        assert terminal.end() == 130
    assert "created A" in terminal.seen
    assert "not stored: C: interrupted" in terminal.seen
    assert stored()["A", "user"] == "one"


def test_progress_for_more_than_ten(server, stored):
    words = [f"KEY{n}=value" for n in range(11)]
    with Terminal(["secret", "push", "--yes", *words], dict(os.environ)) as terminal:
        assert terminal.end() == 0
        assert "11/11 stored" in terminal.seen
    assert len(stored()) == 11
    with Terminal(["secret", "push", "--yes", *words[:10]], dict(os.environ)) as terminal:
        assert terminal.end() == 0
        assert "/10 stored" not in terminal.seen


def test_progress_for_more_than_ten_that_are_kept_in_sync(server, stored, home):
    write(home / ".amp" / "config.json", {"token": "fake"})
    write(home / ".local/share/opencode/auth.json", {f"p{n}": {"type": "api", "key": "fake"} for n in range(10)})
    with Terminal(["secret", "extract", "--push", "--yes"], dict(os.environ)) as terminal:
        assert terminal.end() == 0
        assert "12/12 stored" in terminal.seen
    assert len(stored()) == 12


def test_a_blank_answer_stores_nothing(server, stored):
    with Terminal(["secret", "push", "GROQ_API_KEY", "--yes"], dict(os.environ)) as terminal:
        terminal.expect("(not shown):")
        terminal.type(" ")
        assert terminal.end() == 2
        assert "what you typed for GROQ_API_KEY is blank" in terminal.seen
    assert stored() == {}


def test_list(amika, server):
    assert "amika secret push" in amika("secret", "list").out
    assert amika("secret", "list", "--json").json == []
    amika("secret", "push", "B=1", "A=2", "--yes")
    text = amika("secret", "list").out.splitlines()
    assert [line.split()[0] for line in text] == ["NAME", "A", "B"]
    assert [(s["name"], s["scope"]) for s in amika("secret", "list", "--json").json] == [("A", "user"), ("B", "user")]


def test_names_from_the_server_cannot_steer_the_terminal(amika, server):
    server.put("generic", name="evil\x1b[2J\u202ename", value="fake")
    assert "\x1b" not in amika("secret", "list").out
    assert "\x1b" not in amika("secret", "list", "--json").out


def test_extract_shows_and_stores(amika, codex, claude, server, stored):
    codex()
    claude()
    ran = amika("secret", "extract", "--no-oauth")
    assert ran.code == 0
    assert "sk-f…6789" in ran.out
    assert "sk-fake-openai-0123456789" not in ran.all
    assert {row["name"] for row in amika("secret", "extract", "--json").json} == {
        "ANTHROPIC_API_KEY",
        "CLAUDE_API_KEY",
        "OPENAI_API_KEY",
        "CODEX_API_KEY",
    }
    assert not server.records("generic")
    assert amika("secret", "extract", "--push", "--only", "OPENAI_API_KEY").code == 2
    once = amika("secret", "extract", "--push", "--once", "--only", "OPENAI_API_KEY", "--yes")
    assert once.code == 0, once.err
    assert stored() == {("OPENAI_API_KEY", "user"): "sk-fake-openai-0123456789"}
    assert amika("sync", "rules", "--json").json == []


def test_extracted_secrets_are_kept_in_sync(amika, codex, claude, server, stored):
    codex()
    ran = amika("secret", "extract", "--push", "--yes", "--json")
    assert ran.code == 0, ran.err
    assert [(row["name"], row["action"]) for row in ran.json["done"]] == [
        ("CODEX_API_KEY", "created"),
        ("OPENAI_API_KEY", "created"),
    ]
    codex("sk-fake-openai-changed-1")
    assert amika("sync").code == 0
    assert set(stored().values()) == {"sk-fake-openai-changed-1"}
    claude()
    again = amika("secret", "extract", "--push", "--yes", "--only", "ANTHROPIC_API_KEY,OPENAI_API_KEY")
    assert again.code == 0, again.err
    assert "OAuth tokens, not API keys" in again.err
    assert "amika sync forget generic-openai-api-key" in again.out
    assert stored()["ANTHROPIC_API_KEY", "user"] == "sk-ant-oat01-fake-one"


def test_extracted_secrets_that_cannot_be_stored(amika, codex, server, stored):
    codex()
    server.faults.add("status", method="POST", path="/secrets", status=422)
    ran = amika("secret", "extract", "--push", "--yes", "--json")
    assert ran.code == 5
    assert len(ran.json["left"]) == 1
    assert amika("secret", "extract", "--push", "--yes").code == 0
    assert len(stored()) == 2


def test_extracted_tokens_that_do_not_say_when_they_end(amika, home, server, stored):
    write(home / ".local/state/amika/oauth.json", {"XAI_API_KEY": "fake-xai"})
    ran = amika("secret", "extract", "--push", "--yes")
    assert ran.code == 0, ran.err
    assert "OAuth tokens, not API keys: XAI_API_KEY" in ran.err
    assert "It is kept in sync" in ran.out


def test_another_home_is_stored_once(amika, home, codex, server, stored):
    codex()
    assert amika("secret", "extract", "--push", "--yes", "--only", "OPENAI_API_KEY").code == 0
    write(home / "other" / ".codex" / "auth.json", {"OPENAI_API_KEY": "sk-fake-of-another-home"})
    ran = amika("secret", "extract", "--push", "--yes", "--homedir", "other", "--only", "CODEX_API_KEY")
    assert ran.code == 0, ran.err
    assert "not kept in sync" in ran.err
    assert stored()["CODEX_API_KEY", "user"] == "sk-fake-of-another-home"
    assert [rule["id"] for rule in amika("sync", "rules", "--json").json] == ["generic-openai-api-key"]


def test_a_bad_source_is_said_with_its_next_step(amika, home, server):
    write(home / ".codex" / "auth.json", "{")
    assert "(line 1). Repair the file" in amika("secret", "extract").err


def test_extract_of_what_is_not_there(amika, home, server):
    assert "Nothing was found" in amika("secret", "extract").out
    assert amika("secret", "extract", "--push", "--yes", "--json").json == {"done": [], "left": []}
    missing = amika("secret", "extract", "--only", "NOPE_API_KEY")
    assert missing.code == 4
    assert "NOPE_API_KEY" in missing.err


def test_extract_of_another_home(amika, home, codex, server):
    codex()
    other = home / "other"
    other.mkdir()
    assert amika("secret", "extract", "--json", "--homedir", str(other)).json == []


def test_a_name_alone_is_asked_for_and_not_shown(server, stored):
    with Terminal(["secret", "push", "GROQ_API_KEY"], dict(os.environ)) as terminal:
        terminal.expect("Value of GROQ_API_KEY (not shown):")
        terminal.type("gsk-fake-typed-in")
        terminal.expect("[y/N]")
        terminal.type("y")
        assert terminal.end() == 0
        assert "fake-typed" not in terminal.seen
    assert stored() == {("GROQ_API_KEY", "user"): "gsk-fake-typed-in"}


def test_a_value_given_for_a_name_is_not_repeated(server):
    with Terminal(["secret", "push", "sk-fake-0123456789"], dict(os.environ)) as terminal:
        assert terminal.end() == 2
        assert "fake" not in terminal.seen


def test_the_echo_comes_back_after_an_interrupt(server):
    with Terminal(["secret", "push", "GROQ_API_KEY"], dict(os.environ)) as terminal:
        terminal.expect("(not shown):")
        assert not terminal.echoes()
        terminal.process.send_signal(2)
        terminal.process.wait(10)
        assert terminal.echoes()
