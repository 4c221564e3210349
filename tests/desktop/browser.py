"""Chromium on the virtual display, driven as a person would: seen, not headless, with a profile of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from tests.desktop.screen import Desktop

WINDOW = (60, 30, 900, 860)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--password-store=basic",
    "--hide-crash-restore-bubble",
    "--test-type",  # no bar about --no-sandbox on the picture
    f"--window-position={WINDOW[0]},{WINDOW[1]}",
    f"--window-size={WINDOW[2]},{WINDOW[3]}",
)


@contextlib.contextmanager
def chromium(desktop: Desktop, folder: Path) -> Iterator[Chrome]:
    """Have a Chromium window; `folder` takes its profile."""
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={folder / 'chromium'}"):
        options.add_argument(flag)
    options.add_experimental_option("excludeSwitches", ["enable-automation"])
    env = {**os.environ, **desktop.env, "HOME": str(folder)}
    service = Service(shutil.which("chromedriver") or "chromedriver", env=env)
    driver = Chrome(options=options, service=service)
    driver.implicitly_wait(10)  # an element that a page is still bringing is waited for
    try:
        yield driver
    finally:
        driver.quit()
