from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.agent.workspace.running import RunningServer, form_token

from amika_agent.workspace import launch

SCRIPTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{ 7 * 7 }}{% raw %}",
    "</title></style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066",
    "a\x00b\x1b[2Jc\u0085d\u200bz",
]


class Tags(HTMLParser):
    """The tags and attributes of a page, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def names(page: str) -> set[str]:
    return {tag for tag, _ in Tags(page).tags}


def harmless(page: str) -> bool:
    tags = Tags(page).tags
    handlers = [name for _, attributes in tags for name in attributes if name.startswith("on")]
    targets = [str(attributes.get("href") or attributes.get("action") or "") for _, attributes in tags]
    drawings = [attributes.get("class") for tag, attributes in tags if tag == "svg"]
    return (
        not ({"script", "img", "iframe"} & names(page))
        and drawings == ["mark"]  # our own icon at the head of the page
        and not handlers
        and "javascript:" not in "".join(targets)
    )


def browser(server: RunningServer) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=30)


def choose(client: httpx.Client, code: str, decision: str, token: str) -> httpx.Response:
    return client.post("/device", data={"user_code": code, "decision": decision, "form_token": token})


def test_the_page_shows_who_asks_and_until_when(server: RunningServer) -> None:
    started = server.start_sign_in(requesting_program="amika 0.1.0", requesting_machine="ada-laptop")
    page = server.http.get(started["verification_uri_complete"]).text
    for shown in (started["user_code"], "amika 0.1.0", "ada-laptop", "@localhost", "Approve", "Deny"):
        assert shown in page
    assert re.search(r"at \d\d:\d\d, in (9|10) min", page)
    assert harmless(page)
    assert started["device_code"] not in page


@pytest.mark.parametrize(
    ("decision", "heading", "error"), [("approve", "Approved", ""), ("deny", "Denied", "access_denied")]
)
def test_a_person_decides_with_the_form(server: RunningServer, decision: str, heading: str, error: str) -> None:
    started = server.start_sign_in()
    with browser(server) as client:
        page = client.get(started["verification_uri_complete"]).text
        answer = choose(client, started["user_code"], decision, form_token(page))
        assert answer.status_code == 303
        end = client.get(answer.headers["location"])
        assert (end.status_code, heading in end.text) == (200, True)
        assert "You can close this window" in end.text
        assert server.poll(started).json().get("error", "") == error
        again = client.get(started["verification_uri_complete"]).text
        assert ("Signed in" if decision == "approve" else "Denied") in again
        assert "<form" not in again


def test_a_browser_that_hides_the_origin_but_vouches_for_the_page_is_believed(server: RunningServer) -> None:
    """Chromium sends `Origin: null` from a page that sends no referrer, and says in another header where it is from."""
    started = server.start_sign_in()
    with httpx.Client(base_url=server.url) as client:
        page = client.get(started["verification_uri_complete"]).text
        fields = {"user_code": started["user_code"], "decision": "approve", "form_token": form_token(page)}
        headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
        assert client.post("/device", data=fields, headers=headers).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_a_form_from_elsewhere_decides_nothing(server: RunningServer, headers: dict[str, str]) -> None:
    started = server.start_sign_in()
    with httpx.Client(base_url=server.url) as client:
        page = client.get(started["verification_uri_complete"]).text
        fields = {"user_code": started["user_code"], "decision": "approve", "form_token": form_token(page)}
        assert client.post("/device", data=fields, headers=headers).status_code == 403
    assert server.poll(started).json()["error"] == "authorization_pending"


def test_a_form_token_is_good_for_one_code_in_one_browser(server: RunningServer) -> None:
    mine, other = server.start_sign_in(), server.start_sign_in()
    with browser(server) as client, browser(server) as stranger, browser(server) as bare:
        token = form_token(client.get(mine["verification_uri_complete"]).text)
        foreign = form_token(stranger.get(mine["verification_uri_complete"]).text)
        refused = [
            choose(client, mine["user_code"], "approve", ""),
            choose(client, mine["user_code"], "approve", "0" * 64),
            choose(client, mine["user_code"], "approve", foreign),
            choose(client, other["user_code"], "approve", token),
            choose(bare, mine["user_code"], "approve", token),
            choose(stranger, mine["user_code"], "approve", token),
        ]
        assert [answer.status_code for answer in refused] == [403] * 6
        assert all("Nothing was changed" in answer.text for answer in refused)
        assert choose(client, mine["user_code"], "later", token).status_code == 400
        assert choose(client, mine["user_code"], "approve", token).status_code == 303
    assert server.poll(other).json()["error"] == "authorization_pending"


def test_the_form_cookie_stays_out_of_scripts_and_other_sites(server: RunningServer) -> None:
    started = server.start_sign_in()
    cookie = server.http.get(started["verification_uri_complete"]).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/device" in cookie


def test_without_a_code_the_page_asks_for_one(server: RunningServer) -> None:
    page = server.http.get("/device").text
    fields = [attributes for tag, attributes in Tags(page).tags if tag == "input"]
    assert [field["name"] for field in fields] == ["user_code"]
    labels = [attributes["for"] for tag, attributes in Tags(page).tags if tag == "label"]
    assert labels == [fields[0]["id"]]
    started = server.start_sign_in()
    found = server.http.get("/device", params={"user_code": started["user_code"].lower().replace("-", "")})
    assert started["user_code"] in found.text


def test_unknown_and_expired_codes_have_their_own_pages(movable: RunningServer) -> None:
    unknown = movable.http.get("/device?user_code=BBBB-BBBB")
    assert (unknown.status_code, "No such code" in unknown.text) == (404, True)
    started = movable.start_sign_in()
    with browser(movable) as client:
        token = form_token(client.get(started["verification_uri_complete"]).text)
        movable.shift(601)
        expired = client.get(started["verification_uri_complete"])
        assert (expired.status_code, "has expired" in expired.text) == (410, True)
        late = choose(client, started["user_code"], "approve", token)
        assert client.get(late.headers["location"]).status_code == 410
    assert movable.poll(started).json()["error"] == "expired_token"


@pytest.mark.parametrize("text", SCRIPTS)
def test_nothing_a_program_says_about_itself_becomes_markup(server: RunningServer, text: str) -> None:
    started = server.start_sign_in(requesting_program=text, requesting_machine=text * 50)
    pages = [server.http.get(started["verification_uri_complete"]).text]
    launch.decide(str(server.data_dir), started["user_code"], True)
    pages.append(server.http.get(started["verification_uri_complete"]).text)
    session = server.poll(started).json()
    pages.append(server.http.get(started["verification_uri_complete"]).text)
    with server.api(session) as api:
        name = "".join(c for c in text if c.isprintable()) + text[:1].strip("\x00")
        api.post("/secrets", json={"name": name, "value": "canary-value-of-a-page", "scope": "org"})
        api.post("/sandboxes", json={"name": name, "repo_url": text, "secret_env_vars": {"A": name}})
    with httpx.Client(base_url=server.url, follow_redirects=True) as client:
        overview = client.get(launch.page_link(str(server.data_dir)))
    assert overview.status_code == 200
    for page in [*pages, overview.text]:
        assert harmless(page)
        assert not set(page) & set("\u202e\u2066\u2067\u200b\x00\x1b\u0085")
        assert "canary-value-of-a-page" not in page


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_reflected_code_or_key_becomes_nothing(server: RunningServer, text: str) -> None:
    for path, field in (("/device", "user_code"), ("/", "key")):
        page = server.http.get(path, params={field: text})
        assert page.status_code in (200, 403, 404)
        assert harmless(page.text)
        assert "alert(1)" not in page.text


def test_styles_are_allowed_by_a_nonce_that_is_never_the_same(server: RunningServer) -> None:
    nonces = set()
    for _ in range(3):
        answer = server.http.get("/device")
        policy = answer.headers["content-security-policy"]
        (nonce,) = re.findall(r"style-src 'nonce-([^']+)'", policy)
        assert f'<style nonce="{nonce}">' in answer.text
        assert "unsafe-inline" not in policy
        assert "style=" not in answer.text
        nonces.add(nonce)
    assert len(nonces) == 3


def test_the_overview_opens_with_a_link_once_and_shows_names_but_no_values(server: RunningServer) -> None:
    with server.api(server.sign_in()) as api:
        api.post("/secrets/claude", json={"name": "Team key", "type": "api_key", "value": "canary-never-shown"})
    link = launch.page_link(str(server.data_dir))
    with httpx.Client(base_url=server.url) as visitor, httpx.Client(base_url=server.url) as stranger:
        entered = visitor.get(link)
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        page = visitor.get("/").text
        for shown in (
            "Team key",
            "API key",
            "only you",
            "the tests",
            "signed in",
            "The key is in a file",
            "@localhost",
        ):
            assert shown in page
        assert "canary-never-shown" not in page
        assert parse_qs(urlsplit(link).query)["key"][0] not in page
        second = stranger.get(link)
        assert (second.status_code, "used already" in second.text) == (403, True)
        assert "Team key" not in second.text
        assert visitor.get("/").status_code == 200


@pytest.mark.parametrize("query", ["", "?key=", "?key=wrong", "?key=" + "x" * 5000])
def test_without_a_good_link_the_overview_says_how_to_get_one(server: RunningServer, query: str) -> None:
    answer = server.http.get(f"/{query}", headers={"Cookie": f"amika_visit_{server.port}=guessed"})
    assert answer.status_code == 403
    assert "amika workspace serve --data" in answer.text


def test_a_visit_is_over_after_twelve_hours(movable: RunningServer) -> None:
    with httpx.Client(base_url=movable.url, follow_redirects=True) as visitor:
        assert visitor.get(launch.page_link(str(movable.data_dir))).status_code == 200
        movable.shift(12 * 3600 + 1)
        assert visitor.get("/").status_code == 403
