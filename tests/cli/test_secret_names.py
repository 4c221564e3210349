"""Names of stored secrets: what no variable can be called is said with how to use it, and no name is a value."""

from __future__ import annotations

import pytest

TOKEN = "sk-ant-api03-fake0123456789abcdef=="


@pytest.mark.parametrize(
    ("name", "use"), [("1A", "env:VARIABLE=1A"), ("my-database-url", "=my-database-url"), ("two words", "='two words'")]
)
def test_a_name_that_is_no_variable_is_stored_and_its_use_is_told(amika, server, stored, name, use):
    ran = amika("secret", "push", f"{name}=fake", "--yes")
    assert ran.code == 0
    assert f"{name!r} is no name of a variable" in ran.err
    assert use in ran.err
    assert list(stored()) == [(name, "user")]


def test_a_name_that_a_variable_can_have_is_no_remark_worth(amika, server):
    assert "variable" not in amika("secret", "push", "npm_config_2=fake", "_A=fake", "--yes").err


@pytest.mark.parametrize("words", [[TOKEN], ["GOOD=fake", TOKEN], ["--from-file", "-"]])
def test_a_value_where_a_name_belongs_is_neither_stored_nor_shown(amika, server, stored, words):
    ran = amika("secret", "push", *words, "--yes", stdin=f"GOOD=fake\n{TOKEN}\n")
    assert (ran.code, ran.out) == (2, "")
    assert "looks like the value of a secret" in ran.err
    assert "fake0123" not in ran.all
    assert stored() == {}
