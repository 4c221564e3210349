"""Amika's own stores, OpenCode, Amp, and the tools beyond the eight."""

from __future__ import annotations

import pytest
from tests.fakes.homes import FUTURE, FUTURE_MS, NOW, PAST_MS

from amika_local.credential import API_KEY, OAUTH, Credential, Problem
from amika_local.document import FieldError
from amika_local.sources import TABLE, amika_stores, amp, amp_secrets, gemini, kimi, opencode, qwen
from amika_local.sources.place import Place, Skipped


def place(source: str, **more) -> Place:
    return Place(next(row for row in TABLE if row.id == source), "/home/dev/file", NOW, **more)


def pairs(found) -> list[tuple[str, str]]:
    return [(item.provider, item.value.reveal()) for item in found if isinstance(item, Credential)]


# Amika's flat files


def test_variables_in_any_letter_case_in_bytewise_order():
    document = {
        "groq_api_key": "l",
        "OPEN-ROUTER_API_KEY": "d",
        "CLAUDE_API_KEY": " c ",
        "ANTHROPIC_API_KEY": "a",
        "Codex_Api_Key\n": "o",
        "A_API_KEY_API_KEY": "x",
    }
    assert pairs(amika_stores.parse(document, place("keychain"))) == [
        ("anthropic", "a"),
        ("a-api-key", "x"),
        ("anthropic", "c"),
        ("openai", "o"),
        ("open-router", "d"),
        ("groq", "l"),
    ]


@pytest.mark.parametrize(
    "key",
    ["NOTAKEY", "API_KEY", "_API_KEY", "GROQ_API_KEYS", "GROQ_TOKEN", "OPEN ROUTER_API_KEY", "", " ", "\x1fX_API_KEY"],
)
def test_other_keys_are_somebody_elses(key):
    assert amika_stores.parse({key: "v"}, place("env-cache")) == []


@pytest.mark.parametrize("value", [1, None, {"a": 1}, ["x"], True, "", "  "])
def test_what_is_no_text_is_metadata(value):
    assert amika_stores.parse({"GROQ_API_KEY": value}, place("env-cache")) == []


def test_a_lookalike_is_left_out_and_said():
    (problem,) = amika_stores.parse({"OPENA\u0131_API_KEY": "v"}, place("env-cache"))
    assert isinstance(problem, Problem)
    assert problem.code == "name"
    assert "\u0131" not in problem.message
    assert amika_stores.parse({"GROQ_AP\u0131_KEY": "v"}, place("env-cache")) == []


def test_the_oauth_file_holds_tokens_and_the_others_keys():
    assert [c.kind for c in amika_stores.parse({"X_API_KEY": "v"}, place("oauth"))] == [OAUTH]
    assert [c.kind for c in amika_stores.parse({"X_API_KEY": "v"}, place("keychain"))] == [API_KEY]


def shelf(**entries):
    return {"v": 1, "generation": 3, "env": {name: {"value": value} for name, value in entries.items()}}


def test_a_copy_that_the_agent_derived_gives_nothing():
    document = {
        "GROQ_API_KEY": "copy",
        "MINE_API_KEY": "own",
        "_amika": shelf(GROQ_API_KEY="copy", MINE_API_KEY="other"),
    }
    found = amika_stores.parse(document, place("env-cache"))
    assert pairs(found) == [("mine", "own")]  # edited by its user: theirs from then on
    assert [item.provider for item in found if isinstance(item, Skipped)] == ["groq"]


def test_the_mark_counts_in_the_env_cache_only():
    document = {"GROQ_API_KEY": "copy", "_amika": shelf(GROQ_API_KEY="copy")}
    assert pairs(amika_stores.parse(document, place("keychain"))) == [("groq", "copy")]


@pytest.mark.parametrize("mark", [None, 1, [], "x", {}, {"env": None}, {"env": []}, {"env": {"GROQ_API_KEY": "copy"}}])
def test_an_odd_mark_marks_nothing(mark):
    assert pairs(amika_stores.parse({"GROQ_API_KEY": "copy", "_amika": mark}, place("env-cache"))) == [("groq", "copy")]


def test_a_copy_whose_mark_was_dropped_is_known_by_the_ledger():
    asked = []

    def is_mirrored(name: str, value: str) -> bool:
        asked.append((name, value))
        return value == "copy"

    document = {
        "GROQ_API_KEY": "copy",
        "OWN_API_KEY": "own",
        "MARKED_API_KEY": "m",
        "_amika": shelf(MARKED_API_KEY="m"),
    }
    assert pairs(amika_stores.parse(document, place("env-cache", is_mirrored=is_mirrored))) == [("own", "own")]
    assert asked == [("GROQ_API_KEY", "copy"), ("OWN_API_KEY", "own")]


# OpenCode


def test_keys_and_logins():
    document = {
        "groq": {"type": "api", "key": " k "},
        "anthropic": {"type": "OAuth", "access": "t", "refresh": "r", "expires": FUTURE_MS},
        "Open Router": {"type": " API ", "key": "o", "expires": "not read"},
        "corp": {"type": "wellknown", "key": "K", "token": "T"},
        "none": None,
        "typeless": {"key": "x"},
        "nulltype": {"type": None, "key": "x"},
        "--": {"type": "api", "key": "x"},
    }
    found = opencode.parse(document, place("opencode"))
    assert pairs(found) == [("open-router", "o"), ("anthropic", "t"), ("groq", "k")]
    assert [c.expires_at for c in found if isinstance(c, Credential)] == [None, FUTURE, None]
    assert [c.native_name for c in found if isinstance(c, Credential)] == ["OPEN_ROUTER_API_KEY", "", "GROQ_API_KEY"]


@pytest.mark.parametrize(("expires", "at"), [(PAST_MS, PAST_MS / 1000), (0, 0), (-5, -5), (None, None)])
def test_expiry(expires, at):
    (found,) = opencode.parse({"x": {"type": "oauth", "access": "t", "expires": expires}}, place("opencode"))
    assert isinstance(found, Credential)
    assert found.expires_at == at


@pytest.mark.parametrize(
    "document",
    [
        {"groq": 1},
        {"groq": True},
        {"groq": []},
        {"groq": {"type": True}},
        {"groq": {"type": "api", "key": False}},
        {"groq": {"type": "oauth", "access": []}},
        {"groq": {"type": "oauth", "access": "t", "expires": "garbage"}},
        {"aaa": {"type": "api", "key": "good"}, "bbb": 5},
    ],
)
def test_one_odd_entry_spoils_the_file_and_is_named(document):
    with pytest.raises(FieldError, match=r"the entry (groq|bbb)"):
        opencode.parse(document, place("opencode"))


def test_without_oauth_a_login_is_not_even_read():
    document = {"groq": {"type": "oauth", "access": [], "expires": "garbage"}}
    assert opencode.parse(document, place("opencode", oauth=False)) == []


@pytest.mark.parametrize("entry", [{"type": "api", "key": ""}, {"type": "api"}, {"type": "oauth", "access": " "}])
def test_a_blank_entry_is_reported_and_costs_itself_only(entry):
    problem, credential = opencode.parse({"a": entry, "b": {"type": "api", "key": "k"}}, place("opencode"))
    assert isinstance(problem, Problem)
    assert problem.code == "blank"
    assert isinstance(credential, Credential)


# Amp


def test_amp_takes_the_first_field_that_is_not_blank():
    everything = {".".join(path): path for path in amp.FIELDS}
    assert len(everything) == 12
    for index, wanted in enumerate(amp.FIELDS):
        document: dict[str, object] = {}
        for path in reversed(amp.FIELDS[index:]):
            holder = document
            for key in path[:-1]:
                holder = holder.setdefault(key, {})
            holder[path[-1]] = "fake-" + ".".join(path)
        document[amp.FIELDS[0][0]] = document.get(amp.FIELDS[0][0], "  ")
        assert pairs(amp.parse(document, place("amp"))) == [("anthropic", "fake-" + ".".join(wanted))]


def test_amp_looks_no_further_than_the_first():
    assert pairs(amp.parse({"auth": "text", "token": "t"}, place("amp"))) == [("anthropic", "t")]
    for document in ({"auth": "text"}, {"token": []}, {"auth": {"token": False}}, {"anthropic": 1}):
        with pytest.raises(FieldError):
            amp.parse(document, place("amp"))
    assert amp.parse({"auth": None, "other": "x"}, place("amp")) == []


def test_amps_own_token_is_not_anthropics():
    document = {"apiKey@https://other/": "fake-other", "apiKey@https://ampcode.com/": "sgamp_fake", "x": 1}
    (found,) = amp_secrets.parse(document, place("amp-secrets"))
    assert isinstance(found, Credential)
    assert (found.provider, found.kind, found.native_name) == ("amp", API_KEY, "AMP_API_KEY")
    assert found.value.reveal() == "sgamp_fake"
    assert pairs(amp_secrets.parse({"apiKey@https://b/": "b", "apiKey@https://a/": "a"}, place("amp-secrets"))) == [
        ("amp", "a")
    ]
    assert amp_secrets.parse({"other": "x"}, place("amp-secrets")) == []
    (problem,) = amp_secrets.parse({"apiKey@https://ampcode.com/": ""}, place("amp-secrets"))
    assert isinstance(problem, Problem)
    with pytest.raises(FieldError):
        amp_secrets.parse({"apiKey@https://ampcode.com/": 1}, place("amp-secrets"))


# one shape, three tools


@pytest.mark.parametrize(
    ("module", "provider", "field", "end"),
    [
        (gemini, "gemini", "expiry_date", FUTURE_MS),
        (qwen, "qwen", "expiry_date", FUTURE_MS),
        (kimi, "kimi", "expires_at", int(FUTURE)),
        (kimi, "kimi", "expires_at", FUTURE + 0.25),
    ],
)
def test_flat_logins(module, provider, field, end):
    (found,) = module.parse({"access_token": "fake", "refresh_token": "r", field: end}, place(provider))
    assert (found.provider, found.kind, found.native_name, found.expires_at) == (provider, OAUTH, "", FUTURE)
    assert module.parse({}, place(provider)) == []
    (problem,) = module.parse({"access_token": "", field: 0}, place(provider))
    assert problem.code == "blank"
    for document in ({"access_token": 1}, {"access_token": "fake", field: "soon"}):
        with pytest.raises(FieldError):
            module.parse(document, place(provider))


def test_the_google_account():
    assert gemini.account({"active": "dev@example.com", "old": []}) == "dev@example.com"
    assert gemini.account({"active": None}) is None
