"""The wire API: one request each, answers checked, and of a refusal only its status and a plain word."""

from __future__ import annotations

import pytest
from tests.fakes.errands import ErrandAgent
from tests.fakes.http_clients import Prepared

from amika_agent.http.client import NoAnswer
from amika_agent.stores.amika_api import NoSuchSecret, Refused, SecretsApi, Undecided
from amika_cli.through_agent import ThroughAgent
from amika_local.errors import NotFound, NotSignedIn
from amika_local.secret import Secret

VALUE = Secret("sk-ant-api-fake-value")


@pytest.fixture(params=["directly", "through the agent"])
def api(request, server, http):
    def direct():
        return SecretsApi(server.url + "/", lambda _force: Secret(server.token), http)

    return direct() if request.param == "directly" else ThroughAgent(ErrandAgent(server, http), direct, server.url)


def test_provider_secrets(api):
    made = api.create_provider("claude", "A", VALUE, "api_key", "user")
    assert [(r.id, r.name, r.type, r.scope) for r in api.list_provider("claude")] == [(made.id, "A", "api_key", "user")]
    api.delete_provider("claude", made.id)
    assert api.list_provider("claude") == []


def test_generic_secrets(api, server):
    made = api.create_generic("A", VALUE, "user")
    stamp = api.update_generic(made.id, Secret("other"))
    (listed,) = api.list_generic()
    assert (listed.id, listed.name, listed.scope, listed.updated_at) == (made.id, "A", "user", stamp)
    assert server.value_of(made.id) == "other"


def test_sandboxes(api):
    api.create_sandbox({"name": "box", "secret_env_vars": {"A": "B"}})
    (box,) = api.list_sandboxes()
    assert (box.name, box.raw["secret_env_vars"]) == ("box", {"A": "B"})
    api.delete_sandbox("box")
    assert api.list_sandboxes() == []


@pytest.mark.parametrize("record_id", ["a/b", "../../secrets", "..", ".", "a?b=c#d", "é ", "%2e%2e", "a\nb"])
def test_ids_cannot_lead_elsewhere(api, server, record_id):
    with pytest.raises(NotFound):
        api.delete_provider("claude", record_id)
    (request,) = server.requests
    assert request.path.startswith("/api/v0beta1/secrets/claude/")
    assert request.path.count("/") == 5


def test_an_empty_id_is_no_id(api, server):
    with pytest.raises(NoSuchSecret):
        api.delete_provider("claude", "")
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, Refused), (403, Refused), (404, NoSuchSecret), (409, Refused), (422, Refused), (429, Refused),
     (500, Undecided), (503, Undecided), (302, Refused)],
)  # fmt: skip
def test_errors_by_status(api, server, status, error):
    server.faults.add("status", status=status)
    with pytest.raises(error) as caught:
        api.create_provider("claude", "A", VALUE, "api_key", "user")
    assert caught.value.status == status
    assert caught.value.remedy
    assert "fake-value" not in str(caught.value)


@pytest.mark.parametrize("kind", ["garbage", "html", "half", "huge", "portal", "refuse", "reset"])
@pytest.mark.parametrize("call", ["list", "create", "delete", "update"])
def test_answers_that_are_none_decide_nothing(api, server, kind, call):
    made = api.create_provider("claude", "A", VALUE, "api_key", "user")
    generic = api.create_generic("G", VALUE, "user")
    server.faults.add(kind)
    with pytest.raises((NoAnswer, Undecided)) as caught:
        {
            "list": lambda: api.list_provider("claude"),
            "create": lambda: api.create_provider("claude", "B", VALUE, "api_key", "user"),
            "delete": lambda: api.delete_provider("claude", made.id),
            "update": lambda: api.update_generic(generic.id, Secret("other")),
        }[call]()
    assert "<" not in str(caught.value)


def test_a_rejected_bearer_is_renewed_once_and_the_request_sent_once_more(server, http):
    asked = []

    def bearer(force):
        asked.append(force)
        return Secret(server.token if force else "stale")

    assert SecretsApi(server.url, bearer, http).list_generic() == []
    assert asked == [False, True]
    assert len(server.requests) == 2


def test_a_bearer_rejected_twice_is_not_signed_in(server, http):
    api = SecretsApi(server.url, lambda _force: Secret("stale"), http)
    with pytest.raises(NotSignedIn) as caught:
        api.list_generic()
    assert len(server.requests) == 2
    assert "stale" not in str(caught.value)


@pytest.mark.parametrize("call", ["list_generic", "list_sandboxes"])
def test_a_list_that_is_not_there_means_the_address_and_not_an_id(api, server, call):
    server.faults.add("status", method="GET", status=404)
    with pytest.raises(Refused, match="HTTP 404") as caught:
        getattr(api, call)()
    assert not isinstance(caught.value, NotFound)
    assert "AMIKA_API_URL" in caught.value.remedy


def test_who_counts_is_told_of_each_generic_secret(api, server):
    told = []
    api.on_stored = lambda: told.append(True)
    made = api.create_generic("A", VALUE, "user")
    api.update_generic(made.id, VALUE)
    server.faults.add("status", method="PUT", status=422)
    with pytest.raises(Refused):
        api.update_generic(made.id, VALUE)
    assert len(told) == 2


def test_a_retry_after_is_understood(api, server):
    server.faults.add("status", status=429, retry_after=7)
    with pytest.raises(Refused) as caught:
        api.list_generic()
    assert caught.value.retry_after == 7.0


def test_nobody_listens(http):
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NoAnswer) as caught:
        SecretsApi(f"http://127.0.0.1:{port}", lambda _force: Secret("t"), http).list_generic()
    assert caught.value.sent is False


@pytest.mark.parametrize(
    "body", [None, {}, "x", [None], [{}], [{"id": 1, "name": "n", "type": "t"}], [{"id": "", "name": "n"}]]
)
def test_a_listing_of_another_shape_is_no_listing(body):
    api = SecretsApi("https://api.example.com", lambda _force: Secret("t"), Prepared(200, body))
    with pytest.raises(Undecided):
        api.list_provider("claude")


@pytest.mark.parametrize("body", [{}, [], None, {"id": 7}, {"id": ""}])
def test_a_creation_without_an_id_is_undecided(body):
    api = SecretsApi("https://api.example.com", lambda _force: Secret("t"), Prepared(201, body))
    with pytest.raises(Undecided):
        api.create_provider("claude", "A", VALUE, "api_key", "user")


@pytest.mark.parametrize("code", ["sk-ant-api-fake-value", "has blanks in it", "x" * 40, 7, None, "<b>", "ümlaut"])
def test_odd_code_words_are_not_repeated(code):
    api = SecretsApi(
        "https://api.example.com", lambda _force: Secret("t"), Prepared(400, {"code": code, "message": "sk-fake"})
    )
    with pytest.raises(Refused) as caught:
        api.list_generic()
    assert caught.value.word == ""
    assert "fake" not in str(caught.value)


def test_a_404_that_is_not_the_apis_decides_nothing():
    api = SecretsApi("https://api.example.com", lambda _force: Secret("t"), Prepared(404, None))
    with pytest.raises(Undecided):
        api.delete_provider("claude", "id")
