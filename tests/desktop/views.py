"""The views that the documentation shows, and how each of them comes about."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter
from tests.desktop.browser import WINDOW, chromium
from tests.desktop.hosts import PANEL_HEIGHT, dunst, lxqt_panel
from tests.desktop.photographer import NOW, ROOT, Photographer, changed, photographer
from tests.desktop.pixels import Box, crop, look, wait_until_still
from tests.desktop.portal import DARK, LIGHT
from tests.desktop.screen import SIZE, Desktop, wait
from tests.fakes.agent_server import ACCOUNT, CODE, ORGANIZATIONS, PAGE
from tests.tray.sample import connected, credential, events, machine, plan, vault

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch
from amika_shared.snapshot import STATES

PAGES = ("credentials", "rules", "vault", "connections", "activity", "problems", "settings", "diagnostics")
WINDOWS = (
    *(f"window-{page}" for page in PAGES),
    "window-empty",
    "window-stopped",
    "details",
    "dialog",
    "dialog-phone",
    "dialog-organization",
    "dialog-done",
    "dialog-failed",
    "signed-out",
    "push",
    "stop",
    "quit",
    "menu",
    "menu-full",
)
VIEWS = (*WINDOWS, *(f"{name}-dark" for name in WINDOWS), "notification", "page", "icons")

MAIN, SIGN_IN = "Amika", "Sign in to Amika"
# what a page shows once it has what it asked for
ARRIVED = {
    "vault": "GITHUB_TOKEN",
    "connections": "every-morning",
    "activity": "another value",
    "settings": "[x] Codex",
    "diagnostics": "HOLDS VALUES",
}


@contextlib.contextmanager
def asked_for_sign_in() -> Iterator[dict[str, str]]:
    """Have a local workspace with a sign-in under way, as its answer to the one who asked."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="amika-ws-") as folder:
        workspace = launch.ensure(folder, clock)
        try:
            asked = {"client_id": "x", "requesting_program": "amika-agent", "requesting_machine": "laptop"}
            address = f"{workspace.url}/user_management/authorize/device"
            yield httpx.post(address, data=asked, trust_env=False).json()
        finally:
            launch.stop(workspace, clock)


def windows(desktop: Desktop, into: Path, asked: Mapping[str, str]) -> dict[str, list[str]]:
    """Photograph the windows and menus, in light and dark. asked: the sign-in that the dialog shows."""
    notes: dict[str, list[str]] = {}
    for scheme in (LIGHT, DARK):
        with lxqt_panel(desktop), photographer(desktop, into, scheme) as camera:
            _start(camera)
            _signing_in(camera, asked)
            _signed_in(camera)
            _pages(camera)
            _stopped(camera)
            notes |= camera.notes
    return notes


def notifications(desktop: Desktop, into: Path) -> dict[str, list[str]]:
    """Photograph two notifications on a desktop without anything else."""
    with dunst(desktop), lxqt_panel(desktop), photographer(desktop, into, LIGHT) as camera:
        camera.agent.publish(state="in_sync", accounts=[ACCOUNT])
        wait(lambda: "Sign out" in camera.ask("menu"), "the account")
        wait_until_still(desktop)
        empty = look(desktop, "empty")
        problem = {"code": "malformed", "message": "~/.codex/auth.json is not valid JSON (line 2)"}
        camera.agent.publish(
            state="attention",
            problems=[{**problem, "remedy": "Repair it, or sign in with Codex again."}],
            credentials=[credential("claude-oauth", "anthropic", "oauth", NOW + 20 * 60, "in_sync", "X")],
        )
        wait(lambda: desktop.says(["dunstctl", "count", "displayed"]).strip() == "2", "the notifications")
        wait_until_still(desktop)
        box = changed(desktop, empty, bottom=SIZE[1] - PANEL_HEIGHT)  # the icon in the panel has changed too
        crop(desktop.screenshot("notification", into=into), box, margin=12)
        desktop.run("close", ["dunstctl", "close-all"])
        told = json.loads(desktop.says(["dunstctl", "history"]))["data"][0]
    return {"notification": sorted(f"{one['summary']['data']}: {one['body']['data']}" for one in told)}


def in_browser(desktop: Desktop, into: Path, asked: Mapping[str, str]) -> dict[str, list[str]]:
    """Photograph the page on which the sign-in to the local workspace is approved."""
    with tempfile.TemporaryDirectory(prefix="amika-web-") as folder, chromium(desktop, Path(folder)) as chrome:
        chrome.get(asked["verification_uri_complete"])
        wait(lambda: asked["user_code"] in chrome.page_source, "the page")
        wait_until_still(desktop)
        crop(desktop.screenshot("page", into=into), Box(*WINDOW), margin=0)
        text = chrome.find_element("tag name", "body").text
    return {"page": _timeless(text.splitlines(), asked["user_code"])}


def _timeless(lines: list[str], code: str) -> list[str]:
    """Return what is shown without the code, the port and the hour, and whoever takes the picture."""
    text = "\n".join(lines).replace(code, "CODE")
    for pattern, word in (
        (r"at \d\d:\d\d, in \d+ min", "at TIME, in MINUTES"),
        (r"\S+@localhost", "YOU@localhost"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    ):
        text = re.sub(pattern, word, text)
    return text.splitlines()


def icons(into: Path) -> dict[str, list[str]]:
    """Draw the seven icons side by side, as they are on light and dark panels, at 16 pixels and four times as large."""
    _application = QGuiApplication.instance() or QGuiApplication(["icons"])
    column, row = 96, 128
    sheet = QImage(column * len(STATES), 2 * row, QImage.Format.Format_RGB32)
    painter = QPainter(sheet)
    painter.setFont(QFont("DejaVu Sans", 9))
    for line, (ground, colour, ink) in enumerate((("light", "#f1f2f4", "#2b2f36"), ("dark", "#24262b", "#f2f4f7"))):
        painter.fillRect(0, line * row, sheet.width(), row, QColor(colour))
        painter.setPen(QColor(ink))
        for place, state in enumerate(STATES):
            left, top = place * column, line * row
            folder = ROOT / "tray" / "amika_tray" / "icons"
            painter.drawImage(left + 40, top + 12, QImage(str(folder / f"{state}-on-{ground}-16.png")))
            painter.drawImage(left + 16, top + 36, QImage(str(folder / f"{state}-on-{ground}-64.png")))
            box = QRect(left, top + 102, column, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, state.replace("_", " "))
    painter.end()
    sheet.save(str(into / "icons.png"))
    return {"icons": list(STATES)}


def _start(camera: Photographer) -> None:
    wait(lambda: "Sign in…" in camera.ask("menu"), "the agent")
    camera.ask("open", "credentials")
    camera.take("window-empty", MAIN, "No credentials found yet")
    camera.ask("close", MAIN)


def _signing_in(camera: Photographer, asked: Mapping[str, str]) -> None:
    agent = camera.agent
    agent.page, agent.code = asked["verification_uri"], asked["user_code"]
    camera.ask("act", "sign_in", "amika")
    camera.take("dialog", SIGN_IN, agent.code)
    for name in camera.notes:
        camera.notes[name] = _timeless(camera.notes[name], agent.code)
    _leave(camera)
    agent.page, agent.code = PAGE, CODE
    camera.ask("act", "sign_in", "amika")
    camera.wait_for(SIGN_IN, CODE)
    agent.deny()
    camera.take("dialog-failed", SIGN_IN, "denied")
    _leave(camera)
    agent.organizations = ORGANIZATIONS
    camera.ask("act", "sign_in", "amika")
    camera.take("dialog-phone", SIGN_IN, CODE)
    agent.approve()
    camera.take("dialog-organization", SIGN_IN, "Other & Sons")
    camera.ask("press", SIGN_IN, "Continue")
    camera.take("dialog-done", SIGN_IN, "You are")
    camera.ask("close", SIGN_IN)


def _leave(camera: Photographer) -> None:
    camera.ask("close", SIGN_IN)
    wait(lambda: "Sign in…" in camera.ask("menu"), "the end of the sign-in")


def _signed_in(camera: Photographer) -> None:
    claude = machine(NOW)["credentials"][:1]
    account = {**ACCOUNT, "expires_at": NOW + 290}
    camera.agent.publish(state="in_sync", accounts=[account], credentials=claude)
    wait(lambda: "Anthropic" in "".join(camera.ask("menu")), "the credential")
    camera.take_menu("menu", by_panel=camera.is_light)
    camera.agent.sign_out_end = {"was_signed_in": True, "revoked": True, "left_remotely": ["Claude OAuth"]}
    camera.ask("act", "sign_out", "amika")
    camera.take("signed-out", "Signed out")
    camera.ask("close", "Signed out")


def _pages(camera: Photographer) -> None:
    agent = camera.agent
    agent.plan, agent.events, agent.vault, agent.connected = plan(), events(NOW), vault(NOW), connected(NOW)
    agent.publish(**machine(NOW))
    wait(lambda: "Problem" in "".join(camera.ask("menu")), "the machine")
    camera.take_menu("menu-full", by_panel=camera.is_light)
    for page in PAGES:
        camera.ask("open", page)
        if page == "rules":
            camera.ask("press", MAIN, "Preview")
            camera.wait_for(MAIN, "Codex renewed its login")
        camera.take(f"window-{page}", MAIN, ARRIVED.get(page, ""))
    camera.ask("act", "show", "credential:claude-oauth/anthropic")
    camera.take("details", "Anthropic")
    camera.ask("close", "Anthropic")
    _push(camera)
    _stop(camera)
    camera.ask("act", "quit")
    camera.take("quit", "Quit Amika")
    camera.ask("press", "Quit Amika", "Cancel")


def _push(camera: Photographer) -> None:
    fields = machine(NOW)
    fields["credentials"][0]["sync"] = {"state": "not_pushed"}
    camera.agent.publish(**fields)
    camera.ask("open", "credentials")
    camera.wait_for(MAIN, "Keep it pushed…")
    camera.ask("press", MAIN, "Keep it pushed…")
    camera.take("push", "Keep it pushed")
    camera.ask("press", "Keep it pushed", "Cancel")
    camera.agent.publish(**machine(NOW))


def _stop(camera: Photographer) -> None:
    camera.ask("open", "rules")
    camera.ask("press", MAIN, "Stop pushing…")
    camera.take("stop", "Stop pushing")
    camera.ask("press", "Stop pushing", "Cancel")


def _stopped(camera: Photographer) -> None:
    camera.agent.stop()
    camera.ask("open", "problems")
    camera.take("window-stopped", MAIN, "The agent is stopped")
