"""npm's certified `oidc-provider` on a loopback port, and a person in front of its pages."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Self

import httpx
from tests.process.install_oidc_provider import PLACE, node

SCRIPT = Path(__file__).with_name("oidc_provider.mjs")
CLIENT = "client_fake"


class OidcProvider:
    """The server; `code_lifetime` in seconds."""

    def __init__(self, *, code_lifetime: int = 300) -> None:
        self._arguments = [str(PLACE / "node_modules"), str(code_lifetime)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [node(), str(SCRIPT), *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.url: str = json.loads(self._process.stdout.readline())["url"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)

    def approve(self, page: str) -> None:
        """Open the page with the code and go through its forms: confirm, sign in, consent."""
        last = self._walk(page, deny=False)
        assert "Sign-in Success" in last, re.sub(r"\s+", " ", last)[:500]

    def deny(self, page: str) -> None:
        """Open the page with the code and abort."""
        self._walk(page, deny=True)

    def _walk(self, page: str, *, deny: bool) -> str:
        with httpx.Client(base_url=self.url, follow_redirects=True) as browser:
            answer = browser.get(page)
            for _ in range(6):
                form = _form(answer.text)
                if form is None:
                    break
                fields = dict(form.fields)
                if deny and "abort" in answer.text:
                    return browser.post(form.action, data={**fields, "abort": "yes"}).text
                if "login" in form.names:
                    fields |= {"login": "dev@example.com", "password": "fake"}
                answer = browser.post(form.action, data=fields)
            return answer.text


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if tag == "form" and not self.action:
            self.action = found.get("action", "")
        if tag == "input" and "name" in found:
            self.names.add(found["name"])
            if found.get("type") == "hidden":
                self.fields[found["name"]] = found.get("value", "")


def _form(page: str) -> _Form | None:
    form = _Form()
    form.feed(page)
    return form if form.action else None
