"""Push rules: "keep this credential equal to that remote secret"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from amika_local.credential import API_KEY, OAUTH, Credential
from amika_local.errors import UsageError

CLAUDE = "claude"
CODEX = "codex"
GENERIC = "generic"
PROVIDERS = (CLAUDE, CODEX)
QUEUES = (*PROVIDERS, GENERIC)  # what one of them waits for delays none of the others
VALUE = "value"
USER = "user"
ORG = "org"
SCOPES = (USER, ORG)
KEEP = "keep"
DELETE = "delete"
ASK = "ask"
MAX_NAME = 200

_DEFAULT_NAMES = {
    (CLAUDE, OAUTH): "Claude OAuth",
    (CLAUDE, API_KEY): "Claude API Key",
    (CODEX, OAUTH): "Codex OAuth",
    (CODEX, API_KEY): "Codex API Key",
}
# source of a credential -> provider whose secret it can become
_PUSHABLE = {
    "claude-oauth": CLAUDE,
    "claude-keychain": CLAUDE,
    "claude-api": CLAUDE,
    "codex": CODEX,
    "codex-keyring": CODEX,
}
_BRIDGE = re.compile(r"\(amika ([0-9a-f]{8})-([0-9a-f]{6})\)$")
_FOR_ORG = " [org]"


@dataclass(frozen=True)
class Rule:
    """One push rule of one account.

    id              short and speakable: "claude-oauth", "claude-oauth-org", "generic-groq-api-key"
    provider        "claude", "codex" or "generic"
    type            "oauth" or "api_key"; "value" for a generic secret
    scope           "user" or "org"
    name            name of the remote secret
    source          id of the source the value comes from: "claude-oauth", "codex" …
    path            the file it was first read from; another file needs a yes
    credential      canonical provider inside the source: "anthropic" (one source may give several)
    source_account  e-mail of the local account the value belongs to, when the source says
    on_removal      what happens remotely when the source goes: "keep", "delete" or "ask"
    without_refresh_token  what is sent leaves the refresh token out
    gap_accepted    org scope: the person agreed to the gap of a replacement
    take_over       org scope: id of somebody else's record that the person agreed to replace
    paused_until    epoch seconds; `float("inf")` until resumed; None when running
    """

    id: str
    provider: str
    type: str
    scope: str
    name: str
    source: str
    path: str
    credential: str = ""
    source_account: str | None = None
    on_removal: str = KEEP
    without_refresh_token: bool = False
    gap_accepted: bool = False
    take_over: str = ""
    paused_until: float | None = None

    def takes(self, credential: Credential) -> bool:
        """Tell whether `credential` is the one this rule pushes (its path and account are judged apart)."""
        kind = credential.kind if self.provider == GENERIC else self.type
        return (
            credential.source == self.source
            and credential.kind == kind
            and (not self.credential or credential.provider == self.credential)
        )


def pushable_as(credential: Credential) -> str | None:
    """Return the provider ("claude", "codex") whose secret this credential can become, or None."""
    return _PUSHABLE.get(credential.source)


def rule_for(credential: Credential, *, scope: str = USER, name: str = "", taken: Iterable[str] = ()) -> Rule:
    """Return a provider rule for a discovered Claude or Codex credential.

    Args:
        credential: what was discovered.
        scope: "user" or "org".
        name: remote name; the default name when empty.
        taken: ids of existing rules of the account.

    Raises:
        UsageError: the credential is nobody's provider secret, or the name is refused.

    """
    provider = pushable_as(credential)
    if provider is None:
        raise UsageError(
            f"{credential.source} is not a source of Claude or Codex provider secrets",
            remedy="Store it as a generic secret.",
        )
    name = checked_name(name or default_name(provider, credential.kind))
    base = f"{provider}-{credential.kind.replace('_', '-')}" + ("-org" if scope == ORG else "")
    return Rule(
        id=_free(base, taken),
        provider=provider,
        type=credential.kind,
        scope=checked_scope(scope),
        name=name,
        source=credential.source,
        path=credential.path,
        credential=credential.provider,
        source_account=credential.account,
    )


def generic_rule_for(credential: Credential, name: str, *, scope: str = USER, taken: Iterable[str] = ()) -> Rule:
    """Return a rule that keeps the generic secret `name` equal to `credential`'s value (key or access token).

    Raises:
        UsageError: the name or the scope is refused.

    """
    name = checked_name(name)
    slug = "".join(c if c.isalnum() and c.isascii() else "-" for c in name.lower()).strip("-") or "secret"
    return Rule(
        id=_free(f"generic-{slug}" + ("-org" if scope == ORG else ""), taken),
        provider=GENERIC,
        type=VALUE,
        scope=checked_scope(scope),
        name=name,
        source=credential.source,
        path=credential.path,
        credential=credential.provider,
        source_account=credential.account,
    )


def default_name(provider: str, type_: str) -> str:
    """Return the default remote name of a provider secret, for example "Claude OAuth"."""
    return _DEFAULT_NAMES[provider, type_]


def checked_name(name: str) -> str:
    """Return the name without surrounding blanks.

    Raises:
        UsageError: empty, too long, control characters, or the form our own temporary records have.

    """
    name = name.strip()
    if not name:
        raise UsageError("the name of the secret is empty", remedy="Give it a name with --name.")
    if len(name) > MAX_NAME or not name.isprintable():
        raise UsageError(
            f"the name of the secret is longer than {MAX_NAME} characters or has control characters",
            remedy="Choose a shorter one, of printable characters.",
        )
    if bridge_of(name) is not None:
        raise UsageError(
            "names that end in “(amika …)” are kept for temporary records of a replacement",
            remedy="Choose another name with --name.",
        )
    return name


def checked_scope(scope: str) -> str:
    """Return the scope, or raise UsageError when it is neither "user" nor "org"."""
    if scope not in SCOPES:
        raise UsageError("the scope must be one of: user, org", remedy="Pass --scope user or --scope org.")
    return scope


@dataclass(frozen=True)
class Bridge:
    """A temporary name taken apart: whose it is, and the name and scope it stands for."""

    machine: str
    name: str
    scope: str


def bridge_name(name: str, machine: str, txn: str, scope: str = USER) -> str:
    """Return the temporary name of a record during a replacement: "N (amika machine8-txn6)".

    The rehearsal for an organization is a record of the user's own; "N [org] (amika …)" tells the two apart.
    """
    return f"{name}{_FOR_ORG if scope == ORG else ''} (amika {machine}-{txn})"


def bridge_of(name: str) -> Bridge | None:
    """Return the parts of a temporary name, or None when `name` has not that form."""
    match = _BRIDGE.search(name)
    if match is None:
        return None
    base = name[: match.start()].removesuffix(" ")
    return Bridge(match[1], base.removesuffix(_FOR_ORG), ORG if base.endswith(_FOR_ORG) else USER)


def _free(base: str, taken: Iterable[str]) -> str:
    used = set(taken)
    if base not in used:
        return base
    return next(f"{base}-{n}" for n in range(2, len(used) + 3) if f"{base}-{n}" not in used)


def beside(rule: Rule, names: Iterable[str], host: str = "") -> Rule:
    """Return the rule with a name of its own when another machine already has a secret under its name."""
    if rule.name not in list(names):
        return rule
    import socket

    host = "".join(c for c in (host or socket.gethostname()).split(".")[0] if c.isalnum() or c in "-_")[:40]
    return replace(rule, name=f"{rule.name} ({host or 'this machine'})")
