"""The pages of the loopback sign-in: one that takes the login out of the address bar, and the ends.

Nothing of a request is ever put into a page: every text here is ours.
"""

from __future__ import annotations

import secrets

_STYLE = """
:root { color-scheme: light dark; --ground: #f3f4f8; --card: #fff; --line: #dfe2ea; --text: #1b1f2a; --quiet: #5b6375;
  --accent: #0f766e; --good: #14713c; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #12141b; --card: #1b1e28; --line: #323747; --text: #e9ebf2;
  --quiet: #a0a8bb; --accent: #5ccfc0; --good: #6fd69a; --bad: #ff9a91; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; padding: 1.5rem 1rem; background: var(--ground); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 31rem; margin: 8vh auto 0; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 14px; }
header { font-weight: 600; margin-bottom: 1.5rem; color: var(--quiet); }
header::before { content: ""; display: inline-block; width: .9rem; height: .9rem; margin-right: .6rem;
  border-radius: .3rem; background: var(--accent); transform: rotate(45deg); vertical-align: -.05rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
p { margin: 0 0 1rem; }
code { font: .92em ui-monospace, "DejaVu Sans Mono", monospace; }
"""

# The fragment was never sent over the wire; from here it goes to us by POST, and out of the address bar and history.
_SCRIPT = """
"use strict";
const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
history.replaceState(null, "", "/cb");
const end = (title, text) => {
  document.querySelector("h1").textContent = title;
  document.querySelector("h1").className = "bad";
  document.querySelector("p").textContent = text;
};
if (!given.state) {
  end("Nothing arrived here", "Open the sign-in link again from the terminal, or start the sign-in again there.");
} else {
  fetch("/cb-complete", {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(given),
    credentials: "omit", cache: "no-store", redirect: "error",
  }).then(async (answer) => {
    if (answer.ok) { location.replace("/success"); return; }
    const told = await answer.json().catch(() => ({}));
    end("You are not signed in", String(told.message || "The program refused it. Look into the terminal."));
  }).catch(() => end("The program has gone", "It no longer waits for a sign-in. Start the sign-in again there."));
}
"""


def policy(nonce: str) -> str:
    """Return the content security policy of a page."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def fragment_page() -> tuple[str, str]:
    """Return (HTML, policy) of the page that finishes the sign-in from the fragment."""
    return _page(
        "Signing in …",
        "One moment: the login is being checked.",
        script=_SCRIPT,
        more="<noscript><p>This page needs JavaScript to hand the login over. Without it, store a token: "
        "<code>amika auth login almyty --token-file -</code></p></noscript>",
    )


def success_page() -> tuple[str, str]:
    """Return (HTML, policy) of the last page."""
    return _page("Signed in", "You can close this window and go back to where you started.", kind="good")


def end_page(title: str, text: str) -> tuple[str, str]:
    """Return (HTML, policy) of a page that says what went wrong; both texts are ours."""
    return _page(title, text, kind="bad")


def _page(title: str, text: str, *, kind: str = "", script: str = "", more: str = "") -> tuple[str, str]:
    nonce = secrets.token_urlsafe(16)
    code = f'<script nonce="{nonce}">{script}</script>' if script else ""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} · Amika</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style nonce="{nonce}">{_STYLE}</style></head><body><main><header>Amika · almyty sign-in</header>'
        f'<div role="status"><h1 class="{kind}">{title}</h1><p>{text}</p></div>{more}</main>{code}</body></html>'
    )
    return html, policy(nonce)
