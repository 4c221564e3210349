"""The sign-in page in a real Chromium: what is clicked is what happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from tests.agent.workspace.page_seen import wait_for_page, wait_for_text
from tests.agent.workspace.running import RunningServer

from amika_agent.workspace import launch

pytestmark = pytest.mark.desktop


@pytest.mark.parametrize(("button", "end", "error"), [("Approve", "Approved", ""), ("Deny", "Denied", "access_denied")])
def test_a_click_decides(server: RunningServer, chrome: Chrome, button: str, end: str, error: str) -> None:
    started = server.start_sign_in(requesting_program="amika 0.1.0", requesting_machine="ada-laptop")
    chrome.get(started["verification_uri_complete"])
    wait_for_text(chrome, started["user_code"])
    chrome.find_element(By.XPATH, f"//button[text()='{button}']").click()
    wait_for_page(chrome, end)
    assert server.poll(started).json().get("error", "") == error
    assert chrome.get_log("browser") == []  # no style or form was held back by the page's own policy


def test_the_keyboard_is_enough(server: RunningServer, chrome: Chrome) -> None:
    started = server.start_sign_in()
    chrome.get(started["verification_uri"])
    field = chrome.switch_to.active_element  # the code can be typed at once
    field.send_keys(started["user_code"].lower().replace("-", ""), Keys.ENTER)
    wait_for_page(chrome, "Sign in to this workspace?")
    chrome.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert chrome.switch_to.active_element.text == "Approve"
    chrome.switch_to.active_element.send_keys(Keys.TAB)
    assert chrome.switch_to.active_element.text == "Deny"
    chrome.switch_to.active_element.send_keys(Keys.ENTER)
    wait_for_page(chrome, "Denied")
    assert server.poll(started).json()["error"] == "access_denied"


def test_the_page_can_not_be_framed(server: RunningServer, chrome: Chrome, tmp_path: Path) -> None:
    started = server.start_sign_in()
    evil = tmp_path / "evil.html"
    evil.write_text(f'<iframe src="{started["verification_uri_complete"]}"></iframe>')
    chrome.get(evil.as_uri())
    chrome.switch_to.frame(0)
    assert started["user_code"] not in chrome.page_source


def test_a_form_on_another_page_decides_nothing(server: RunningServer, chrome: Chrome, tmp_path: Path) -> None:
    started = server.start_sign_in()
    chrome.get(started["verification_uri_complete"])  # the browser has our cookie now
    token = chrome.find_element(By.NAME, "form_token").get_attribute("value")
    evil = tmp_path / "evil.html"
    fields = {"user_code": started["user_code"], "form_token": token, "decision": "approve"}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    evil.write_text(f'<form method="post" action="{server.url}/device">{inputs}<button>Win a prize</button></form>')
    chrome.get(evil.as_uri())
    chrome.find_element(By.TAG_NAME, "button").click()
    WebDriverWait(chrome, 30).until(lambda driver: driver.current_url.startswith(server.url))
    wait_for_text(chrome, "must not use")
    assert server.poll(started).json()["error"] == "authorization_pending"


def test_the_overview_opens_with_its_link(server: RunningServer, chrome: Chrome) -> None:
    with server.api(server.sign_in()) as api:
        api.post(
            "/secrets/claude", json={"name": "Shown in Chromium", "type": "api_key", "value": "canary-in-chromium"}
        )
    chrome.get(launch.page_link(str(server.data_dir)))
    wait_for_page(chrome, "What is stored here")
    wait_for_text(chrome, "Shown in Chromium")
    assert "canary-in-chromium" not in chrome.page_source
    assert "key=" not in chrome.current_url
