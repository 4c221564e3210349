"""What belongs into the env cache: the derived entries, and which of them other readers may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amika_agent.sync.absence import is_telling
from amika_local import rfc3339
from amika_local.credential import API_KEY, Credential
from amika_local.providers import canonical, is_variable

if TYPE_CHECKING:
    from amika_agent.sync.journal import SyncDb
    from amika_local.discovery import Discovery

CACHE_SOURCE = "env-cache"
CACHE_PRIORITY = 290
GONE_AFTER = 5.0
# sources that the Go CLI reads live by itself
_KNOWN_TO_GO = frozenset(
    {"claude-api", "claude-oauth", "codex", "env-cache", "keychain", "oauth", "opencode", "amp"},
)
_SUFFIX = "_API_KEY"


@dataclass(frozen=True)
class Entry:
    """One derived entry. `expires_at`: epoch seconds or None; `path`, `provider`, `priority`: where it came from."""

    value: str
    source: str
    kind: str
    expires_at: float | None
    provider: str = ""
    priority: int = 0
    path: str = ""

    def __repr__(self) -> str:
        return f"Entry({self.source}, {self.kind})"

    def to_json(self) -> dict[str, Any]:
        """Return the entry as it lies in the file; `expires_at` as RFC 3339 text in UTC."""
        return {**vars(self), "expires_at": None if self.expires_at is None else rfc3339.text(self.expires_at)}


Shelf = dict[str, Entry]


def read_shelf(body: object) -> tuple[int, Shelf]:
    """Return generation and entries of an `_amika` object; what is not as we write it is skipped."""
    if not isinstance(body, dict) or not isinstance(body.get("env"), dict):
        return 0, {}
    generation = body.get("generation")
    shelf = {}
    for name, item in body["env"].items():
        entry = _entry(item)
        if entry is not None:
            shelf[str(name)] = entry
    return (generation if isinstance(generation, int) else 0), shelf


def wanted(before: Shelf, discovery: Discovery, db: SyncDb, now: float) -> tuple[Shelf, float | None]:
    """Return the derived entries, and when time alone changes them (epoch seconds).

    A winner that came from the cache itself is never derived. An entry whose source is malformed or unreadable, or
    has only just gone, stays as it was.
    """
    kept: Shelf = {}
    dues: list[float] = []
    given = {(credential.source, credential.provider) for credential in discovery.credentials}
    for name, entry in before.items():
        stays, due_at = _last_good(name, entry, discovery, db, now, given=(entry.source, entry.provider) in given)
        if stays:
            kept[name] = entry
        dues += [] if due_at is None else [due_at]
    shelf = dict(kept)
    ranks = {entry.provider: entry.priority for entry in kept.values()}
    names: dict[str, list[str]] = {}
    for name, entry in kept.items():
        names.setdefault(entry.provider, []).append(name)
    for credential in discovery.winners.values():
        if not _derivable(credential, now) or ranks.get(credential.provider, -1) > credential.priority:
            continue
        for name in names.get(credential.provider, ()):
            held = shelf.get(name)
            if held is not None and held.provider == credential.provider:  # another provider may have the name now
                del shelf[name]
        shelf[credential.native_name] = _from(credential)
    dues += [entry.expires_at for entry in shelf.values() if entry.expires_at is not None]
    return shelf, min(dues, default=None)


def own_names(top: dict[str, str], before: Shelf, is_mirrored: Callable[[str, str], bool]) -> set[str]:
    """Return the top-level names that are somebody's own: neither marked as derived nor ever written by us."""
    return {
        name
        for name, value in top.items()
        if not (name in before and before[name].value == value) and not is_mirrored(name, value)
    }


def mirrored_names(shelf: Shelf, own: Iterable[str] = ()) -> set[str]:
    """Return the entries that other readers may see: no expiry, no lower rank, no second one of a provider."""
    taken = {provider for name in own if (provider := provider_of(name)) is not None}
    names: set[str] = set()
    for name, entry in sorted(shelf.items()):
        provider = provider_of(name)
        outranks = entry.priority > CACHE_PRIORITY or entry.source not in _KNOWN_TO_GO
        if entry.kind == API_KEY and entry.expires_at is None and outranks and provider:
            if provider not in taken:
                names.add(name)
            taken.add(provider)
    return names


def provider_of(name: str) -> str | None:
    """Return the canonical provider another reader sees in a top-level name, or None when it sees none."""
    if not name.isascii() or not name.upper().endswith(_SUFFIX) or name.strip() != name:
        return None
    return canonical(name[: -len(_SUFFIX)]) or None


def _last_good(
    name: str, entry: Entry, discovery: Discovery, db: SyncDb, now: float, *, given: bool
) -> tuple[bool, float | None]:
    """Tell whether an entry that no source gives now stays, and when to look again."""
    key = f"entry|{name}|{entry.path!a}"  # a path may be any bytes, the database takes text
    if given:
        db.absent_since(key, now, absent=False)
    if given or (entry.expires_at is not None and entry.expires_at <= now):
        return False, None  # a source that gives it speaks for itself
    state = discovery.files.get((entry.source, entry.path))
    if state != "absent" or not is_telling(entry.path):
        # "ok": well-formed without it; "off" or unknown: its source is switched off
        return state in ("bad", "elsewhere", "absent"), None
    since = db.absent_since(key, now, absent=True)
    if since is None or now - since >= GONE_AFTER:
        return False, None
    return True, since + GONE_AFTER


def _derivable(credential: Credential, now: float) -> bool:
    name = credential.native_name
    end = _end(credential)
    fresh = end is None or end > now
    return credential.source != CACHE_SOURCE and is_variable(name) and fresh and bool(credential.value)


def _end(credential: Credential) -> float | None:
    """Return its end as the file has it, in whole seconds: an entry that is past its own end must not be there."""
    return None if credential.expires_at is None else float(int(credential.expires_at))


def _from(credential: Credential) -> Entry:
    return Entry(
        credential.value.reveal(),
        credential.source,
        credential.kind,
        _end(credential),
        credential.provider,
        credential.priority,
        credential.path,
    )


def _entry(item: object) -> Entry | None:
    if not isinstance(item, dict):
        return None
    texts = [item.get(field) for field in ("value", "source", "kind")]
    provider, path, priority = item.get("provider", ""), item.get("path", ""), item.get("priority", 0)
    if not all(isinstance(text, str) for text in (*texts, provider, path)) or not isinstance(priority, int):
        return None
    expires_at = item.get("expires_at")
    if expires_at is not None:
        expires_at = rfc3339.parse(expires_at) if isinstance(expires_at, str) else None
        if expires_at is None:
            return None
    return Entry(texts[0], texts[1], texts[2], expires_at, provider, priority, path)  # type: ignore[arg-type]
