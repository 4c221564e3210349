from __future__ import annotations

import pytest

from amika_agent.stores.amika_api import GenericSecret, Refused, SecretsApi, Undecided
from amika_cli.secrets import bulk
from amika_local.errors import NotSignedIn, UsageError
from amika_local.secret import Secret


class Shelf(SecretsApi):
    """The three calls of the secrets API that storing needs, over a dict; `fail` maps a name to what is raised."""

    def __init__(self, **fail: BaseException) -> None:
        self.kept: dict[tuple[str, str], tuple[str, str]] = {}
        self.fail = fail
        self.sent = 0

    def list_generic(self) -> list[GenericSecret]:
        return [GenericSecret(id=i, name=n, scope=s) for (n, s), (i, _) in self.kept.items()]

    def create_generic(self, name: str, value: Secret, scope: str) -> GenericSecret:
        self._maybe_fail(name)
        if (name, scope) in self.kept:
            raise Refused("conflict", status=409)
        made = GenericSecret(f"id-{len(self.kept)}", name, scope)
        self.kept[name, scope] = (made.id, value.reveal())
        return made

    def update_generic(self, secret_id: str, value: Secret) -> str:
        for key, (known, _) in list(self.kept.items()):
            if known == secret_id:
                self._maybe_fail(key[0])
                self.kept[key] = (secret_id, value.reveal())
        return ""

    def _maybe_fail(self, name):
        self.sent += 1
        if name in self.fail:
            raise self.fail[name]

    def values(self):
        return {key: value for key, (_, value) in self.kept.items()}


def items(**pairs: str) -> list[bulk.Item]:
    return [bulk.Item(name, Secret(value), "argument") for name, value in pairs.items()]


def run(shelf: Shelf, wanted: list[bulk.Item], scope: str = "user") -> bulk.Progress:
    return bulk.store(shelf, bulk.steps(wanted, shelf.list_generic(), scope))


def test_later_layers_win_and_first_place_stays():
    merged = bulk.gathered(items(A="file", B="file"), items(B="argument"), items(A="environment", C="environment"))
    assert [(i.name, i.value.reveal()) for i in merged] == [
        ("A", "environment"),
        ("B", "argument"),
        ("C", "environment"),
    ]


def test_name_and_scope_are_the_key():
    shelf = Shelf()
    run(shelf, items(A="1"))
    run(shelf, items(A="2"), scope="org")
    run(shelf, items(A="3"))
    assert shelf.values() == {("A", "user"): "3", ("A", "org"): "2"}


def test_preview_is_masked_and_names_the_other_scope():
    listing = [GenericSecret("i", "A", "org"), GenericSecret("j", "B", "user")]
    wanted = items(A="abcd-0123456789-wxyz", B="short", C="")
    listing.append(GenericSecret("k", "D", "user"))
    wanted += items(D="")
    rows = bulk.preview(bulk.steps(wanted, listing, "user"), listing)
    assert rows == [
        ("A", "abcd…wxyz", "argument", "create (there is another one of that name in scope org)"),
        ("B", "****", "argument", "update"),
        ("C", "(empty)", "argument", "create"),
        ("D", "(empty)", "argument", "update: it will be empty"),
    ]


@pytest.mark.parametrize("value", ["", " ", "a\0b", "x" * 70_000, "\udc80"])
def test_what_cannot_be_stored_is_named_before_anything_is_sent(value):
    planned = bulk.steps(items(A="1", B=value), [], "user")
    with pytest.raises(UsageError, match=r"B \(argument\): the value") as caught:
        bulk.checked(planned)
    assert "Nothing was stored" in caught.value.remedy


def test_an_empty_value_may_empty_what_is_there():
    bulk.checked(bulk.steps(items(A=""), [GenericSecret("i", "A", "user")], "user"))


def test_a_refusal_costs_one_and_running_again_finishes():
    shelf = Shelf(B=Refused("refused", status=422))
    wanted = items(A="1", B="2", C="3")
    progress = run(shelf, wanted)
    assert bulk.as_json(progress) == {
        "done": [
            {"name": "A", "scope": "user", "action": "created"},
            {"name": "C", "scope": "user", "action": "created"},
        ],
        "left": [{"name": "B", "scope": "user", "reason": "refused"}],
    }
    shelf.fail.clear()
    assert not run(shelf, wanted).left
    assert shelf.values() == {("A", "user"): "1", ("B", "user"): "2", ("C", "user"): "3"}


@pytest.mark.parametrize("error", [Undecided("offline"), NotSignedIn("over"), Refused("slow down", status=429)])
def test_offline_or_signed_out_ends_it(error):
    shelf = Shelf(B=error)
    progress = run(shelf, items(A="1", B="2", C="3"))
    assert [s.item.name for s in progress.done] == ["A"]
    assert [s.item.name for s, _ in progress.left] == ["B", "C"]
    assert progress.error is error
    assert shelf.sent == 2


def test_an_interrupt_ends_it_and_tells_what_was_done():
    shelf = Shelf(B=KeyboardInterrupt())
    progress = run(shelf, items(A="1", B="2", C="3"))
    assert progress.interrupted
    assert [s.item.name for s in progress.done] == ["A"]
    assert [(s.item.name, why) for s, why in progress.left] == [("B", "interrupted"), ("C", "interrupted")]


def test_created_meanwhile_is_updated():
    shelf = Shelf()
    planned = bulk.steps(items(A="mine"), shelf.list_generic(), "user")
    shelf.create_generic("A", Secret("theirs"), "user")
    progress = bulk.store(shelf, planned)
    assert [s.action for s in progress.done] == ["update"]
    assert shelf.values() == {("A", "user"): "mine"}


def test_from_environment():
    found = bulk.from_environment("A, B,,", {"A": "1", "B": "2"})
    assert [(i.name, i.value.reveal()) for i in found] == [("A", "1"), ("B", "2")]
    for env in ({}, {"A": ""}):
        with pytest.raises(UsageError) as caught:
            bulk.from_environment("A", env)
        assert "A" in caught.value.message
