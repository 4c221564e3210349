"""`creds check`: which provider has its keys, and where they were found. Pure.

Present means usable: an empty value is missing everywhere, and a value that cannot be a key (a placeholder, something
with a line break in it, an OAuth token where an API takes none) is invalid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from amika_agent.akos.providers import Provider
from amika_local.providers import OAUTH_PREFIX
from amika_local.secret import Secret

OK = "ok"
MISSING = "missing"
SKIPPED = "skipped"
INVALID = "invalid"
ENV_PREFIX = "AGENTSKITOS_"

# beginnings of what people leave in a template; compared in lower case
_PLACEHOLDERS = ("your-", "your_", "<", "changeme", "change-me", "replace", "todo", "xxx", "${", "{{", "insert-", "...")


@dataclass(frozen=True)
class Place:
    """One place that may hold keys.

    name     shown: "environment", ".env", "vault", "claude-api"
    holds    keys it holds, without their values, when values are not to be read ("vault")
    values   keys and values, when they are at hand
    """

    name: str
    values: Mapping[str, Secret] = field(default_factory=dict)
    holds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Check:
    """The answer for one provider.

    status       "ok", "missing", "skipped" (cloud provider, air gap) or "invalid"
    missing      required keys that are nowhere, or nowhere valid
    found        key -> name of the place, required and optional keys
    remediation  what to do; "" when there is nothing
    """

    provider: Provider
    status: str
    missing: tuple[str, ...] = ()
    found: Mapping[str, str] = field(default_factory=dict)
    remediation: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the check with the field names of AKOS's own `creds check --json`, and `foundIn` beside them."""
        shape: dict[str, object] = {
            "providerId": self.provider.id,
            "status": self.status,
            "missingKeys": list(self.missing),
            "foundIn": dict(self.found),
        }
        return {**shape, "remediation": self.remediation} if self.remediation else shape


def check(
    providers: Sequence[Provider],
    places: Sequence[Place],
    *,
    air_gap: bool = False,
    command: Callable[[str], str] | None = lambda words: f"amika {words}",
) -> list[Check]:
    """Return one answer per provider; places are asked in their order and the first with a valid value counts.

    Args:
        providers: whom to check.
        places: where keys may be.
        air_gap: skip providers that need the network.
        command: how the person types a command of ours; None where the vault is not among the places.

    """
    return [
        Check(provider, SKIPPED, remediation="it needs the network, which an air gap forbids")
        if air_gap and provider.cloud
        else _checked(provider, places, command)
        for provider in providers
    ]


def _checked(provider: Provider, places: Sequence[Place], command: Callable[[str], str] | None) -> Check:
    found: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for key in provider.required_keys + provider.optional_keys:
        place, reason = _look_up(key, places)
        if place and not reason:
            found[key] = place
        elif place:
            wrong[key] = f"{key} ({place}) {reason}"
    missing = tuple(key for key in provider.required_keys if key not in found)
    reasons = [wrong[key] for key in missing if key in wrong]
    if not missing:
        return Check(provider, OK, (), found)
    return Check(provider, INVALID if reasons else MISSING, missing, found, _fix(provider, missing, reasons, command))


def _fix(
    provider: Provider, missing: Sequence[str], reasons: Sequence[str], command: Callable[[str], str] | None
) -> str:
    make = f"{provider.name}: make a key at {provider.docs_url} and" if provider.docs_url else f"{provider.name}:"
    if command is None:
        store = f"set {' and '.join(missing)} in the environment or in the file of --secrets-file"
    else:
        store = "store it with " + " and ".join(f"`{command(f'creds set {key}')}`" for key in missing)
    return "; ".join([*reasons, f"{make} {store}"])


def _look_up(key: str, places: Sequence[Place]) -> tuple[str, str]:
    """Return (place, "") of the first valid value, else (place, why not) of the first one, else ("", "")."""
    first = ("", "")
    for place in places:
        if key in place.holds:
            return place.name, ""
        value = place.values.get(key)
        if not value or not value.reveal().strip():
            continue
        reason = trouble(key, value)
        if not reason:
            return place.name, ""
        first = first if first[0] else (place.name, reason)
    return first


def trouble(key: str, value: Secret) -> str:
    """Return why this value cannot be the key it stands under, or "". Says nothing of the value."""
    text = value.reveal().strip()
    if text.lower().startswith(_PLACEHOLDERS):
        return "is a placeholder, not a value"
    if not text.isascii() or not text.isprintable() or " " in text:
        return "is no key: it has blanks, line breaks or other characters that no key has"
    if key == "ANTHROPIC_API_KEY" and text.startswith(OAUTH_PREFIX):
        return "is an OAuth token, which the API does not take as a key"
    return ""


def of_environment(env: Mapping[str, str], prefix: str) -> Place:
    """Return the keys of an environment: PREFIX + key first, else the bare name; an empty one hides nothing."""
    given = {name: Secret(value) for name, value in env.items() if value}
    own = {name[len(prefix) :]: value for name, value in given.items() if prefix and name.startswith(prefix)}
    return Place("environment", {**given, **own})
