from __future__ import annotations

import subprocess

import pytest

from amika_cli.children import sandbox
from amika_local.errors import UsageError


def test_secret_variables():
    assert sandbox.secret_variables(["env:A", "env:B=my-b", "env:C=a=b"]) == {"A": "A", "B": "my-b", "C": "a=b"}


@pytest.mark.parametrize("spec", ["A", "file:A=b", "env:", "env:=x", "env:A-B", "env:A=", "env:1A", "sk-fake-value"])
def test_a_bad_secret_is_named_by_its_number_only(spec):
    with pytest.raises(UsageError) as caught:
        sandbox.secret_variables(["env:OK", spec])
    assert "number 2" in caught.value.message
    assert "fake" not in caught.value.message + caught.value.remedy


def test_a_variable_twice_is_refused():
    with pytest.raises(UsageError):
        sandbox.secret_variables(["env:A", "env:A=b"])


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("https://example.com/me/repo.git", "https://example.com/me/repo.git"),
        ("https://me:fake-token@example.com/me/repo", "https://example.com/me/repo"),
        ("https://fake-token@example.com:8443/r?x=1#y", "https://example.com:8443/r"),
        ("ssh://git@example.com/me/repo", "ssh://git@example.com/me/repo"),
        ("git@example.com:me/repo.git", "git@example.com:me/repo.git"),
    ],
)
def test_a_url_is_sent_without_password(given, sent):
    assert sandbox.repository(given) == sent


@pytest.mark.parametrize(
    "given", ["http://example.com/r", "file:///etc", "nowhere", "-x@h:p q", "https://", "https://h:x/", "ext::sh -c x"]
)
def test_other_repositories_are_refused(given):
    with pytest.raises(UsageError):
        sandbox.repository(given)


def test_a_folder_gives_its_origin(tmp_path):
    with pytest.raises(UsageError) as caught:
        sandbox.repository(str(tmp_path))
    assert "no git remote" in caught.value.message
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(
        ["git", "-C", str(tmp_path), "remote", "add", "origin", "https://u:fake@example.com/a/b.git"], check=True
    )
    assert sandbox.repository(str(tmp_path)) == "https://example.com/a/b.git"


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 64, "a/b", ".."])
def test_a_bad_name_is_refused(name):
    with pytest.raises(UsageError):
        sandbox.checked_name(name)


def test_random_names_are_valid_and_differ():
    names = {sandbox.random_name() for _ in range(20)}
    assert len(names) > 1
    assert all(sandbox.checked_name(name) == name for name in names)


def test_of_an_answer_only_known_fields_are_told():
    assert sandbox.told({"id": "1", "amika_opencode_web": "https://x/?token=fake", "branch": None}) == {
        "id": "1",
        "branch": None,
    }


@pytest.mark.parametrize(
    "url", [b"https://example.com/\xff", b"https://example.com/\x1b[31m", "https://h/\u202e".encode()]
)
def test_an_origin_that_is_no_text_is_refused(tmp_path, url):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    config = tmp_path / ".git" / "config"
    config.write_bytes(config.read_bytes() + b'[remote "origin"]\n\turl = ' + url + b"\n")
    with pytest.raises(UsageError, match="characters that no URL has"):
        sandbox.repository(str(tmp_path))
