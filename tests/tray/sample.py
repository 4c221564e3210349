"""A machine with a bit of everything, for tests and pictures of the window."""

from __future__ import annotations

from typing import Any

HOUR = 3600.0


def machine(now: float) -> dict[str, Any]:
    """Return a snapshot's fields."""
    claude = credential("claude-oauth", "anthropic", "oauth", now + 3.4 * HOUR, "in_sync", "CLAUDE_CODE_OAUTH_TOKEN")
    claude |= {"path": "/home/dev/.claude/.credentials.json", "account": "dev@example.com"}
    rule = {"type": "oauth", "scope": "user", "pushed_at": now - 120, "detail": ""}
    return {
        "state": "attention",
        "accounts": [
            {
                "service": "amika",
                "signed_in": True,
                "method": "session",
                "email": "dev@example.com",
                "organization": "Example Org",
                "api_url": "https://app.example.com",
                "expires_at": now + 290,
                "storage": "file",
            },
            {"service": "almyty", "signed_in": True, "method": "session", "email": "dev@example.com"},
            {"service": "akos", "signed_in": False, "method": "none"},
        ],
        "credentials": [
            claude,
            credential("codex", "openai", "oauth", now + 9 * 24 * HOUR, "in_sync", "CODEX_AUTH"),
            credential("opencode", "groq", "api_key", None, "not_pushed", "GROQ_API_KEY"),
            credential("opencode", "openrouter", "api_key", None, "not_pushed", "OPENROUTER_API_KEY"),
            credential("gemini", "google", "oauth", now - 2 * HOUR, "expired", "GEMINI_API_KEY"),
            credential("amp", "amp", "api_key", None, "pending", "AMP_API_KEY"),
            {
                **credential("opencode", "anthropic", "oauth", now + 20 * 60, "not_pushed", "ANTHROPIC_API_KEY"),
                "used": False,
                "shadowed_by": "claude-oauth/anthropic",
            },
        ],
        "rules": [
            {**rule, "id": "r1", "provider": "claude", "name": "Claude OAuth", "source": "claude-oauth",
             "state": "in_sync"},
            {**rule, "id": "r2", "provider": "codex", "name": "Codex OAuth", "source": "codex", "state": "pending",
             "detail": "waits for the network"},
            {**rule, "id": "r3", "provider": "generic", "name": "AMP_API_KEY", "source": "amp", "scope": "org",
             "type": "generic", "state": "parked", "pushed_at": None, "detail": "pushed for another organization"},
        ],
        "problems": [
            {"code": "expired", "source": "gemini", "path": "/home/dev/.gemini/oauth_creds.json",
             "message": "the Gemini login has expired", "remedy": "Start Gemini CLI once: `gemini`"},
            {"code": "malformed", "source": "opencode", "path": "/home/dev/.local/share/opencode/auth.json",
             "message": "/home/dev/.local/share/opencode/auth.json is not valid JSON (line 4)",
             "remedy": "The last good values stay in use. Repair the file, or sign in with OpenCode again."},
            {"code": "parked", "source": "sync", "path": "", "message": "AMP_API_KEY was pushed for Other Org",
             "remedy": "To push it for Example Org too: `amika sync resolve r3 accept`"},
            {"code": "not_signed_in", "source": "akos", "path": "", "message": "AKOS: the session has expired",
             "remedy": "Sign in again: amika auth login akos"},
        ],
    }  # fmt: skip


def credential(source: str, provider: str, kind: str, ends: float | None, state: str, name: str) -> dict[str, Any]:
    """Return a credential that is used."""
    return {
        "id": f"{source}/{provider}",
        "provider": provider,
        "kind": kind,
        "source": source,
        "path": f"/home/dev/.{source}",
        "expires_at": ends,
        "used": True,
        "env_name": name,
        "sync": {"state": state},
    }


def plan() -> list[dict[str, Any]]:
    """Return the actions of a preview."""
    base = {"rule": "r1", "type": "oauth", "scope": "user", "remedy": "", "code": "x"}
    return [
        {**base, "kind": "keep", "provider": "claude", "name": "Claude OAuth", "reason": "pushed 2 min ago"},
        {**base, "kind": "replace", "provider": "codex", "name": "Codex OAuth", "reason": "Codex renewed its login"},
        {**base, "kind": "blocked", "provider": "generic", "name": "AMP_API_KEY",
         "reason": "it was pushed for Other Org", "remedy": "Confirm it: amika sync resolve r3 accept"},
    ]  # fmt: skip


def events(now: float) -> list[dict[str, Any]]:
    """Return what the activity log holds, oldest first."""
    told = (
        ("signed_in", "amika", "by session", "amika-tray (pid 4211)"),
        ("found", "claude-oauth/anthropic", "in /home/dev/.claude/.credentials.json", "agent"),
        ("cached", "GROQ_API_KEY", "the env cache follows what is on disk", "agent"),
        ("created", "Claude OAuth (user)", "sync.auto_push asks for it", "agent"),
        ("changed", "claude-oauth/anthropic", "another value in /home/dev/.claude/.credentials.json", "agent"),
        ("replaced", "Claude OAuth (user)", "the credential on this machine is newer", "agent"),
        ("revealed", "GROQ_API_KEY (opencode)", "its value was given to a program of this user, to be copied",
         "amika-tray (pid 4211)"),
    )  # fmt: skip
    return [
        {"at": now - 60 * (len(told) - n), "what": what, "subject": which, "why": why, "caller": who, "account": ""}
        for n, (what, which, why, who) in enumerate(told)
    ]


def vault(now: float) -> list[dict[str, Any]]:
    """Return what the vault lists."""
    kept = (
        ("GITHUB_TOKEN", "workspace", "keyring", 26),
        ("REGISTRY_PASSWORD", "tenant", "encrypted-file", 400),
        ("SLACK_BOT_TOKEN", "workspace", "keyring", 3),
    )
    return [
        {"key": key, "scope": scope, "source": source, "stored_at": now - hours * HOUR}
        for key, scope, source, hours in kept
    ]


def connected(now: float) -> list[dict[str, Any]]:
    """Return the connections: one that is ready, one that lacks its key, one that needs none."""
    base = {"fields": {}, "scope": "workspace", "missing_keys": [], "created_at": now - 20 * HOUR}
    return [
        {**base, "name": "issues", "kind": "github", "vault_key": "GITHUB_TOKEN"},
        {**base, "name": "planning", "kind": "linear", "vault_key": "LINEAR_API_KEY", "scope": "tenant",
         "fields": {"team": "team-of-the-field"}, "missing_keys": ["LINEAR_API_KEY"]},
        {**base, "name": "every-morning", "kind": "cron", "vault_key": ""},
    ]  # fmt: skip
