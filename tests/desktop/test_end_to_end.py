"""The main job on a real desktop: signed in by clicks, approved in Chromium, a credential followed to cache and server.

Everything is real: display, session bus, panel, keyring, browser, tray, agent, local workspace. The only stand-in is
the person.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from tests.agent.workspace.page_seen import wait_for_page, wait_for_text
from tests.desktop.browser import WINDOW, chromium
from tests.desktop.hosts import lxqt_panel
from tests.desktop.keyring import unlocked_keyring
from tests.desktop.person import Person, real_tray
from tests.desktop.pixels import Box, crop, icon_shown, look, open_menu, wait_until_still
from tests.desktop.screen import OUTPUT, Desktop, wait
from tests.desktop.tray_program import TrayProgram

from amika_shared.snapshot import read_snapshot
from amika_tray.menu.describe import describe

pytestmark = [pytest.mark.desktop, pytest.mark.slow]


def test_the_main_job(desktop: Desktop, person: Person, tmp_path: Path) -> None:
    OUTPUT.mkdir(exist_ok=True)
    with unlocked_keyring(desktop), lxqt_panel(desktop):
        empty = look(desktop, "empty")
        tray = real_tray(person)
        wait(lambda: icon_shown(desktop, empty), "the icon", tray.program)
        wait(lambda: person.snapshot().get("state") == "signed_out", "the agent that the tray starts", tray.program)

        sign_in(person, tmp_path)
        credential_follows(person)
        environment_is_copied(person)
        sign_out(person)
        quit_with_the_agent(person, tray)


def test_almyty_and_akos_from_the_menu(desktop: Desktop, person: Person, tmp_path: Path) -> None:
    with unlocked_keyring(desktop), lxqt_panel(desktop):
        empty = look(desktop, "empty")
        tray = real_tray(person)
        wait(lambda: icon_shown(desktop, empty), "the icon", tray.program)
        wait(lambda: person.snapshot().get("state") == "signed_out", "the agent that the tray starts", tray.program)
        for service, title in (("almyty", "almyty"), ("akos", "AKOS")):
            sign_in_to(person, tmp_path, service, f"Sign in to {title}")
        lines = [entry.text for entry in describe(read_snapshot(person.snapshot()), time.time(), at_login=False)]
        assert [line.partition(":")[0] for line in lines if "@localhost" in line] == ["almyty", "AKOS"]
        for service in ("almyty", "akos"):
            person.chooses("sign_out", service)
            wait(lambda service=service: service not in signed_in(person), f"{service} to be signed out")
        assert not [name for name in Path(person.profile.data_dir).rglob("*") if name.name in LOGINS]
        quit_with_the_agent(person, tray)


APPROVED = ("Approved", "Signed in")  # the program may have asked before the browser gets there
LOGINS = ("credentials.json", "akos-session.json")


def signed_in(person: Person) -> list[str]:
    return [account["service"] for account in person.snapshot().get("accounts", []) if account["signed_in"]]


def sign_in_to(person: Person, tmp_path: Path, service: str, title: str) -> None:
    """Sign in from the menu, and approve in Chromium."""
    desktop = person.desktop
    person.opened.unlink(missing_ok=True)
    person.chooses("sign_in", service)
    desktop.focus(title)
    wait(lambda: (person.snapshot().get("sign_in") or {}).get("verification_uri"), "the page")
    desktop.press_until(title, "Return", person.opened.exists, "the page in the browser")  # Open browser
    with chromium(desktop, tmp_path / service) as chrome:
        chrome.get(person.opened.read_text())
        chrome.find_element(By.XPATH, "//button[text()='Approve']").click()
        wait_for_page(chrome, *APPROVED)
    wait(lambda: service in signed_in(person), "the account")
    desktop.focus(title)
    desktop.press("Return")  # Close
    wait(lambda: not desktop.windows(title), "the dialog to close")


def sign_in(person: Person, tmp_path: Path) -> None:
    desktop = person.desktop
    person.chooses("sign_in")
    desktop.focus("Sign in to Amika")
    wait(lambda: (person.snapshot().get("sign_in") or {}).get("user_code"), "the code")
    desktop.press_until("Sign in to Amika", "Return", person.opened.exists, "the page in the browser")  # Open browser
    with chromium(desktop, tmp_path) as chrome:
        chrome.get(person.opened.read_text())
        wait_for_text(chrome, (person.snapshot()["sign_in"] or {})["user_code"])
        wait_until_still(desktop)
        crop(desktop.screenshot("page"), Box(*WINDOW), margin=0)
        chrome.find_element(By.XPATH, "//button[text()='Approve']").click()
        wait_for_page(chrome, *APPROVED)
    wait(lambda: [a for a in person.snapshot()["accounts"] if a["signed_in"]], "the account")
    assert not Path(person.profile.workspace_dir, "keys").exists(), "the workspace's key is not in the keyring"
    desktop.focus("Sign in to Amika")
    desktop.press("Return")  # Close
    wait(lambda: not desktop.windows("Sign in to Amika"), "the dialog to close")


def credential_follows(person: Person) -> None:
    desktop = person.desktop
    person.signs_in_to_claude("sk-ant-oat01-not-a-real-token-first")
    wait(lambda: "not-a-real-token-first" in person.cached(), "the env cache")
    wait(lambda: len(person.remote()) == 1, "the pushed secret")
    first = person.remote()[0]
    assert (first["type"], first["scope"]) == ("oauth", "user")
    wait(lambda: person.snapshot()["state"] == "in_sync", "everything in sync")
    wait_until_still(desktop)
    menu = open_menu(desktop)
    wait_until_still(desktop)
    crop(desktop.screenshot("menu"), menu)
    desktop.press("Escape")

    person.signs_in_to_claude("sk-ant-oat01-not-a-real-token-second")
    wait(lambda: "not-a-real-token-second" in person.cached(), "the changed env cache")
    assert "not-a-real-token-first" not in person.cached()
    wait(
        lambda: [s["id"] for s in person.remote() if s["name"] == first["name"]] not in ([], [first["id"]]), "the push"
    )
    wait(lambda: person.snapshot()["state"] == "in_sync" and len(person.remote()) == 1, "exactly one remote secret")
    assert person.remote()[0]["name"] == first["name"]


def environment_is_copied(person: Person) -> None:
    person.signs_in_to_groq("not-a-real-groq-key-0001")
    wait(lambda: "GROQ_API_KEY" in [c["env_name"] for c in person.snapshot()["credentials"]], "the API key")
    person.chooses("copy_env")
    wait(lambda: [e for e in person.activity() if e["what"] == "revealed"], "the copy")
    (event,) = [e for e in person.activity() if e["what"] == "revealed"]
    assert event["subject"] == "GROQ_API_KEY (opencode)"
    assert event["caller"].startswith("amika-tray (")
    assert not [e for e in person.activity() if e["what"] == "refused"]


def sign_out(person: Person) -> None:
    desktop = person.desktop
    session = Path(person.profile.amika_state_dir, "workos-session.json")
    assert session.exists()
    person.chooses("sign_out")
    wait(lambda: not session.exists(), "the session to end")
    wait(lambda: person.snapshot()["state"] == "signed_out", "the agent to say so")
    desktop.focus("Signed out")  # it says what stays stored remotely
    desktop.screenshot("signed-out", window="Signed out")
    desktop.press("Escape")
    wait(lambda: not desktop.windows("Signed out"), "the window to close")


def quit_with_the_agent(person: Person, tray: TrayProgram) -> None:
    desktop = person.desktop
    person.chooses("quit")
    desktop.focus("Quit Amika")
    desktop.screenshot("quit", window="Quit Amika")
    desktop.press("alt+s")  # Stop the agent
    wait(lambda: not tray.running, "the tray to end")
    wait(lambda: not os.path.exists(person.profile.agent_record), "the agent to end")
    tray.end()
