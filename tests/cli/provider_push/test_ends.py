"""How a push ends: `amika sync forget`, `delete`, and the answer to what a rule asks."""

from __future__ import annotations

NAME = ("Claude OAuth", "user")


def test_forget_leaves_the_secret(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    assert [rule["id"] for rule in amika("sync", "rules", "--json").json] == ["claude-oauth"]
    ran = amika("sync", "forget", "claude-oauth")
    assert ran.code == 0
    assert amika("sync", "rules", "--json").json == []
    assert list(stored("claude")) == [NAME]
    assert amika("sync", "forget", "claude-oauth").code == 4


def test_forget_deletes_the_secret_when_asked(amika, claude, codex, server, stored):
    claude()
    codex()
    amika("secret", "claude", "push", "--type", "oauth")
    amika("secret", "claude", "push", "--value", "sk-ant-fake", "--name", "By hand")
    amika("secret", "extract", "--push", "--only", "OPENAI_API_KEY", "--yes")
    amika("config", "set", "sync.auto_push", "claude")
    ran = amika("sync", "forget", "claude-oauth", "--delete")
    assert ran.code == 0, ran.err
    assert "What was stored is deleted." in ran.out
    assert "sync.auto_push" in ran.out
    assert [record["name"] for record in server.records("claude")] == ["By hand"]
    assert all(stored().values()), "another rule's secret stays"
    (generic,) = [rule["id"] for rule in amika("sync", "rules", "--json").json]
    assert "emptied" in amika("sync", "forget", generic, "--delete").out
    assert stored() == {("OPENAI_API_KEY", "user"): ""}
    assert amika("sync", "rules", "--json").json == []
    assert amika("sync").code == 0
    assert [record["name"] for record in server.records("claude")] == ["By hand"], "auto_push does not begin anew"


def test_a_secret_that_cannot_be_deleted_keeps_its_rule(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    server.faults.add("status", method="DELETE", status=500)
    ran = amika("sync", "forget", "claude-oauth", "--delete")
    assert ran.code == 5
    assert "The rule stays; run it again." in ran.err
    assert [rule["id"] for rule in amika("sync", "rules", "--json").json] == ["claude-oauth"]
    server.faults.clear()
    assert amika("sync", "forget", "claude-oauth", "--delete").code == 0
    assert server.records("claude") == []


def test_delete_is_for_one_rule(amika):
    ran = amika("sync", "forget", "--everything", "--delete", "--yes")
    assert ran.code == 2
    assert "--delete" in ran.err


def test_list_and_delete(amika, claude, server):
    assert "amika secret claude push" in amika("secret", "claude", "list").out
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    (row,) = amika("secret", "claude", "list", "--json").json
    assert (row["name"], row["type"], row["scope"], row["rule"]) == ("Claude OAuth", "oauth", "user", "claude-oauth")
    by_name = amika("secret", "claude", "delete", "Claude OAuth")
    assert by_name.code == 4
    assert row["id"] in by_name.err
    gone = amika("secret", "claude", "delete", row["id"])
    assert gone.code == 0
    assert server.records("claude") == []
    assert amika("sync", "rules", "--json").json == []
    assert amika("secret", "claude", "delete", "../../secrets").code == 4
    assert amika("secret", "codex", "delete", row["id"]).code == 4


def test_resolve(amika, claude, server, stored):
    claude()
    amika("secret", "claude", "push", "--type", "oauth")
    server.remove(server.records("claude")[0]["id"])
    ran = amika("sync", "resolve", "claude-oauth", "restore")
    assert ran.code == 0, ran.err
    assert list(stored("claude")) == [NAME]
    assert amika("sync", "resolve", "claude-oauth", "nonsense").code == 2
    assert amika("sync", "resolve", "nope", "restore").code == 4


def test_forget_everything(amika, claude, codex, server, stored):
    claude()
    codex()
    amika("secret", "claude", "push", "--type", "oauth")
    amika("secret", "extract", "--push", "--only", "OPENAI_API_KEY", "--yes")
    assert amika("sync", "forget").code == 2
    assert amika("sync", "forget", "claude-oauth", "--everything").code == 2
    assert amika("sync", "forget", "--everything").code == 2
    assert len(server.records("claude")) == 1
    ran = amika("sync", "forget", "--everything", "--yes")
    assert ran.code == 0, ran.err
    assert server.records("claude") == []
    assert stored() == {("OPENAI_API_KEY", "user"): ""}
    assert amika("sync", "rules", "--json").json == []
