"""Waiting for a page in a real browser, while the one before it is being left."""

from __future__ import annotations

import pytest
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.support.wait import WebDriverWait

HEADING = "const heading = document.querySelector('h1'); return heading && heading.innerText.trim()"


def heading(chrome: Chrome) -> str | None:
    """Return the heading, asked for in one step: an element that was found may be gone when it is read."""
    found: str | None = chrome.execute_script(HEADING)
    return found


def wait_for_page(chrome: Chrome, *headings: str) -> None:
    """Return when the page with one of these headings is there."""
    # a question to a page that is being left ends in more than one kind of error
    patient = WebDriverWait(chrome, 30, ignored_exceptions=(WebDriverException,))
    try:
        patient.until(lambda driver: heading(driver) in headings)
    except TimeoutException:
        shown = chrome.execute_script("return document.readyState + ': ' + document.body.innerText")
        pytest.fail(f"no page with a heading of {headings!r}, but {shown!r}")


def wait_for_text(chrome: Chrome, text: str) -> None:
    """Return when the page holds this text: its source is empty for a moment after the browser says it is there."""
    patient = WebDriverWait(chrome, 30, ignored_exceptions=(WebDriverException,))
    patient.until(lambda driver: text in driver.page_source, "a text never came")
