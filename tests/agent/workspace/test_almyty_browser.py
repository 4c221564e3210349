"""almyty's sign-in in a real Chromium, from the click to the stored key, the fragment page included."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from tests.agent.workspace.page_seen import wait_for_page, wait_for_text
from tests.agent.workspace.running import RunningServer
from tests.agent.workspace.signing_in import ProgramSigningIn, place_of

from amika_agent.accounts.device import SignInDenied
from amika_agent.workspace import launch
from amika_local.almyty_file import credentials_path, read_login
from amika_local.errors import NotSignedIn

pytestmark = pytest.mark.desktop


def click(chrome: Chrome, button: str) -> None:
    chrome.find_element(By.XPATH, f"//button[text()='{button}']").click()


def test_a_click_signs_the_program_in(server: RunningServer, chrome: Chrome, tmp_path: Path) -> None:
    with ProgramSigningIn(place_of(tmp_path / "almyty", server.url)) as program:
        chrome.get(program.page().url)
        wait_for_page(chrome, "Sign in to almyty?")
        click(chrome, "Approve")
        wait_for_page(chrome, "Signed in")
        assert chrome.current_url.endswith("/success")
        program.wait()
    assert program.error is None
    login = read_login(credentials_path(program.place.folder))
    assert login is not None
    assert login.email.endswith("@localhost")
    assert login.key_id
    assert os.stat(credentials_path(program.place.folder)).st_mode & 0o777 == 0o600
    assert chrome.get_log("browser") == []  # no script, style, form or request was held back by a policy
    chrome.back()  # the program has gone, and the key is in no entry of the history
    assert login.token.reveal() not in chrome.current_url
    assert login.token.reveal() not in str(chrome.execute_script("return [location.href, document.referrer]"))


def test_a_denial_is_no_failure_of_the_page(server: RunningServer, chrome: Chrome, tmp_path: Path) -> None:
    with ProgramSigningIn(place_of(tmp_path / "almyty", server.url)) as program:
        chrome.get(program.page().url)
        click(chrome, "Deny")
        wait_for_page(chrome, "You are not signed in")
        program.wait()
    assert isinstance(program.error, SignInDenied)
    assert not os.path.exists(credentials_path(program.place.folder))


def test_a_code_is_exchanged_for_the_key(server: RunningServer, chrome: Chrome, tmp_path: Path) -> None:
    with ProgramSigningIn(place_of(tmp_path / "almyty", server.url)) as program:
        chrome.get(program.page().url + "&response_type=code")
        click(chrome, "Approve")
        wait_for_page(chrome, "Signed in")
        assert chrome.current_url.endswith("/success")
        program.wait()
    assert program.done is not None
    assert read_login(credentials_path(program.place.folder)) is not None


def test_a_key_that_the_api_rejects_is_said_in_browser_and_program(
    server: RunningServer, chrome: Chrome, tmp_path: Path
) -> None:
    with RunningServer(tmp_path / "other") as other:
        place = place_of(tmp_path / "almyty", server.url)
        elsewhere = type(place)(place.folder, other.url, server.url)
        with ProgramSigningIn(elsewhere) as program:
            chrome.get(program.page().url)
            click(chrome, "Approve")
            wait_for_page(chrome, "You are not signed in")
            wait_for_text(chrome, "does not accept the key")
            program.wait()
    assert isinstance(program.error, NotSignedIn)
    assert "different environments" in program.error.remedy
    assert not os.path.exists(credentials_path(place.folder))


def test_a_second_tab_and_a_program_that_has_gone_are_told(
    server: RunningServer, chrome: Chrome, tmp_path: Path
) -> None:
    with ProgramSigningIn(place_of(tmp_path / "almyty", server.url)) as program:
        page = program.page()
        chrome.get(f"http://127.0.0.1:{page.port}/cb#token=almyty_fake&state=wrong")
        wait_for_page(chrome, "You are not signed in")
        wait_for_text(chrome, "another sign-in")
        assert chrome.current_url == f"http://127.0.0.1:{page.port}/cb"
        chrome.get("about:blank")
        chrome.get(f"http://127.0.0.1:{page.port}/cb")
        wait_for_page(chrome, "Nothing arrived here")
        program.cancel.set()
        program.wait()


def test_script_in_the_fragment_does_not_run(server: RunningServer, chrome: Chrome, tmp_path: Path) -> None:
    with ProgramSigningIn(place_of(tmp_path / "almyty", server.url)) as program:
        port = program.page().port
        evil = "<img src=x onerror=document.title='owned'>"
        chrome.get(f"http://127.0.0.1:{port}/cb#token={evil}&state={evil}&error={evil}&organizationId={evil}")
        wait_for_page(chrome, "You are not signed in")
        assert "owned" not in chrome.title
        assert "onerror" not in chrome.page_source
        program.cancel.set()
        program.wait()


def test_another_device_approves(server: RunningServer, chrome: Chrome, tmp_path: Path) -> None:
    with ProgramSigningIn(place_of(tmp_path / "almyty", server.url), headless=True) as program:
        page = program.page()
        assert (page.port, page.url) == (0, f"{server.url}/cli-auth?code={page.code}")
        chrome.get(page.url)
        wait_for_page(chrome, "Sign in to this workspace?")
        wait_for_text(chrome, page.code)
        click(chrome, "Approve")
        wait_for_page(chrome, "Approved", "Signed in")  # the program may have asked before the browser gets there
        program.wait()
    assert program.done is not None
    assert chrome.get_log("browser") == []


def test_a_form_on_another_page_mints_no_key(server: RunningServer, chrome: Chrome, tmp_path: Path) -> None:
    with ProgramSigningIn(place_of(tmp_path / "almyty", server.url)) as program:
        chrome.get(program.page().url)  # the browser has our cookie now
        inputs = chrome.find_elements(By.CSS_SELECTOR, "input[type=hidden]")
        fields = {one.get_attribute("name"): one.get_attribute("value") for one in inputs} | {"decision": "approve"}
        shown = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
        evil = tmp_path / "evil.html"
        evil.write_text(
            f'<form method="post" action="{server.url}/cli-login">{shown}<button>Win a prize</button></form>'
        )
        chrome.get(evil.as_uri())
        chrome.find_element(By.TAG_NAME, "button").click()
        WebDriverWait(chrome, 30).until(lambda driver: driver.current_url.startswith(server.url))
        wait_for_text(chrome, "must not use")
        program.cancel.set()
        program.wait()
    assert program.done is None


def test_the_overview_lists_keys_without_their_values(server: RunningServer, chrome: Chrome, tmp_path: Path) -> None:
    with ProgramSigningIn(place_of(tmp_path / "almyty", server.url)) as program:
        answer = httpx.get(program.page().url, follow_redirects=False)
        assert answer.status_code == 200
        program.cancel.set()
    plain = minted(server)
    chrome.get(launch.page_link(str(server.data_dir)))
    wait_for_page(chrome, "What is stored here")
    wait_for_text(chrome, "API keys (almyty)")
    wait_for_text(chrome, plain[:13])
    assert plain[13:] not in chrome.page_source


def minted(server: RunningServer) -> str:
    """Mint a key as the headless page would."""
    started = server.http.post("/auth/cli/start", json={"program": "the tests", "machine": "this one"}).json()["data"]
    launch.decide(str(server.data_dir), started["code"], approve=True)
    token = json.loads(server.http.post("/auth/cli/exchange", json={"code": started["deviceCode"], "state": "s"}).text)
    return str(token["token"])
