"""Whether Claude Code is signed in here with a subscription: then an API key in its environment would cost money."""

from amika_local.credential import OAUTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.discovery import Discovery

LOGINS = ("claude-oauth", "claude-keychain")
"""Sources of Claude Code's own login: its file, and the keychain on macOS."""


def has_claude_login(discovery: "Discovery") -> bool:
    """Tell whether there is such a login, or may be one.

    An expired one counts, Claude Code renews it when it starts; so does one that cannot be read just now. An empty one
    is none.
    """
    return any(c.source in LOGINS and c.kind == OAUTH for c in discovery.credentials) or any(
        p.source in LOGINS and p.code != "blank" for p in discovery.problems
    )
