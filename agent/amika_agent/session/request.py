"""The one request that spends a refresh token, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from amika_agent.clock import Clock
from amika_agent.endpoints import Endpoints
from amika_agent.http.client import Answer, Http, NoAnswer, sendable
from amika_local.secret import Secret

ATTEMPT = 5.0  # seconds for one try
WINDOW = 20.0  # seconds after the first sending in which the same token is sent again; the server's grace is 30
PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0)
UNSENT = 1.0
TERMINAL = frozenset({"invalid_grant", "mfa_enrollment", "sso_required"})

Kind = Literal["renewed", "ended", "refused", "unsure"]


@dataclass(frozen=True)
class Outcome:
    """What came of sending a refresh token.

    kind         "renewed": `answer` holds the new pair.  "ended": the server ended the session (`code`).
                 "refused": a definite answer that changes nothing.  "unsure": it may or may not have been executed
    executable   whether any sending without an answer may have been executed
    retry_after  seconds the server asked for, or None
    """

    kind: Kind
    code: str = ""
    message: str = ""
    answer: Answer | None = None
    executable: bool = True
    retry_after: float | None = None


def send(
    token: Secret,
    endpoints: Endpoints,
    http: Http,
    clock: Clock,
    *,
    since_first: float = 0.0,
    may_be_spent: bool = False,
    organization: str = "",
) -> Outcome:
    """Send the token until there is an answer, or the window of the server's grace closes.

    Args:
        token: the refresh token.
        endpoints: the authorization server.
        http: sends.
        clock: time.
        since_first: seconds since this token was first sent, in an earlier run of the program.
        may_be_spent: an earlier run sent it and saw no answer.
        organization: renew into this organization.

    """
    form = {"grant_type": "refresh_token", "refresh_token": token.reveal(), "client_id": endpoints.client_id}
    if organization:
        form["organization_id"] = organization

    def once() -> Outcome:
        try:
            return judge(http.request("POST", endpoints.token_url, form=form, timeout=ATTEMPT))
        except NoAnswer as error:
            return Outcome("unsure" if error.sent else "refused", error.reason, error.message, executable=error.sent)

    return _repeated(once, clock, since_first, may_be_spent=may_be_spent)


def judge(answer: Answer) -> Outcome:  # noqa: PLR0911 -- a table, one row a line
    """Return what an answer means; anything but a new pair or a terminal word is transient."""
    if answer.ok:
        # damage must not take the session's place
        refresh = answer.text("refresh_token").strip()
        if sendable(answer.text("access_token").strip()) and (not refresh or sendable(refresh)):
            return Outcome("renewed", answer=answer)
        return Outcome("unsure", "unreadable", "the sign-in server's answer could not be read")
    code = answer.text("error") or answer.text("code")
    if 400 <= answer.status < 500 and code in TERMINAL:
        return Outcome("ended", code)
    wait = answer.retry_after()
    if answer.status == 429:
        return Outcome("refused", "429", "the sign-in server asks to slow down", executable=False, retry_after=wait)
    if answer.status >= 500:
        text = f"the sign-in server has a problem (HTTP {answer.status})"
        return Outcome("unsure", str(answer.status), text, retry_after=wait)
    if answer.status < 400:
        text = "the sign-in server's address leads elsewhere (a captive portal?)"
        return Outcome("refused", str(answer.status), text, executable=False)
    text = f"the sign-in server refused the request (HTTP {answer.status})"
    return Outcome("refused", str(answer.status), text, executable=False)


def _repeated(once: Callable[[], Outcome], clock: Clock, since_first: float, *, may_be_spent: bool) -> Outcome:
    start = clock.monotonic()
    executable = may_be_spent
    tries = 0
    while True:
        outcome = once()
        tries += 1
        executable = executable or (outcome.executable and outcome.kind == "unsure")
        if outcome.kind in ("renewed", "ended"):
            return replace(outcome, executable=executable)
        # a lost answer is asked for again at once; where nothing was executed another second may help
        pause = PAUSES[min(tries - 1, len(PAUSES) - 1)] if executable else UNSENT
        wait = max(pause, outcome.retry_after or 0.0)
        used = since_first + clock.monotonic() - start
        if used + wait >= WINDOW or not _worth_repeating(outcome, tries, executable=executable):
            return replace(outcome, executable=executable)
        clock.sleep(wait)


def _worth_repeating(outcome: Outcome, tries: int, *, executable: bool) -> bool:
    """While nothing can have been executed nothing is at stake: one more try, then the caller's own back-off."""
    if outcome.kind == "unsure" or executable:
        return True
    return tries < 2 and outcome.code in ("connect", "timeout", "429")
