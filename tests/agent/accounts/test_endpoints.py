from __future__ import annotations

import pytest

from amika_agent.accounts.endpoints import CLIENT_ID, checked_url, is_loopback, may_open, resolve_endpoints
from amika_local.errors import UsageError


def test_defaults():
    found = resolve_endpoints({})
    assert (found.api_url, found.workos_url) == ("https://app.amika.dev", "https://api.workos.com")
    assert found.client_id == CLIENT_ID
    assert found.warning == ""
    assert found.token_url == "https://api.workos.com/user_management/authenticate"


def test_environment_then_settings_then_default():
    settings = {"account.api_url": "https://set.example/", "account.client_id": "client_set", "account.workos_url": ""}
    found = resolve_endpoints({}, settings=settings)
    assert (found.api_url, found.client_id) == ("https://set.example", "client_set")
    env = {"AMIKA_API_URL": "https://env.example", "AMIKA_WORKOS_URL": "http://127.0.0.1:99"}
    found = resolve_endpoints(env, settings=settings)
    assert (found.api_url, found.workos_url) == ("https://env.example", "http://127.0.0.1:99")


def test_the_local_workspace_is_every_server():
    env = {"AMIKA_API_URL": "https://env.example"}
    found = resolve_endpoints(env, local_url="http://127.0.0.1:8811")
    assert found.api_url == found.workos_url == "http://127.0.0.1:8811"
    assert found.warning == ""


def test_one_warning_for_another_api_with_the_default_client():
    assert "AMIKA_WORKOS_CLIENT_ID" in resolve_endpoints({"AMIKA_API_URL": "https://x.example"}).warning
    both = {"AMIKA_API_URL": "https://x.example", "AMIKA_WORKOS_CLIENT_ID": "client_x"}
    assert resolve_endpoints(both).warning == ""


def test_all_loopback_servers_are_one_class_and_others_are_themselves():
    one = resolve_endpoints({}, local_url="http://127.0.0.1:1")
    two = resolve_endpoints({}, local_url="http://localhost:2")
    assert one.origin == two.origin == "loopback"
    assert resolve_endpoints({"AMIKA_API_URL": "https://X.example:443/"}).origin == "https://x.example"


@pytest.mark.parametrize(
    "url",
    [
        "http://app.amika.dev",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://0.0.0.0:80",
        "ftp://127.0.0.1",
        "app.amika.dev",
        "https://",
        "https://user:pw@app.amika.dev",
        "https://app.amika.dev?x=1",
        "https://app.amika.dev#x",
        "https://app.amika.dev:port",
        "https://app.amika.dev:99999",
        "https://exa mple.dev",
        "https://example.dev\n",
        "https://exämple.dev",
        "https://example.dev\\@evil",
        "http://[::1",
        "javascript:alert(1)",
    ],
)
def test_refused_addresses(url):
    with pytest.raises(UsageError) as caught:
        checked_url(url, "AMIKA_API_URL")
    assert "AMIKA_API_URL" in caught.value.message
    assert "pw" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://app.amika.dev/", "https://app.amika.dev"),
        ("https://app.amika.dev/base/", "https://app.amika.dev/base"),
        ("HTTPS://App.Amika.dev:443", "https://app.amika.dev"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_kept_addresses(url, kept):
    assert checked_url(url, "x") == kept


def test_bad_client_id_is_refused():
    with pytest.raises(UsageError):
        resolve_endpoints({"AMIKA_WORKOS_CLIENT_ID": "client\x1b[31m"})


@pytest.mark.parametrize(
    "url", ["https://auth.example/device?user_code=AB-12", "http://127.0.0.1:9/device", "http://localhost/x"]
)
def test_pages_that_may_be_opened(url):
    assert may_open(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://auth.example/device",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user@auth.example/",
        "https://auth.example/$(id)`x`",
        "https://auth.example/ --new-window",
        "https://auth.example/\x1b",
        "-https://x",
        "https://" + "a" * 3000,
        "https://[bad",
    ],
)
def test_pages_that_may_not_be_opened(url):
    assert not may_open(url)


@pytest.mark.parametrize(("url", "answer"), [("http://127.9.9.9", True), ("http://127.0.0.1.x", False), ("::", False)])
def test_loopback(url, answer):
    assert is_loopback(url) is answer
