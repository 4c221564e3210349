"""What became of a secret, as one line for a person: what happened, to which one, and why where that is not plain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amika_cli.secrets.provider import TITLES

if TYPE_CHECKING:
    from amika_cli.context import Context

_HAPPENED = {
    "created": "stored {what}",
    "replaced": "replaced {what}",
    "updated": "replaced {what}",
    "finished": "replaced {what}",
    "adopted": "kept {what}",
    "unchanged": "nothing to do for {what}",
    "deleted": "deleted {what}",
    "emptied": "emptied {what}",
    "swept": "deleted a left-over of {what}",
    "waiting": "{what} waits",
    "blocked": "{what} needs you",
    "failed": "{what} failed",
    "recorded": "{what} has your answer",
}
# what becomes of what is stored, by a rule's `on_removal`
GOES = {
    "keep": "when that goes, what is stored stays",
    "delete": "when that goes, what is stored is deleted",
    "ask": "when that goes, you are asked what becomes of it",
}


def became(did: str, name: str, provider: str, type_: str, scope: str, why: str) -> str:
    """Return "stored “Claude OAuth” (Claude oauth, scope user): for the first time"."""
    kind = kind_of(provider, type_)
    what = f"“{name}” ({kind}, scope {scope})" if name else kind
    if did == "deleted" and provider == "generic":
        did = "emptied"
    happened = _HAPPENED.get(did, did + " {what}").replace("{what}", what)
    return happened if why == did else f"{happened}: {why}"


def pushed(action: Mapping[str, Any]) -> str:
    """Return the line of one action that the agent, or the cycle in this process, has reported."""
    return became(*(str(action[name]) for name in ("action", "name", "provider", "type", "scope", "detail")))


def kind_of(provider: str, type_: str) -> str:
    """Return "Claude oauth", "Codex api_key" or "generic secret"."""
    return f"{TITLES[provider]} {type_}".strip() if provider in TITLES else "generic secret"


def no_agent(context: Context) -> list[str]:
    """Return what to do so that it is kept in sync, where nothing runs that does."""
    if context.agent is not None:
        return []
    return [f"No agent is running; this starts it: {context.command('agent start')}"]
