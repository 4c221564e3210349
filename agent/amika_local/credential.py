"""What a source yields: credentials and problems."""

from amika_local.secret import Secret

API_KEY = "api_key"
OAUTH = "oauth"


class Credential:
    """One provider's key or token from one source.

    provider    canonical name: "anthropic", "openai", "groq" …
    kind        "api_key" or "oauth"
    value       the key or access token
    source      id of the source: "claude-api", "claude-oauth", "codex", "env-cache", "keychain", "oauth",
                "opencode", "amp" …
    path        the file it was read from
    priority    higher wins per provider
    expires_at  epoch seconds, or None when it does not expire or does not say
    native_name the environment variable the owner's tool itself understands (an OAuth token is no API key)
    account     e-mail of the account, when the source says
    record      OAuth only: the JSON object (text) a receiver needs, and nothing beside it
    issued_at   epoch seconds of the owner's last refresh, when the source says
    """

    __slots__ = (
        "account",
        "expires_at",
        "issued_at",
        "kind",
        "native_name",
        "path",
        "priority",
        "provider",
        "record",
        "source",
        "value",
    )

    def __init__(  # noqa: PLR0913 -- a record; dataclasses cost 24 ms on the start-up path
        self,
        provider: str,
        kind: str,
        value: Secret,
        source: str,
        path: str,
        priority: int,
        *,
        expires_at: "float | None" = None,
        native_name: str = "",
        account: "str | None" = None,
        record: "Secret | None" = None,
        issued_at: "float | None" = None,
    ) -> None:
        self.provider = provider
        self.kind = kind
        self.value = value
        self.source = source
        self.path = path
        self.priority = priority
        self.expires_at = expires_at
        self.native_name = native_name
        self.account = account
        self.record = record
        self.issued_at = issued_at

    def __repr__(self) -> str:
        return f"Credential({self.provider}, {self.kind}, {self.source})"


class Problem:
    """Something a person should know: a source that cannot be used, and what to do about it. Never a value.

    code      stable word: "unreadable", "malformed", "too_large", "not_a_file", "blank", "expired" …
    """

    __slots__ = ("code", "message", "path", "remedy", "source")

    def __init__(self, code: str, message: str, *, source: str = "", path: str = "", remedy: str = "") -> None:
        self.code = code
        self.message = message
        self.source = source
        self.path = path
        self.remedy = remedy

    def __repr__(self) -> str:
        return f"Problem({self.code}, {self.source}, {self.path})"
