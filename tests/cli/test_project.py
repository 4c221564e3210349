from __future__ import annotations

import json
import os

import pytest

from amika_cli.children import project
from amika_local.errors import UsageError


def write(folder, text):
    (folder / ".amika").mkdir(parents=True, exist_ok=True)
    path = folder / ".amika" / "config.toml"
    path.write_text(text)
    return path


def test_only_the_secrets_table_is_ours(tmp_path):
    write(tmp_path, 'other = 3\n[services]\nweb = "x"\n[secrets]\nDATABASE_URL = "my-db"\n')
    found = project.find(str(tmp_path))
    assert found is not None
    assert found.secrets == {"DATABASE_URL": "my-db"}


def test_found_from_below_and_absent_without_table(tmp_path):
    write(tmp_path, '[secrets]\nA = "a"\n')
    below = tmp_path / "x" / "y"
    below.mkdir(parents=True)
    found = project.find(str(below))
    assert found is not None
    assert found.path == os.path.realpath(tmp_path / ".amika" / "config.toml")
    write(tmp_path, "[lifecycle]\n")
    assert project.find(str(below)) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[secrets\n", "not valid TOML"),
        ("secrets = 3\n", "not a table"),
        ('[secrets]\n"A-B" = "x"\n', "no variable name"),
        ('[secrets]\n"a;b" = "x"\n', "no variable name"),
        ("[secrets]\nA = 3\n", "not the name of a secret"),
        ('[secrets]\nA = " "\n', "not the name of a secret"),
    ],
)
def test_a_bad_file_is_a_usage_error(tmp_path, text, says):
    write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        project.find(str(tmp_path))
    assert says in caught.value.message


def test_trust_is_for_this_file_with_this_content(tmp_path):
    trust = str(tmp_path / "data" / "allowed.json")
    write(tmp_path / "a", '[secrets]\nA = "a"\n')
    write(tmp_path / "b", '[secrets]\nA = "a"\n')
    first, second = project.find(str(tmp_path / "a")), project.find(str(tmp_path / "b"))
    assert first is not None
    assert second is not None
    assert not project.is_allowed(trust, first)
    project.allow(trust, first)
    assert project.is_allowed(trust, first)
    assert not project.is_allowed(trust, second)
    write(tmp_path / "a", '[secrets]\nA = "a"\nPATH = "b"\n')
    changed = project.find(str(tmp_path / "a"))
    assert changed is not None
    assert not project.is_allowed(trust, changed)
    project.allow(trust, changed)
    assert project.forbid(trust, changed.path)
    assert not project.is_allowed(trust, changed)
    assert not project.forbid(trust, changed.path)
    assert os.stat(trust).st_mode & 0o777 == 0o600


def test_a_damaged_list_trusts_nobody(tmp_path):
    write(tmp_path, '[secrets]\nA = "a"\n')
    found = project.find(str(tmp_path))
    assert found is not None
    trust = tmp_path / "allowed.json"
    for text in ("", "[]", "{", json.dumps({found.path: 3})):
        trust.write_text(text)
        assert not project.is_allowed(str(trust), found)


def test_an_error_that_names_a_path_steers_no_terminal(amika, home):
    folder = home / "\x1b]0;title\x07\u202ered"
    write(folder, "not = [toml")
    ran = amika("allow", cwd=folder)
    assert ran.code == 2
    assert "is not valid TOML" in ran.err
    assert not {"\x1b", "\x07", "\u202e"} & set(ran.err)
    assert ran.err.endswith("\n  Repair the file.\n")


def test_the_folder_of_a_project_cannot_paint_over_what_it_asks_for(amika, tmp_path):
    folder = tmp_path / "repo\x1b[2A\x1b[Jsafe\u202e"
    write(folder, '[secrets]\nDATABASE_URL = "my-db"\n')
    for words in (["allow", "--yes"], ["allow", "--remove"]):
        ran = amika(*words, cwd=folder)
        assert ran.code == 0
        assert not set(ran.out + ran.err) & {"\x1b", "\u202e"}
    assert "DATABASE_URL" in amika("allow", "--yes", cwd=folder).out
