"""The providers AKOS knows, as data, and the choice of some of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amika_local.errors import UsageError

LLM = "llm"
INTEGRATION = "integration"
MARKETPLACE = "marketplace"
LOCAL = "local"
KINDS = (LLM, INTEGRATION, MARKETPLACE, LOCAL)


@dataclass(frozen=True)
class Provider:
    """One provider.

    id             what commands call it: "openai"
    kind           "llm", "integration", "marketplace" or "local"
    required_keys  without one of these it cannot be used
    optional_keys  used when they are there
    cloud          False: runs on this machine, so it works without a network
    docs_url       where a key is made; "" when nobody says
    """

    id: str
    name: str
    kind: str
    required_keys: tuple[str, ...] = ()
    optional_keys: tuple[str, ...] = ()
    cloud: bool = True
    docs_url: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the provider with the field names of AKOS's own `creds list --json`."""
        shape: dict[str, object] = {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "requiredKeys": list(self.required_keys),
            "optionalKeys": list(self.optional_keys),
            "cloud": self.cloud,
        }
        return {**shape, "docsUrl": self.docs_url} if self.docs_url else shape


_TEAMS = "https://learn.microsoft.com/en-us/microsoftteams/platform/concepts/build-and-test/prepare-your-o365-tenant"

PROVIDERS = (
    Provider(
        "openai",
        "OpenAI",
        LLM,
        ("OPENAI_API_KEY",),
        ("OPENAI_ORG_ID",),
        docs_url="https://platform.openai.com/api-keys",
    ),
    Provider(
        "anthropic",
        "Anthropic",
        LLM,
        ("ANTHROPIC_API_KEY",),
        docs_url="https://console.anthropic.com/settings/keys",
    ),
    Provider("gemini", "Google Gemini", LLM, ("GEMINI_API_KEY",), docs_url="https://aistudio.google.com/app/apikey"),
    Provider("github", "GitHub", INTEGRATION, ("GITHUB_TOKEN",), docs_url="https://github.com/settings/tokens"),
    Provider(
        "slack",
        "Slack",
        INTEGRATION,
        ("SLACK_BOT_TOKEN",),
        ("SLACK_SIGNING_SECRET",),
        docs_url="https://api.slack.com/apps",
    ),
    Provider("linear", "Linear", INTEGRATION, ("LINEAR_API_KEY",), docs_url="https://linear.app/settings/api"),
    Provider(
        "discord",
        "Discord",
        INTEGRATION,
        ("DISCORD_BOT_TOKEN",),
        docs_url="https://discord.com/developers/applications",
    ),
    Provider("teams", "Microsoft Teams", INTEGRATION, ("TEAMS_APP_ID", "TEAMS_APP_PASSWORD"), docs_url=_TEAMS),
    Provider("marketplace", "AgentsKit Marketplace", MARKETPLACE, ("AGENTSKIT_MARKETPLACE_TOKEN",)),
    Provider("ollama", "Ollama (local)", LOCAL, (), ("OLLAMA_BASE_URL",), cloud=False, docs_url="https://ollama.com"),
    Provider(
        "lmstudio", "LM Studio (local)", LOCAL, (), ("LMSTUDIO_BASE_URL",), cloud=False, docs_url="https://lmstudio.ai"
    ),
)


def chosen(kinds: Sequence[str], ids: Sequence[str]) -> list[Provider]:
    """Return the providers of these kinds and ids (none given: all), in the order of the table.

    Raises:
        UsageError: there is no such kind or provider; names the nearest.

    """
    _check("kind", kinds, KINDS, "amika creds list")
    _check("provider", ids, [provider.id for provider in PROVIDERS], "amika creds list")
    return [p for p in PROVIDERS if (not kinds or p.kind in kinds) and (not ids or p.id in ids)]


def needing(key: str) -> list[Provider]:
    """Return the providers that use this key."""
    return [p for p in PROVIDERS if key in p.required_keys + p.optional_keys]


def nearest_key(key: str) -> str:
    """Return the known key that this one may be meant to be, or ""."""
    from difflib import get_close_matches

    known = [name for p in PROVIDERS for name in p.required_keys + p.optional_keys]
    return next(iter(get_close_matches(key, known, 1, 0.8)), "")


def _check(what: str, given: Iterable[str], known: Sequence[str], listing: str) -> None:
    from difflib import get_close_matches

    for word in given:
        if word not in known:
            close = get_close_matches(word.lower(), known, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise UsageError(f"there is no such {what}{hint}", remedy=f"Known: {', '.join(known)} (`{listing}`).")
