"""The agent's state as everyone else sees it: one JSON object, sent whole, never holding a value.

The agent builds it; the tray and `amika status` read it through `read_snapshot`, which never fails: a field that is
missing, of the wrong type or from a newer agent becomes its empty form, unknown fields are dropped.
Times are epoch seconds. Control characters and bidirectional overrides are stripped from every text.
"""

from __future__ import annotations

import math
from typing import Any, TypedDict

from amika_shared.redaction import plain

SIGNED_OUT = "signed_out"
IN_SYNC = "in_sync"
WORKING = "working"
ATTENTION = "attention"
OFFLINE = "offline"
PAUSED = "paused"
PROBLEM = "problem"
STATES = (SIGNED_OUT, IN_SYNC, WORKING, ATTENTION, OFFLINE, PAUSED, PROBLEM)


class Account(TypedDict):
    """One signed-in identity. method: session, env_api_key or stored_api_key; storage: file, keychain or env."""

    service: str
    signed_in: bool
    method: str
    email: str
    user_id: str
    org_id: str
    organization: str
    api_url: str
    expires_at: float | None
    storage: str


class SignIn(TypedDict):
    """A sign-in under way. state: waiting or choose_organization (then `organizations` has id and name)."""

    service: str
    state: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_at: float | None
    message: str
    organizations: list[dict[str, str]]


class CredentialSync(TypedDict):
    """How a credential stands to its remote secret: in_sync, pending, not_pushed, problem, paused or expired."""

    state: str
    rule: str
    remote_name: str
    pushed_at: float | None


class CredentialLine(TypedDict):
    """One discovered credential. id: "source/provider"; shadowed_by: id of the one that wins, or ""."""

    id: str
    provider: str
    kind: str
    source: str
    path: str
    account: str
    expires_at: float | None
    used: bool
    shadowed_by: str
    env_name: str
    sync: CredentialSync


class EnvCacheLine(TypedDict):
    """The env cache. state: current, behind, off or problem; entries: how many are ours."""

    path: str
    state: str
    entries: int
    written_at: float | None


class RuleLine(TypedDict):
    """One push rule of the signed-in account. state: in_sync, pending, problem, paused or parked."""

    id: str
    provider: str
    type: str
    scope: str
    name: str
    source: str
    state: str
    pushed_at: float | None
    detail: str


class Pending(TypedDict):
    """A replacement that is under way or waits for the network."""

    rule: str
    step: str
    since: float | None


class ProblemLine(TypedDict):
    """Something a person should know, with what to do about it."""

    code: str
    source: str
    path: str
    message: str
    remedy: str


class Snapshot(TypedDict):
    """Everything the tray and `amika status` show.

    left_out: of which lists how many entries are not here, because there are more than a frame holds.
    """

    generation: int
    build: str
    profile: str
    at: float | None
    state: str
    accounts: list[Account]
    sign_in: SignIn | None
    credentials: list[CredentialLine]
    env_cache: EnvCacheLine
    rules: list[RuleLine]
    pending: list[Pending]
    problems: list[ProblemLine]
    paused_until: float | None
    left_out: dict[str, int]


def read_snapshot(value: object) -> Snapshot:
    """Return `value` as a whole Snapshot, whatever it is."""
    fields = _object(value)
    state = _text(fields.get("state"))
    return Snapshot(
        generation=_int(fields.get("generation")),
        build=_text(fields.get("build")),
        profile=_text(fields.get("profile")) or "default",
        at=_time(fields.get("at")),
        state=state if state in STATES else PROBLEM,
        accounts=[_account(item) for item in _objects(fields.get("accounts"))],
        sign_in=_sign_in(fields["sign_in"]) if isinstance(fields.get("sign_in"), dict) else None,
        credentials=[_credential(item) for item in _objects(fields.get("credentials"))],
        env_cache=_env_cache(_object(fields.get("env_cache"))),
        rules=[_rule(item) for item in _objects(fields.get("rules"))],
        pending=[_pending(item) for item in _objects(fields.get("pending"))],
        problems=[_problem(item) for item in _objects(fields.get("problems"))],
        paused_until=_time(fields.get("paused_until")),
        left_out=_left_out(_object(fields.get("left_out"))),
    )


def empty_snapshot() -> Snapshot:
    """Return the snapshot of an agent that has seen nothing yet; also what the tray shows without an agent."""
    return read_snapshot({"state": SIGNED_OUT})


def _account(fields: dict[str, Any]) -> Account:
    return Account(
        service=_text(fields.get("service")),
        signed_in=fields.get("signed_in") is True,
        method=_text(fields.get("method")),
        email=_text(fields.get("email")),
        user_id=_text(fields.get("user_id")),
        org_id=_text(fields.get("org_id")),
        organization=_text(fields.get("organization")),
        api_url=_text(fields.get("api_url")),
        expires_at=_time(fields.get("expires_at")),
        storage=_text(fields.get("storage")),
    )


def _sign_in(fields: dict[str, Any]) -> SignIn:
    return SignIn(
        service=_text(fields.get("service")),
        state=_text(fields.get("state")),
        user_code=_text(fields.get("user_code")),
        verification_uri=_text(fields.get("verification_uri")),
        verification_uri_complete=_text(fields.get("verification_uri_complete")),
        expires_at=_time(fields.get("expires_at")),
        message=_text(fields.get("message")),
        organizations=[
            {"id": _text(item.get("id")), "name": _text(item.get("name"))}
            for item in _objects(fields.get("organizations"))
        ],
    )


def _credential(fields: dict[str, Any]) -> CredentialLine:
    sync = _object(fields.get("sync"))
    return CredentialLine(
        id=_text(fields.get("id")),
        provider=_text(fields.get("provider")),
        kind=_text(fields.get("kind")),
        source=_text(fields.get("source")),
        path=_text(fields.get("path")),
        account=_text(fields.get("account")),
        expires_at=_time(fields.get("expires_at")),
        used=fields.get("used") is True,
        shadowed_by=_text(fields.get("shadowed_by")),
        env_name=_text(fields.get("env_name")),
        sync=CredentialSync(
            state=_text(sync.get("state")) or "not_pushed",
            rule=_text(sync.get("rule")),
            remote_name=_text(sync.get("remote_name")),
            pushed_at=_time(sync.get("pushed_at")),
        ),
    )


def _env_cache(fields: dict[str, Any]) -> EnvCacheLine:
    return EnvCacheLine(
        path=_text(fields.get("path")),
        state=_text(fields.get("state")) or "off",
        entries=_int(fields.get("entries")),
        written_at=_time(fields.get("written_at")),
    )


def _rule(fields: dict[str, Any]) -> RuleLine:
    return RuleLine(
        id=_text(fields.get("id")),
        provider=_text(fields.get("provider")),
        type=_text(fields.get("type")),
        scope=_text(fields.get("scope")),
        name=_text(fields.get("name")),
        source=_text(fields.get("source")),
        state=_text(fields.get("state")) or "pending",
        pushed_at=_time(fields.get("pushed_at")),
        detail=_text(fields.get("detail")),
    )


def _pending(fields: dict[str, Any]) -> Pending:
    return Pending(rule=_text(fields.get("rule")), step=_text(fields.get("step")), since=_time(fields.get("since")))


def _problem(fields: dict[str, Any]) -> ProblemLine:
    return ProblemLine(
        code=_text(fields.get("code")),
        source=_text(fields.get("source")),
        path=_text(fields.get("path")),
        message=_text(fields.get("message")),
        remedy=_text(fields.get("remedy")),
    )


def _left_out(fields: dict[str, Any]) -> dict[str, int]:
    counts = {name: _int(fields.get(name)) for name in ("accounts", "credentials", "rules", "pending", "problems")}
    return {name: count for name, count in counts.items() if count > 0}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return plain(value) if isinstance(value, str) else ""


def _int(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _time(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None
