from __future__ import annotations

import pytest

from amika_agent.http.urls import checked_url, is_loopback, may_open
from amika_local.errors import UsageError


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
