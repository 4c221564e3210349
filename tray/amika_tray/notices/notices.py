"""What deserves a notification: a pure function of what was known before and what is known now. No Qt, never a value.

Each notice has a key for the very thing it tells: this login, that expiry. A key is told once, ever; who calls keeps
the keys. A state that lasts is told when it begins, and once more when it is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from amika_shared import snapshot as facts
from amika_shared.snapshot import Account, CredentialLine, Snapshot
from amika_tray.menu.describe import Link
from amika_tray.wording import expiry, named, provider_name, service_name, source_name, t

SOON = 30 * 60.0
WIDTH = 120
_TROUBLE = frozenset({facts.PROBLEM, facts.ATTENTION})


@dataclass(frozen=True)
class Notice:
    """One notification. key: names what it is about; page: where a click leads; urgent: it stays until it is seen."""

    key: str
    title: str
    text: str
    page: str = "credentials"
    urgent: bool = False


@dataclass(frozen=True)
class Known:
    """What was known at one moment."""

    snapshot: Snapshot
    link: Link
    at: float


def notices(before: Known | None, after: Known) -> list[Notice]:
    """Return what to tell, the most pressing first.

    before: None when the tray has just started: what lasts since then is told too, what has changed cannot be known.
    """
    if after.link.state != "connected":
        return list(_agent(before, after))
    told = [
        *_welcome(before, after),
        *_signed_out(before, after),
        *_needs_you(before, after),
        *_expiring(after),
        *_recovered(before, after),
    ]
    return [*told, *_renewed(before, after)]


def next_due(known: Known) -> float | None:
    """Return when (epoch seconds) something becomes worth telling although nothing else happens, or None."""
    times = [
        credential["expires_at"] - SOON
        for credential in _watched(known.snapshot)
        if credential["expires_at"] is not None and credential["expires_at"] - SOON > known.at
    ]
    return min(times, default=None)


def _agent(before: Known | None, after: Known) -> Iterator[Notice]:
    # a start, or a restart that takes a moment, is nothing to be told of
    if after.link.state == "failed" and before is not None and before.link.state != "failed":
        text = after.link.reason or t("The agent cannot be reached")
        yield Notice(f"agent:{after.at:.0f}", t("Nothing is kept in sync"), named(text, WIDTH), "problems", urgent=True)


def _welcome(before: Known | None, after: Known) -> Iterator[Notice]:
    """Say once, at the first start, where the program is and what comes first: a new icon is easily missed."""
    nobody = not any(account["signed_in"] for account in after.snapshot["accounts"])
    if before is None and nobody and after.snapshot["state"] == facts.SIGNED_OUT and not after.snapshot["sign_in"]:
        text = t("Next: sign in. Click here, or on the icon in your panel.")
        yield Notice("welcome", t("Amika is running"), text)


def _signed_out(before: Known | None, after: Known) -> Iterator[Notice]:
    if before is None or before.link.state != "connected":
        return
    now = {account["service"]: account for account in after.snapshot["accounts"]}
    for account in before.snapshot["accounts"]:
        present = now.get(account["service"])
        if account["signed_in"] and (present is None or not present["signed_in"]):
            service = service_name(account["service"])
            yield Notice(
                f"signed_out:{account['service']}:{_who(account)}:{after.at:.0f}",
                t("Signed out of {service}", service=service),
                t("Sign in again to keep your secrets in sync."),
                "problems",
                urgent=True,
            )


def _needs_you(before: Known | None, after: Known) -> Iterator[Notice]:
    if after.snapshot["state"] not in _TROUBLE:
        return
    seen = set() if before is None else {_problem_key(p) for p in before.snapshot["problems"]}
    fresh = [problem for problem in after.snapshot["problems"] if _problem_key(problem) not in seen]
    for problem in fresh[:3]:
        message = named(problem["message"], WIDTH) or named(problem["code"], WIDTH)
        yield Notice(f"problem:{_problem_key(problem)}", message, named(problem["remedy"], WIDTH), "problems")


def _problem_key(problem: facts.ProblemLine) -> str:
    # not its words: they may count minutes
    return ":".join((problem["code"], problem["source"], problem["path"])) or problem["message"]


def _expiring(after: Known) -> Iterator[Notice]:
    for credential in _watched(after.snapshot):
        when = credential["expires_at"]
        if when is None or not after.at < when <= after.at + SOON:
            continue
        yield Notice(
            f"expiring:{credential['id']}:{when:.0f}",
            t("{provider} login {expires}", provider=_of(credential), expires=expiry(when, after.at)),
            t("{source} renews it when you next use it.", source=source_name(credential["source"])),
        )


def _recovered(before: Known | None, after: Known) -> Iterator[Notice]:
    if before is None:
        return
    ill = before.link.state == "failed" or before.snapshot["state"] in _TROUBLE
    gone = before.snapshot["state"] == facts.OFFLINE and bool(before.snapshot["pending"])
    if (ill or gone) and after.snapshot["state"] == facts.IN_SYNC:
        yield Notice(f"recovered:{after.at:.0f}", t("Everything is in sync again"), "", "activity")


def _renewed(before: Known | None, after: Known) -> Iterator[Notice]:
    """Tell of logins that were about to end, or had ended, and that their owner has renewed."""
    if before is None or before.link.state != "connected":
        return
    earlier = {credential["id"]: credential for credential in before.snapshot["credentials"]}
    for credential in _watched(after.snapshot):
        old, when = earlier.get(credential["id"]), credential["expires_at"]
        ended = None if old is None else old["expires_at"]
        if ended is not None and when is not None and ended <= after.at + SOON < when:
            yield Notice(
                f"renewed:{credential['id']}:{when:.0f}",
                t("{provider} login was renewed", provider=_of(credential)),
                t("It {expires}; every shell and sandbox gets the new one.", expires=expiry(when, after.at)),
            )


def _watched(snapshot: Snapshot) -> list[CredentialLine]:
    return [c for c in snapshot["credentials"] if c["used"] and c["kind"] == "oauth"]


def _of(credential: CredentialLine) -> str:
    return provider_name(credential["provider"])


def _who(account: Account) -> str:
    return account["user_id"] or account["email"]
