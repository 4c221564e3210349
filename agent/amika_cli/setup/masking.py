"""Makes a text fit for a public bug report: whose it is, where it lies and whom it talks to are left out.

Two nets, because each has holes. What this machine knows to be a name (people, organizations, servers, folders) is
replaced wherever it stands; and what has the shape of an address, an id or a path is, whether it is known or not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from amika_shared.redaction import plain, safe_line

ACCOUNT, ORGANIZATION, SERVER, MACHINE = "(account)", "(organization)", "(server)", "(machine)"
NAME, PROVIDER, ID, USER, ELSEWHERE = "(name)", "(provider)", "(id)", "(user)", "…"

# everybody's servers; and words of ours that a name may happen to be, without which no sentence could be read
_PUBLIC = ("app.amika.dev", "api.workos.com", "api.almyty.com", "app.almyty.com")
_WORDS = """
    account agent akos almyty amika anthropic api auth cache claude codex default doctor file key keyring local
    localhost login none of on openai org organization personal project rule secret session settings sync tenant the to
    tray user vault workspace
"""
_PROVIDERS = """
    amazon-bedrock amp anthropic azure baseten cerebras chutes cloudflare cohere cursor deepinfra deepseek discord
    fireworks fireworks-ai gemini github github-copilot gitlab google groq huggingface inference kimi linear lmstudio
    marketplace minimax mistral moonshot moonshotai nvidia ollama openai opencode openrouter perplexity qwen replicate
    slack teams together togetherai v0 venice vercel xai zai zhipuai
"""
_ENDINGS = "cfg conf db fish html ini json key lock log md pem py sh sock socket toml txt yaml yml"
_ROOTS = "usr bin sbin opt etc dev proc sys run tmp var nix snap lib Applications Library System private"
_OURS = frozenset(_WORDS.split())
_NO_HOSTS = frozenset(_ENDINGS.split())
_SYSTEM = tuple(f"/{name}/" for name in _ROOTS.split())
KNOWN_PROVIDERS = frozenset(_PROVIDERS.split())

_URL = re.compile(r"(?i)\b[a-z][a-z0-9+.-]{0,20}://[^\s\"'<>“”|;,)]+")
_ADDRESS = re.compile(r"[^\s\"'“”<>(),;:/=]+@[^\s\"'“”<>(),;:/=]+")
_ID = re.compile(
    r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
    r"|\b(?:user|org|team|tenant|client|session|key|cred|conn|ent)_(?=[a-z0-9]*[0-9])[a-z0-9]{6,}\b"
)
_HOST = re.compile(r"(?i)(?<![\w./~-])(?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+([a-z]{2,24})(?::[0-9]{1,5})?(?![\w/-]|\.\w)")
_WORD = re.compile(r"\w+")
_QUOTED = re.compile("“[^”]*”")
_BAD_NAME = re.compile(r"the name .{1,50} is left out")
_PATH = re.compile(r"(?<![\w~.$)…(/-])/[^\s\"'“”<>|;,:()]+")
_HOMES = ("/", "/home", "/Users", "/var/home", "/export/home")


class Mask:
    """A function from a text to the text that may be pasted.

    Args:
        folders: folder -> what stands for it: {"/home/ann": "~", "/data/x": "$XDG_DATA_HOME"}.
        names: text -> what stands for it: {"ann@acme.example": "(account)"}; whole words, in any case.
        paths: files that may be named in a text, whose paths may hold anything.
        users: this machine's names for the person; masked in paths only, because they may be any word.
        settings: names with a dot in them that are no servers.

    """

    def __init__(
        self,
        folders: Mapping[str, str],
        names: Mapping[str, str],
        paths: Iterable[str] = (),
        users: Iterable[str] = (),
        settings: Iterable[str] = (),
    ) -> None:
        self._folders = [(_folder(path), label) for path, label in _longest(folders) if len(path) > 1]
        self._names: dict[str, list[tuple[str, str]]] = {}
        for name, label in _longest({plain(name).strip(): label for name, label in names.items()}):
            first = _WORD.search(name)
            if first and len(name) > 1 and name.lower() not in _OURS:
                whole = name[first.start() :]
                self._names.setdefault(first[0].casefold(), []).append((whole.casefold(), label))
        people = "|".join(re.escape(user) for user in sorted({*users}, key=len, reverse=True) if len(user) > 1)
        self._users = re.compile(rf"(?<![^\W_])(?:{people})(?![^\W_])") if people else None
        self._settings = frozenset(settings)
        self._paths = [(path, self.path(path)) for path in sorted({*paths}, key=len, reverse=True) if len(path) > 1]

    def __call__(self, text: str) -> str:
        """Return any text as it may be pasted, on one line."""
        for path, shown in self._paths:
            text = text.replace(path, shown)
        text = self._placed(safe_line(text))
        text = _BAD_NAME.sub(f"the name {NAME} is left out", _QUOTED.sub(NAME, text))
        text = _ADDRESS.sub(ACCOUNT, _URL.sub(_url, text))
        text = self._named(text)
        text = _PATH.sub(lambda found: self._far(found[0]), text)
        return _ID.sub(ID, _HOST.sub(self._host, text))

    def path(self, path: str) -> str:
        """Return a path as it may be pasted: from a folder with a name of its own on, or where the system has it."""
        return self._far(self._named(self._placed(safe_line(path))))

    def _placed(self, text: str) -> str:
        for folder, label in self._folders:
            text = folder.sub(lambda _, label=label: label, text)  # type: ignore[misc]
        return text

    def _named(self, text: str) -> str:
        # by the first word: there may be very many names
        done, at = [], 0
        for word in _WORD.finditer(text):
            for name, label in self._names.get(word[0].casefold(), ()):
                end = word.start() + len(name)
                if word.start() >= at and text[word.start() : end].casefold() == name and not _goes_on(text, end):
                    done += [text[at : word.start()], label]
                    at = end
                    break
        return "".join([*done, text[at:]])

    def _far(self, path: str) -> str:
        if path.startswith("/") and not path.startswith(_SYSTEM):
            folder, name = os.path.split(path.rstrip("/"))
            path = ELSEWHERE if folder in _HOMES else f"{ELSEWHERE}/{name}"
        return self._users.sub(USER, path) if self._users else path

    def _host(self, found: re.Match[str]) -> str:
        name = found[0].lower()
        if name in _PUBLIC or found[1].lower() in _NO_HOSTS or name in self._settings:
            return found[0]
        return SERVER


def _folder(path: str) -> re.Pattern[str]:
    """Return what finds a folder, and not another one whose name only begins like it."""
    return re.compile(rf"(?<![\w.~-]){re.escape(path.rstrip('/'))}(?![^/\s\"'“”<>|;,:()])")


def host(url: str) -> str:
    """Return the host of a URL that is somebody's own, or ""."""
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return "" if name in ("localhost", "127.0.0.1", "::1", *_PUBLIC) else name


def _url(found: re.Match[str]) -> str:
    try:
        name = urlsplit(found[0]).hostname or ""
    except ValueError:
        name = ""
    return name if name in _PUBLIC else SERVER


def _goes_on(text: str, end: int) -> bool:
    return bool(_WORD.match(text, end - 1)) and bool(_WORD.match(text, end))


def _longest(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(names.items(), key=lambda item: len(item[0]), reverse=True)
