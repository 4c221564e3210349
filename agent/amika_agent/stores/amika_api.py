"""Amika's wire API for secrets and sandboxes: one method, one request; nothing is retried but a 401, once.

What can happen to a request, as the replacement of a secret needs to know it:

    returned            definite success
    Refused             definite refusal: the server answered and changed nothing (NoSuchSecret for 404)
    NotSignedIn         401 twice: definite, nothing changed
    NoAnswer            no usable answer; `.sent` tells whether the server may have executed it
    Undecided           5xx or an answer that is not what it should be: it may have been executed

No text of the server's body reaches a message: of an error only its status and a code word of letters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from amika_local.errors import Failed, NotFound, NotSignedIn, Unreachable
from amika_local.secret import Secret

if TYPE_CHECKING:
    from amika_agent.http.client import Answer, Http

Bearer = Callable[[bool], Secret]
BASE = "/api/v0beta1"


class Refused(Failed):
    """The server answered and did nothing. `status`: HTTP; `word`: its code word or ""; `retry_after`: seconds."""

    def __init__(
        self, message: str, *, status: int, word: str = "", retry_after: float | None = None, remedy: str = ""
    ) -> None:
        super().__init__(message, remedy=remedy or _REMEDIES.get(status, _ADDRESS if status < 400 else _CHECK))
        self.status = status
        self.word = word
        self.retry_after = retry_after

    @property
    def passes(self) -> bool:
        """Whether it says nothing about what was asked, only that now is not the time (or that a portal answered)."""
        return self.status in _NOT_NOW or 300 <= self.status < 400


class NoSuchSecret(Refused, NotFound):
    """404: there is no such id or name."""

    exit_code = 4
    code = "not_found"


class Undecided(Unreachable):
    """The server's answer does not tell whether it executed the request. `status`: HTTP, 0 when unknown."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message, remedy="Try again in a moment; nothing is lost.")
        self.status = status


@dataclass(frozen=True)
class RemoteSecret:
    """A provider secret as the server lists it: no value, no times."""

    id: str
    name: str
    type: str
    scope: str


@dataclass(frozen=True)
class GenericSecret:
    """A generic secret as the server lists it. (name, scope) is its key."""

    id: str
    name: str
    scope: str
    created_at: str = ""
    updated_at: str = ""
    description: str | None = None


@dataclass(frozen=True)
class Sandbox:
    """A remote sandbox as the server lists it; `raw` is the whole object."""

    name: str
    state: str
    raw: dict[str, Any]


_NOT_NOW = (408, 425, 429)
_REMEDIES = {
    402: "Your plan or quota does not allow it; see your organization's billing page.",
    403: "Your role in this organization does not allow it; ask an administrator.",
    404: "List what exists; it may have been deleted elsewhere.",
    409: "Something with that name exists already; choose another name or replace it.",
    413: "The value is too large for the server.",
    422: "The server does not accept this value; check its type.",
    429: "The server asks to slow down; try again in a minute.",
}

_ADDRESS = "Check the address of the API: amika config get account.api_url, or AMIKA_API_URL."
_CHECK = "Check the value and its type; if they are right, try again later."


class SecretsApi:
    """The calls of one account's secrets.

    Args:
        api_url: origin, for example "https://app.amika.dev"; `/api/v0beta1` is added.
        bearer: returns the token to send; called with True once after a 401, then the request is sent once more.
        http: sends it.

    """

    def __init__(self, api_url: str, bearer: Bearer, http: Http) -> None:
        self._base = api_url.rstrip("/") + BASE
        self._bearer = bearer
        self._http = http
        self.on_stored: Callable[[], None] = _nothing  # told after each generic secret: somebody may be counting

    def list_generic(self) -> list[GenericSecret]:
        """GET /secrets."""
        return [_generic(item) for item in self._listed("/secrets")]

    def create_generic(self, name: str, value: Secret, scope: str) -> GenericSecret:
        """POST /secrets."""
        body = {"name": name, "value": value.reveal(), "scope": scope}
        answer = self._call("POST", "/secrets", body)
        made = GenericSecret(id=_text(answer, "id"), name=name, scope=scope, updated_at=_optional(answer, "updated_at"))
        self.on_stored()
        return made

    def update_generic(self, secret_id: str, value: Secret) -> str:
        """PUT /secrets/{id}: atomic at the server. Return its `updated_at`, or ""."""
        answer = self._call("PUT", f"/secrets/{_escaped(secret_id)}", {"value": value.reveal()})
        self.on_stored()
        return _optional(answer, "updated_at")

    def list_provider(self, provider: str) -> list[RemoteSecret]:
        """GET /secrets/{provider}."""
        return [_remote(item) for item in self._listed(f"/secrets/{_escaped(provider)}")]

    def create_provider(self, provider: str, name: str, value: Secret, type_: str, scope: str) -> RemoteSecret:
        """POST /secrets/{provider}. Return the record with its id."""
        body = {"name": name, "value": value.reveal(), "type": type_, "scope": scope}
        answer = self._call("POST", f"/secrets/{_escaped(provider)}", body)
        return RemoteSecret(id=_text(answer, "id"), name=name, type=type_, scope=scope)

    def delete_provider(self, provider: str, secret_id: str) -> None:
        """DELETE /secrets/{provider}/{id}; NoSuchSecret when it is not there."""
        self._call("DELETE", f"/secrets/{_escaped(provider)}/{_escaped(secret_id)}")

    def create_sandbox(self, request: dict[str, Any]) -> Sandbox:
        """POST /sandboxes. `request`: name, repository, secret_env_vars and more, as the server takes it."""
        return _sandbox(self._call("POST", "/sandboxes", request))

    def list_sandboxes(self) -> list[Sandbox]:
        """GET /sandboxes."""
        return [_sandbox(item) for item in self._listed("/sandboxes")]

    def delete_sandbox(self, name: str) -> None:
        """DELETE /sandboxes/{name}."""
        self._call("DELETE", f"/sandboxes/{_escaped(name)}")

    def _listed(self, path: str) -> list[object]:
        try:
            body = self._call("GET", path)
        except NoSuchSecret as refusal:  # a list is always there: this is another server, or another version of it
            raise Refused(refusal.message, status=refusal.status, word=refusal.word, remedy=_ADDRESS) from None
        if not isinstance(body, list):
            raise Undecided("the server's list is not a list")
        return body

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> object:
        answer = self._send(method, path, body, self._bearer(False))  # noqa: FBT003 -- Bearer's only argument
        if answer.status == 401:
            answer = self._send(method, path, body, self._bearer(True))  # noqa: FBT003
        return _judged(answer)

    def _send(self, method: str, path: str, body: dict[str, Any] | None, bearer: Secret) -> Answer:
        return self._http.request(method, self._base + path, json=body, bearer=bearer, timeout=10.0)


def _nothing() -> None:
    pass


def _judged(answer: Answer) -> object:
    status = answer.status
    if 200 <= status < 300:
        if answer.body is None and status != 204 and answer.headers.get("content-length") != "0":
            # a captive portal says 200 to everything: only an answer in JSON, or an empty one, is the API's
            raise Undecided("the answer is not the API's: a proxy or a sign-in page of the network?", status=status)
        return answer.body
    if status == 401:
        raise NotSignedIn("the server does not accept this sign-in", remedy="Sign in again: amika auth login")
    if 300 <= status < 400:
        raise Refused("the server answered with a redirect, which is never followed with a credential", status=status)
    if status < 300 or status >= 500 or (status == 404 and not isinstance(answer.body, dict)):
        raise Undecided(f"the server has a problem (HTTP {status})", status=status)
    word = _word(answer.body)
    message = f"the server refused it (HTTP {status}{', ' + word if word else ''})"
    kind = NoSuchSecret if status == 404 else Refused
    raise kind(message, status=status, word=word, retry_after=answer.retry_after())


def _word(body: object) -> str:
    """Return the error's code word if it is a plain word; anything else might quote what was sent."""
    if isinstance(body, dict):
        for field in ("code", "error_code", "type"):
            word = body.get(field)
            if isinstance(word, str) and 0 < len(word) <= 32 and word.isascii() and word.replace("_", "").isalpha():
                return word
    return ""


def _escaped(part: str) -> str:
    if not part:  # the path without it is another resource
        raise NoSuchSecret("the id is empty", status=404)
    # quote leaves "." alone, and "." or ".." as a whole segment would climb to another resource
    return quote(part, safe="") if part.strip(".") else part.replace(".", "%2E")


def _text(body: object, field: str) -> str:
    value = body.get(field) if isinstance(body, dict) else None
    if not isinstance(value, str) or not value:
        raise Undecided(f"the server's answer has no {field}")
    return value


def _optional(body: object, field: str) -> str:
    value = body.get(field) if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""


def _remote(item: object) -> RemoteSecret:
    return RemoteSecret(_text(item, "id"), _text(item, "name"), _text(item, "type"), _optional(item, "scope") or "user")


def _generic(item: object) -> GenericSecret:
    return GenericSecret(
        id=_text(item, "id"),
        name=_text(item, "name"),
        scope=_optional(item, "scope") or "user",
        created_at=_optional(item, "created_at"),
        updated_at=_optional(item, "updated_at"),
        description=_optional(item, "description") or None,
    )


def _sandbox(item: object) -> Sandbox:
    raw = item if isinstance(item, dict) else {}
    return Sandbox(name=_text(item, "name"), state=_optional(item, "state") or _optional(item, "status"), raw=raw)
