"""One HTML answer: rendered, with a policy that lets nothing run and nothing leave."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.responses import HTMLResponse

from amika_agent.workspace.templates import render


def page(template: str, status: int = 200, *, leads_to: str = "", **values: Any) -> HTMLResponse:  # noqa: ANN401
    """Return the page; `leads_to` is an origin that its form may lead to beside our own (browsers check redirects)."""
    nonce = secrets.token_urlsafe(16)
    targets = f"'self' {leads_to}".strip()
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )
    html = render(template, nonce=nonce, **values)
    return HTMLResponse(html, status, headers={"content-security-policy": policy})
