"""What `secret claude|codex push` can store: a value that was given, or a credential found on this machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amika_cli.files import read_given
from amika_cli.render import note, until
from amika_cli.secrets.provider import TITLES
from amika_cli.terminal.terminal_input import ask_value, stdin_is_terminal
from amika_local.credential import API_KEY, OAUTH, Credential
from amika_local.errors import Failed, NotFound, UsageError
from amika_local.secret import Secret, masked
from amika_local.sources import claude_api

if TYPE_CHECKING:
    from amika_cli.context import Context
    from amika_local.discovery import Discovery

ENVIRONMENT = {"claude": "ANTHROPIC_API_KEY", "codex": "OPENAI_API_KEY"}
# in the order of preference
_SOURCES = {"claude": ("claude-keychain", "claude-oauth", "claude-api"), "codex": ("codex", "codex-keyring")}
_KEY_FIELDS = {"claude": claude_api.FIELDS, "codex": ("OPENAI_API_KEY",)}
_SENT_FIELDS = {"claude": {"claudeAiOauth"}, "codex": {"auth_mode", "OPENAI_API_KEY", "tokens", "last_refresh"}}
_CHOOSE = "Pass --type oauth or --type api_key, or give a value with --value - or --from-file FILE."


@dataclass(frozen=True)
class Candidate:
    """One thing that can be stored.

    type        "oauth" or "api_key"
    value       what is stored, before it is cut to what a receiver needs
    credential  where it was found; None for a value that was given or set in the environment
    left_out    names of what lies beside it in its file and is not sent
    origin      where it comes from, for the person
    """

    type: str
    value: Secret
    credential: Credential | None
    left_out: tuple[str, ...] = ()
    origin: str = ""

    @property
    def found(self) -> bool:
        """Tell whether it was found, in a file or in the environment, and not given."""
        return self.credential is not None or self.origin.startswith("$")


def given(context: Context, provider: str) -> Candidate | None:
    """Return what --value or --from-file give, or None without them.

    Raises:
        UsageError: both, an unreadable file, or a file that holds no such credential.

    """
    args = context.args
    if args.has("value") and args.has("from-file"):
        raise UsageError("--value and --from-file are two answers to one question", remedy="Pass one of them.")
    if args.has("from-file"):
        data, origin = read_given(args.get("from-file"))
    elif args.has("value"):
        data, origin = _value(args.get("value"), TITLES[provider])
    else:
        return None
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise UsageError(f"{origin} is not UTF-8 text", remedy="Name the agent's credential file, or a key.") from None
    return _candidate(provider, text, args.get("type"), origin)


def _value(value: str, title: str) -> tuple[bytes, str]:
    if value == "-":
        return (ask_value(f"{title} key or login"), "what you typed") if stdin_is_terminal() else read_given("-")
    note(
        "warning: a value on the command line is visible to other programs and stays in the shell's history; "
        "--value - reads it from stdin."
    )
    return value.encode("utf-8", "surrogateescape"), "--value"


def _candidate(provider: str, text: str, type_: str, origin: str) -> Candidate:
    if not text:
        raise UsageError(f"{origin} is blank", remedy="Nothing was stored.")
    if not text.startswith("{"):
        # the type is checked against the value before anything is sent
        return Candidate(type_ or API_KEY, Secret(text), None, (), origin)
    fields = _object(text, origin)
    key = _key_in(provider, fields)
    has_login = isinstance(fields.get("claudeAiOauth" if provider == "claude" else "tokens"), dict)
    if type_ == API_KEY or (not type_ and key and not has_login):
        if not key:
            raise UsageError(f"{origin} holds no {TITLES[provider]} API key", remedy="Pass --type oauth for a login.")
        return Candidate(API_KEY, Secret(key), None, (), origin)
    return Candidate(OAUTH, Secret(text), None, _beside(provider, fields), origin)


def _object(text: str, origin: str) -> dict[str, object]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{origin} is not valid JSON", remedy="Name the agent's credential file, or a key.") from None
    return fields if isinstance(fields, dict) else {}


def _key_in(provider: str, fields: dict[str, object]) -> str:
    for name in _KEY_FIELDS[provider]:
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _beside(provider: str, fields: dict[str, object]) -> tuple[str, ...]:
    return tuple(sorted(name for name in fields if name not in _SENT_FIELDS[provider]))


def found(context: Context, provider: str, discovery: Discovery) -> list[Candidate]:
    """Return what this machine has for a provider: logins, then the key in the environment, then keys in files."""
    type_ = context.args.get("type")
    sources = _SOURCES[provider]
    expired = discovery.expired if context.args.has("force") else []
    credentials = [c for source in sources for c in (*discovery.credentials, *expired) if c.source == source]
    logins = [c for c in credentials if c.kind == OAUTH]
    keys = [c for c in credentials if c.kind == API_KEY]
    variable = ENVIRONMENT[provider]
    value = "" if context.profile.confined else context.env.get(variable, "").strip()
    exported = [Candidate(API_KEY, Secret(value), None, (), f"${variable}")] if value else []
    everything = [*map(_found, logins), *exported, *map(_found, keys)]
    return [candidate for candidate in everything if type_ in ("", candidate.type)]


def _found(credential: Credential) -> Candidate:
    value = credential.record if credential.kind == OAUTH and credential.record is not None else credential.value
    return Candidate(credential.kind, value, credential, (), credential.path)


def beside_in_file(provider: str, credential: Credential) -> tuple[str, ...]:
    """Return the names of what lies beside a found login in its file and is not sent."""
    if credential.kind != OAUTH:
        return ()
    try:
        data, _ = read_given(credential.path)
        return _beside(provider, _object(data.decode("utf-8-sig"), ""))
    except (UsageError, UnicodeDecodeError):
        return ()


def chosen(context: Context, provider: str, candidates: Sequence[Candidate], discovery: Discovery) -> Candidate:
    """Return the one to store: the one of the type that was named, else what the person chooses or types in.

    Raises:
        Failed: what is there cannot be used; with the reason.
        NotFound: there is nothing.
        UsageError: nobody can be asked and no flag says which.

    """
    named, ask = context.args.get("type"), context.prompts.interactive
    if not candidates and not (ask and named != OAUTH):
        raise _nothing(context, provider, discovery)
    if candidates and (named or (context.args.has("yes") and len(candidates) == 1)):
        return candidates[0]
    options = [describe(candidate, context) for candidate in candidates]
    if not named:
        index = context.prompts.choose("Which one?", [*options, "an API key that you type in"], otherwise=_CHOOSE)
        if index < len(candidates):
            return candidates[index]
    typed = context.prompts.secret(f"{TITLES[provider]} API key", otherwise=_CHOOSE)
    return _candidate(provider, typed.reveal().strip(), API_KEY, "what you typed")


def _nothing(context: Context, provider: str, discovery: Discovery) -> Failed | NotFound:
    for problem in discovery.problems:
        if problem.source in _SOURCES[provider]:
            return Failed(problem.message, remedy=problem.remedy)
    kind = {"oauth": "login", "api_key": "API key"}.get(context.args.get("type"), "credential")
    login = "claude" if provider == "claude" else "codex login"
    return NotFound(
        f"there is no {TITLES[provider]} {kind} on this machine",
        remedy=f"Sign in with `{login}`, or give one with --value - or --from-file FILE.",
    )


def describe(candidate: Candidate, context: Context) -> str:
    """Return one line about a candidate: kind, whose, where, until when; masked."""
    credential = candidate.credential
    if candidate.type == API_KEY:
        text = f"API key {masked(candidate.value.reveal())}"
    else:
        text = "login" + (f" of {credential.account}" if credential is not None and credential.account else "")
    ends = until(credential.expires_at, context.clock.now()) if credential is not None else ""
    when = f", {ends if ends.startswith('expired') else 'expires ' + ends}" if ends else ""
    return f"{text} from {context.short(candidate.origin)}{when}"
