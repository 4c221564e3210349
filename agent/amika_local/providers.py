"""Names: a provider as every source spells it, and the environment variables it becomes."""

from amika_local.credential import API_KEY
from amika_local.document import trim

_ALIASES = {"claude": "anthropic", "codex": "openai"}
_VARIABLES = {
    "anthropic": ("ANTHROPIC_API_KEY", "CLAUDE_API_KEY"),
    "openai": ("OPENAI_API_KEY", "CODEX_API_KEY"),
}
_LOWER: "dict[int, int]" = {upper: upper + 32 for upper in range(65, 91)}
_UPPER = {lower: lower - 32 for lower in range(97, 123)}
_LOWER_DASHED = _LOWER | {ord(separator): ord("-") for separator in "_ ./"}

# what Anthropic's own tools begin an OAuth token with: no API accepts it as an API key
OAUTH_PREFIX = "sk-ant-oat"


def canonical(name: str) -> str:
    """Return the one name of a provider, or "" when nothing is left of it.

    Applied twice, as the Go CLI does: `a---b` is `a-b`, `a------b` stays `a--b`. Only ASCII letters are lowered, so
    that no look-alike becomes a known name.
    """
    return _once(_once(name))


def _once(name: str) -> str:
    # two dashes that stood there become one, before other separators become dashes
    short = trim(name).replace("--", "-").translate(_LOWER_DASHED).strip("-")
    return _ALIASES.get(short, short)


def variables(provider: str) -> "tuple[str, ...]":
    """Return the documented variables of a canonical provider: two for anthropic and openai, else one.

    The result may be no valid name: see `is_variable`. Only ASCII letters are raised, no look-alike becomes OPENAI.
    """
    return _VARIABLES.get(provider) or (upper(provider).replace("-", "_") + "_API_KEY",)


def upper(text: str) -> str:
    """Return the text with its ASCII letters raised, and no other changed."""
    return text.translate(_UPPER)


def is_variable(name: str) -> bool:
    """Tell whether every shell takes `name` as a variable: [A-Za-z_][A-Za-z0-9_]*."""
    return name.isascii() and name.isidentifier()


def native_variable(provider: str, kind: str, value: str, *, claude: bool = False) -> str:
    """Return the variable that the owner's tool itself understands, or "" when an OAuth token has none.

    Args:
        provider: canonical name.
        kind: API_KEY or OAUTH.
        value: the key or token; Anthropic's OAuth tokens are known by their beginning.
        claude: it is Claude Code's own login.

    """
    if provider == "anthropic" and (claude or value.startswith(OAUTH_PREFIX)):
        return "CLAUDE_CODE_OAUTH_TOKEN"
    return variables(provider)[0] if kind == API_KEY else ""


def shown(name: str) -> str:
    """Return a name from a foreign file as it may be shown: printable ASCII, at most 40 characters."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in name[:40])
    return plain + ("…" if len(name) > 40 else "")
