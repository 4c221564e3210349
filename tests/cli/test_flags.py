from __future__ import annotations

import pytest

from amika_cli.flags import Flag, parse
from amika_local.errors import UsageError

FLAGS = (
    Flag("name", "NAME", "a name"),
    Flag("kind", "KIND", "a kind", choices=("a", "b", "c")),
    Flag("git", "URL", "optional value", optional=True),
    Flag("only", "A,B", "many", many=True),
    Flag("yes", "", "a switch", short="y"),
)


@pytest.mark.parametrize("argv", [["--name", "x"], ["--name=x"]])
def test_value_in_both_spellings(argv):
    assert parse(argv, FLAGS).get("name") == "x"


@pytest.mark.parametrize("argv", [["-o", "json"], ["-ojson"], ["-o=json"], ["--output=json"], ["--json"]])
def test_output(argv):
    assert parse(argv, FLAGS).output == "json"


def test_value_may_be_a_dash_or_begin_with_one():
    assert parse(["--name", "-"], FLAGS).get("name") == "-"
    assert parse(["--name", "-x"], FLAGS).get("name") == "-x"
    assert parse(["--name=--x"], FLAGS).get("name") == "--x"


def test_optional_value():
    assert parse(["--git"], FLAGS).has("git")
    assert parse(["--git"], FLAGS).get("git") == ""
    assert parse(["--git", "--yes"], FLAGS).get("git") == ""
    assert parse(["--git", "u"], FLAGS).get("git") == "u"
    assert parse(["--git=u"], FLAGS).get("git") == "u"


def test_many():
    assert parse(["--only", "A", "--only=B"], FLAGS).all("only") == ["A", "B"]


def test_double_dash_ends_the_flags():
    assert parse(["--", "--name"], FLAGS, high=1).words == ["--name"]
    args = parse(["--yes", "--", "cmd", "--name", "--"], FLAGS, rest=True)
    assert args.rest == ["cmd", "--name", "--"]
    assert args.words == []


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--nme", "x"], "did you mean --name?"),
        (["--name"], "needs a value"),
        (["--name", "--yes"], "needs a value"),
        (["--yes=maybe"], "takes no value"),
        (["--kind", "z"], "--kind takes a, b or c"),
        (["-z"], "unknown flag -z"),
        (["word"], "too many"),
        (["-o", "yaml"], "text, json or json-pretty"),
    ],
)
def test_refusals(argv, says):
    with pytest.raises(UsageError) as caught:
        parse(argv, FLAGS)
    assert says in caught.value.message


def test_a_refusal_never_quotes_a_value():
    for argv in (["--kind", "sk-fake-value"], ["--sk fake/value=x"], ["sk-fake-value"], ["--yes=sk-fake-value"]):
        with pytest.raises(UsageError) as caught:
            parse(argv, FLAGS)
        assert "fake" not in caught.value.message + caught.value.remedy


def test_missing_word_is_fine_when_help_is_asked():
    assert parse(["--help"], FLAGS, low=1, high=1).has("help")
    with pytest.raises(UsageError):
        parse([], FLAGS, low=1, high=1)
