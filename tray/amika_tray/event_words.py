"""The activity's own words for what it is about, as a person reads them: names instead of identifiers, local times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from amika_shared.settings_schema import find
from amika_tray.settings_form import label_of
from amika_tray.wording import SERVICES, SOURCES, moment, named, provider_name, source_name, t

_OWNERS = {"claude": "Claude Code", "codex": "Codex"}
_WITH = re.compile(r"(?P<name>.*\S) \((?P<of>[\w-]+)\)")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
NAME = 80


def subject_words(subject: str, rules: Mapping[str, str]) -> str:
    """Return what an event is about; what is not known stays as it came.

    rules: id of a push rule -> its name.
    """
    if subject in rules:
        return t("“{name}”", name=named(rules[subject], NAME))
    if find(subject) is not None:
        return t("“{name}”", name=label_of(subject))
    if subject in SERVICES or subject in _OWNERS:
        return SERVICES.get(subject) or _OWNERS[subject]
    source, slash, provider = subject.partition("/")
    if slash and source in SOURCES and "/" not in provider:
        return t("{provider} ({source})", provider=provider_name(provider), source=source_name(source))
    within = _WITH.fullmatch(subject)
    return subject if within is None else _of(within["name"], within["of"]) or subject


def why_words(why: str) -> str:
    """Return a reason with the times in it as the clock here shows them."""
    return _TIME.sub(lambda found: moment(_seconds(found[0])) or found[0], why)


def _of(name: str, of: str) -> str:
    match of:
        case "user":
            return t("{name}, for you", name=name)
        case "org":
            return t("{name}, for the organization", name=name)
    return t("{name} ({source})", name=name, source=source_name(of)) if of in SOURCES else ""


def _seconds(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
