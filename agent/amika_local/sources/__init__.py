"""Where credentials are found: one table of files and priorities, one module per tool.

A module has `parse(content, place) -> list[Credential | Problem]`, pure: it gets what the file holds and looks at
nothing else. It may raise `FieldError`: then the file is a bad source. Its credentials may be expired: discovery sorts
them out.
A module may also have `account(document) -> str | None`, which reads the e-mail out of the row's `identity` file.

How to add a tool: docs/adding-a-source.md.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "json"  # the module gets the parsed JSON object
STRINGS = "strings"  # the same, of a file that may be large: no number in it is read
BYTES = "bytes"  # the module gets the bytes
KEYCHAIN = "keychain"  # there is no file: the macOS keychain


class Row:
    """One source.

    id        what people and other modules call it
    priority  higher wins per provider
    module    in this package
    files     (base, path below it) in the order they are tried; the first with a usable credential ends the search
    content   JSON, STRINGS, BYTES or KEYCHAIN: what the module's `parse` gets
    oauth     every credential of it is an OAuth token: `--no-oauth` does not even open it
    login     how its owner signs in again, for remedies
    identity  (base, path) of the file that names the account; read after the credential
    fills     "" for the eight documented sources; else the only provider it gives, and it only fills that one in
    absence_of  the source whose missing file this one explains (its login lies elsewhere)
    """

    __slots__ = ("absence_of", "content", "files", "fills", "id", "identity", "login", "module", "oauth", "priority")

    def __init__(  # noqa: PLR0913 -- a row of a table
        self,
        id: str,  # noqa: A002 -- what it is
        priority: int,
        module: str,
        files: "tuple[tuple[str, str], ...]",
        *,
        login: str,
        content: str = JSON,
        oauth: bool = False,
        identity: "tuple[str, str] | None" = None,
        fills: str = "",
        absence_of: str = "",
    ) -> None:
        self.id = id
        self.priority = priority
        self.module = module
        self.files = files
        self.login = login
        self.content = content
        self.oauth = oauth
        self.identity = identity
        self.fills = fills
        self.absence_of = absence_of


_CLAUDE_CONFIG = ("claude-home", ".claude.json")

# In the order of reading: Claude's token before the identity beside it, so that a new token is never seen with the
# identity of the login before. The priority alone decides who wins.
TABLE = (
    Row(
        "claude-oauth",
        400,
        "claude_oauth",
        (("claude-config", ".credentials.json"), ("claude-home", ".claude-oauth-credentials.json")),
        oauth=True,
        identity=_CLAUDE_CONFIG,
        login="run `claude auth login`",
    ),
    Row(
        "claude-api",
        500,
        "claude_api",
        (("claude-home", ".claude.json.api"), _CLAUDE_CONFIG),
        content=STRINGS,
        login="run `claude auth login`",
    ),
    Row("codex", 300, "codex", (("codex", "auth.json"),), login="run `codex login`"),
    Row("env-cache", 290, "amika_stores", (("cache", "amika/env-cache.json"),), login=""),
    Row("keychain", 280, "amika_stores", (("data", "amika/keychain.json"),), login=""),
    Row("oauth", 270, "amika_stores", (("state", "amika/oauth.json"),), oauth=True, login=""),
    Row("opencode", 200, "opencode", (("data", "opencode/auth.json"),), login="run `opencode auth login`"),
    Row("amp", 100, "amp", (("home", ".amp/config.json"),), login=""),
    # beyond the eight
    Row(
        "claude-keychain",
        90,
        "claude_keychain",
        (),
        content=KEYCHAIN,
        oauth=True,
        identity=_CLAUDE_CONFIG,
        fills="anthropic",
        login="run `claude auth login`",
    ),
    Row(
        "codex-keyring",
        80,
        "codex_keyring",
        (("codex", "config.toml"),),
        content=BYTES,
        fills="openai",
        absence_of="codex",
        login="run `codex login`",
    ),
    Row(
        "amp-secrets",
        70,
        "amp_secrets",
        (("home", ".local/share/amp/secrets.json"),),
        fills="amp",
        login="run `amp login`",
    ),
    Row(
        "gemini",
        60,
        "gemini",
        (("home", ".gemini/oauth_creds.json"),),
        oauth=True,
        identity=("home", ".gemini/google_accounts.json"),
        fills="gemini",
        login="run `gemini` and sign in",
    ),
    Row(
        "qwen",
        50,
        "qwen",
        (("home", ".qwen/oauth_creds.json"),),
        oauth=True,
        fills="qwen",
        login="run `qwen` and sign in",
    ),
    Row(
        "kimi",
        40,
        "kimi",
        (("home", ".kimi-code/credentials/kimi-code.json"),),
        oauth=True,
        fills="kimi",
        login="run `kimi login`",
    ),
)

# base -> (variable that replaces it, what is then below the variable's directory, default below home)
_BASES = {
    "home": ("", ""),
    "claude-home": ("CLAUDE_CONFIG_DIR", ""),
    "claude-config": ("CLAUDE_CONFIG_DIR", ".claude"),
    "codex": ("CODEX_HOME", ".codex"),
    "cache": ("XDG_CACHE_HOME", ".cache"),
    "data": ("XDG_DATA_HOME", ".local/share"),
    "state": ("XDG_STATE_HOME", ".local/state"),
}


def locate(place: "tuple[str, str]", home: str, env: "Mapping[str, str]", *, confined: bool) -> str:
    """Return the path of a (base, path below it); `confined` ignores the variables that move a base."""
    base, below = place
    variable, default = _BASES[base]
    moved = env.get(variable, "") if variable and not confined else ""
    return os.path.join(moved or os.path.join(home, default), below)
