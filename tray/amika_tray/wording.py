"""How things are said: every text a person sees passes `t`, every foreign name `named`, every time `until` or `ago`."""

from __future__ import annotations

import gettext
import re
from datetime import UTC, datetime

from amika_shared.redaction import plain

COMMANDS = (
    "activity|agent|auth|config|connections|creds|doctor|pause|resume|sandbox|secret|secrets|shell-init|status|sync|up|"
    "vault|workspace"
)  # a pattern: the words that `amika` is followed by in a command
# a path, a setting, a variable, a command: written as it is
_NAME = re.compile(rf"almyty\b|amika (?:{COMMANDS})\b|\S*[/~_.]\S")
_TICKS = re.compile(r"`([^`]*)`")
UNBROKEN = 44  # characters
_UNBROKEN = re.compile(rf"[^\s/]{{{UNBROKEN + 1},}}")
_FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_catalogue = gettext.NullTranslations()

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_YEAR = 365.25 * _DAY
_LIMIT = 100 * _YEAR
_UNITS = ((_HOUR, _MINUTE), (2 * _DAY, _HOUR))  # below how many seconds a time is told in which unit

PROVIDERS = {
    "amp": "Amp",
    "anthropic": "Anthropic",
    "azure": "Azure",
    "cerebras": "Cerebras",
    "cohere": "Cohere",
    "deepseek": "DeepSeek",
    "fireworks": "Fireworks",
    "fireworks-ai": "Fireworks",
    "gemini": "Gemini",
    "github-copilot": "GitHub Copilot",
    "google": "Google",
    "groq": "Groq",
    "huggingface": "Hugging Face",
    "kimi": "Kimi",
    "mistral": "Mistral",
    "moonshot": "Moonshot",
    "nvidia": "NVIDIA",
    "openai": "OpenAI",
    "openrouter": "OpenRouter",
    "perplexity": "Perplexity",
    "qwen": "Qwen",
    "together": "Together",
    "xai": "xAI",
}
SOURCES = {
    "amp": "Amp",
    "amp-secrets": "Amp",
    "claude-api": "Claude Code",
    "claude-keychain": "Claude Code",
    "claude-oauth": "Claude Code",
    "codex": "Codex",
    "codex-keyring": "Codex",
    "env-cache": "env cache",
    "gemini": "Gemini CLI",
    "keychain": "Amika keychain file",
    "kimi": "Kimi CLI",
    "oauth": "Amika OAuth file",
    "opencode": "OpenCode",
    "qwen": "Qwen Code",
}
SERVICES = {"amika": "Amika", "almyty": "almyty", "akos": "AKOS"}


def t(text: str, **values: object) -> str:
    """Return `text` in the person's language with `{name}` filled in. The one place where texts are looked up."""
    filled = {name: isolated(value) if isinstance(value, str) else value for name, value in values.items()}
    return _catalogue.gettext(text).format(**filled)


def tn(one: str, many: str, number: int) -> str:
    """Return `one` or `many`, whichever the language wants for `number`, with `{n}` filled in."""
    return _catalogue.ngettext(one, many, number).format(n=number)


def named(text: str, width: int = 40) -> str:
    """Return a name from outside as it may be shown: one line, nothing that deceives, its middle left out if long."""
    return elided(plain(text).strip(), width)


def isolated(text: str) -> str:
    """Return a name so that it may stand among others: one written from right to left else changes their order."""
    return f"\u2068{text}\u2069" if _FROM_RIGHT.search(text) and text[0] != "\u2068" else text


def sentences(*parts: str) -> str:
    """Return what was said in pieces as sentences: each begins large, commands stand in quotation marks."""
    said = [_TICKS.sub("\u201c\\1\u201d", part.strip()) for part in parts if part.strip()]
    whole = [part if _NAME.match(part) else part[:1].upper() + part[1:] for part in said]
    return " ".join([*(part if part[-1:] in ".!?…" else f"{part}." for part in whole[:-1]), *whole[-1:]])


def elided(text: str, width: int) -> str:
    """Return `text` in at most `width` characters; both its ends are kept, since both tell names apart."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail].rstrip()}…{text[-tail:].lstrip()}"


def wrappable(text: str) -> str:
    """Return `text` with everything that no line can be broken in, and that is longer than a line, elided."""
    return _UNBROKEN.sub(lambda run: elided(run[0], UNBROKEN), text)


def provider_name(provider: str) -> str:
    """Return how a provider is written by its owner, or the name as it came."""
    return PROVIDERS.get(provider) or named(provider, 24) or t("unknown provider")


def source_name(source: str) -> str:
    """Return the program a source belongs to, or the source's name as it came."""
    return SOURCES.get(source) or named(source, 24) or t("unknown source")


def service_name(service: str) -> str:
    """Return how a service is written."""
    return SERVICES.get(service) or named(service, 24) or t("unknown service")


def until(when: float, now: float) -> str:
    """Return how long from now, rounded down so that it never promises more than there is: "3 h", "12 min"."""
    return _span(when - now)


def ago(when: float, now: float) -> str:
    """Return how long ago: "just now", "3 h ago". A time to come (a clock was wrong) is "just now"."""
    passed = now - when
    return t("just now") if passed < _MINUTE else t("{span} ago", span=_span(passed))


def expiry(when: float | None, now: float) -> str:
    """Return "expires in 3 h", "expired 2 h ago", or "" when it does not expire or does not say."""
    if when is None:
        return ""
    if when <= now:
        return t("expired {ago}", ago=ago(when, now))
    return t("expires in {span}", span=until(when, now))


def changes_in(when: float, now: float) -> float:
    """Return in how many seconds `until` and `ago` say something else of a time; at most a day."""
    left = when - now
    unit = next((unit for limit, unit in _UNITS if abs(left) < limit), _DAY)
    return left % unit


def moment(when: float | None) -> str:
    """Return a time as local date and clock, or "" when there is none or no calendar has it."""
    if when is None:
        return ""
    try:
        return datetime.fromtimestamp(when, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return ""


def _span(seconds: float) -> str:
    seconds = max(0.0, seconds)
    if seconds < _MINUTE:
        return t("less than a minute")
    if seconds < _HOUR:
        return t("{n} min", n=int(seconds // _MINUTE))
    if seconds < 2 * _DAY:
        return t("{n} h", n=int(seconds // _HOUR))
    if seconds < 2 * _YEAR:
        return tn("{n} day", "{n} days", int(seconds // _DAY))
    if seconds < _LIMIT:
        return tn("{n} year", "{n} years", int(seconds // _YEAR))
    return t("more than 100 years")
