from __future__ import annotations

import os

from tests.fakes.terminal import Terminal


def test_create_list_delete(amika, server):
    amika("secret", "push", "MY_DB=fake", "--yes")
    ran = amika(
        "sandbox", "create", "--remote", "--name", "try-it",
        "--git", "https://me:fake-token@example.com/me/repo",
        "--secret", "env:DB=MY_DB", "--secret=env:MY_DB", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert ran.json["name"] == "try-it"
    (box,) = server.sandboxes
    assert box["repo_url"] == "https://example.com/me/repo"
    assert box["secret_env_vars"] == {"DB": "MY_DB", "MY_DB": "MY_DB"}
    assert "fake-token" not in str(box) + ran.all
    assert "try-it" in amika("sandbox", "list", "--remote").out
    assert [b["name"] for b in amika("sandbox", "list", "--remote", "--json").json] == ["try-it"]
    assert amika("sandbox", "delete", "try-it", "--remote").code == 2
    assert amika("sandbox", "delete", "try-it", "--remote", "--yes").code == 0
    assert server.sandboxes == []
    gone = amika("sandbox", "delete", "try-it", "--remote", "--force", "--json")
    assert gone.code == 4
    assert gone.json == [{"name": "try-it", "deleted": False, "reason": gone.json[0]["reason"]}]


def test_a_name_is_made_when_none_is_given(amika, server):
    assert amika("sandbox", "create", "--remote").code == 0
    assert server.sandboxes[0]["name"].count("-") == 2
    assert server.sandboxes[0].get("repo_url") is None


def test_only_remote_exists(amika, server):
    for words in (["create"], ["list"], ["delete", "x"]):
        ran = amika("sandbox", *words)
        assert ran.code == 2
        assert "--remote" in ran.err
    assert not server.requests


def test_refusals(amika, server, home):
    for words, says in (
        (["--secret", "A"], "number 1 is not env:"),
        (["--secret", "env:A=sk-fake-0123456789"], "number 1 is not env:"),
        (["--git", "nowhere"], "neither a folder nor a URL"),
        (["--git"], "no git remote"),
        (["--name", "a/b"], "letters, digits"),
    ):
        ran = amika("sandbox", "create", "--remote", *words)
        assert ran.code == 2, words
        assert says in ran.err
        assert "fake" not in ran.all
    assert server.sandboxes == []


def test_a_secret_that_is_not_stored_is_told(amika, server):
    ran = amika("sandbox", "create", "--remote", "--secret", "env:A=nope")
    assert ran.code == 0
    assert "nope" in ran.err


def test_two_of_one_name(amika, server):
    assert amika("sandbox", "create", "--remote", "--name", "a").code == 0
    again = amika("sandbox", "create", "--remote", "--name", "a")
    assert again.code == 5
    assert "there is a sandbox a already" in again.err


def test_a_lost_answer_is_looked_after_before_a_second_one_is_made(amika, server):
    server.faults.add("drop", method="POST", path="/sandboxes")
    ran = amika("sandbox", "create", "--remote", "--name", "a")
    assert ran.code == 5
    assert "the sandbox a may be there all the same" in ran.err
    assert "amika sandbox list --remote" in ran.err
    assert len(server.sandboxes) == 1


def test_several_are_deleted_and_each_that_is_not_is_named(amika, server):
    amika("sandbox", "create", "--remote", "--name", "a")
    amika("sandbox", "create", "--remote", "--name", "b")
    server.faults.add("status", method="DELETE", path="/sandboxes/a", status=403)
    ran = amika("sandbox", "delete", "a", "nope", "b", "", "--remote", "--yes")
    assert ran.code == 4
    assert ran.out.splitlines()[0].startswith("not deleted: a: the server refused it (HTTP 403")
    assert ran.out.splitlines()[1:3] == ["not deleted: there is no sandbox nope", "deleted b"]
    assert "without a name" in ran.err
    assert [box["name"] for box in server.sandboxes] == ["a"]


def test_a_person_is_asked_before_a_deletion(amika, server):
    amika("sandbox", "create", "--remote", "--name", "a")
    with Terminal(["sandbox", "delete", "a", "--remote"], dict(os.environ)) as terminal:
        terminal.expect("Delete a with everything in it? [y/N]")
        terminal.type("n")
        assert terminal.end() == 0
    assert len(server.sandboxes) == 1
    with Terminal(["sandbox", "delete", "a", "--remote"], dict(os.environ)) as terminal:
        terminal.expect("[y/N]")
        terminal.type("yes")
        assert terminal.end() == 0
    assert server.sandboxes == []
