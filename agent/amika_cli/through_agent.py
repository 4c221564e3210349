"""The secrets API by way of the running agent, which has the connection open and the modules in memory.

A command that would load what talks to servers, make a connection and renew the session asks the agent for the single
calls instead. Everything else stays with the command: what it shows, asks, checks and prints, and its exit code. What
the agent cannot do for it, it does itself: nothing is ever refused because an agent runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from amika_agent.stores.amika_api import (
    GenericSecret,
    NoSuchSecret,
    Refused,
    RemoteSecret,
    Sandbox,
    SecretsApi,
    Undecided,
)  # fmt: skip
from amika_local.errors import AmikaError, NotSignedIn, Unreachable
from amika_local.secret import Secret
from amika_shared.client import AgentClient, AgentError
from amika_shared.protocol import MAX_FRAME

# the agent said this before it has asked the server for anything
_NOT_TRIED = ("unknown_op", "usage", "not_signed_in", "conflict", "protocol")


class ThroughAgent(SecretsApi):
    """The calls of `SecretsApi`, asked of the agent.

    Args:
        agent: a connection to it.
        direct: makes the API that asks the server itself.
        api_url: the server that this process would ask; "" for the local workspace.
        account: user and organization that this process speaks for, "" for whoever is signed in.

    """

    def __init__(
        self, agent: AgentClient, direct: Callable[[], SecretsApi], api_url: str, *, account: str = ""
    ) -> None:
        self._agent: AgentClient | None = agent
        self._direct = direct
        self._api_url = api_url
        self._account = account
        self._one_at_a_time = threading.Lock()
        self.on_stored = _nothing

    def list_generic(self) -> list[GenericSecret]:
        """GET /secrets."""
        told = self._told("list_generic", {})
        return self._direct().list_generic() if told is None else [GenericSecret(**one) for one in told]

    def create_generic(self, name: str, value: Secret, scope: str) -> GenericSecret:
        """POST /secrets."""
        told = self._asked("create_generic", {"name": name, "scope": scope}, value) if scope == "user" else None
        made = self._direct().create_generic(name, value, scope) if told is None else GenericSecret(**told["result"])
        self.on_stored()
        return made

    def update_generic(self, secret_id: str, value: Secret) -> str:
        """PUT /secrets/{id}."""
        told = self._asked("update_generic", {"id": secret_id}, value)
        at = self._direct().update_generic(secret_id, value) if told is None else str(told["result"])
        self.on_stored()
        return at

    def list_provider(self, provider: str) -> list[RemoteSecret]:
        """GET /secrets/{provider}."""
        told = self._told("list_provider", {"provider": provider})
        return self._direct().list_provider(provider) if told is None else [RemoteSecret(**one) for one in told]

    def list_kept(self, provider: str) -> list[dict[str, Any]] | None:
        """Return what `list_provider` does with the rule that keeps each; None when the agent cannot say it.

        Each: {"id", "name", "type", "scope", "rule"}.
        """
        return self._told("list_kept", {"provider": provider})

    def create_provider(self, provider: str, name: str, value: Secret, type_: str, scope: str) -> RemoteSecret:
        """POST /secrets/{provider}."""
        args = {"provider": provider, "name": name, "type": type_, "scope": scope}
        told = self._asked("create_provider", args, value) if scope == "user" else None
        if told is None:
            return self._direct().create_provider(provider, name, value, type_, scope)
        return RemoteSecret(**told["result"])

    def delete_provider(self, provider: str, secret_id: str) -> None:
        """DELETE /secrets/{provider}/{id}."""
        if self._asked("delete_provider", {"provider": provider, "id": secret_id}) is None:
            self._direct().delete_provider(provider, secret_id)

    def create_sandbox(self, request: dict[str, Any]) -> Sandbox:
        """POST /sandboxes: not by way of the agent, it takes minutes."""
        return self._direct().create_sandbox(request)

    def list_sandboxes(self) -> list[Sandbox]:
        """GET /sandboxes."""
        told = self._told("list_sandboxes", {})
        return self._direct().list_sandboxes() if told is None else [Sandbox(**one) for one in told]

    def delete_sandbox(self, name: str) -> None:
        """DELETE /sandboxes/{name}."""
        if self._asked("delete_sandbox", {"name": name}) is None:
            self._direct().delete_sandbox(name)

    def _told(self, what: str, args: dict[str, str]) -> list[dict[str, Any]] | None:
        """Return a list, or None when the agent has none to give: asking again does no harm."""
        try:
            told = self._asked(what, args)
        except Unreachable:
            if self._agent is not None:  # it is the server that does not answer
                raise
            return None
        result = None if told is None else told["result"]
        return result if isinstance(result, list) and all(isinstance(one, dict) for one in result) else None

    def _asked(self, what: str, args: dict[str, str], value: Secret | None = None) -> dict[str, Any] | None:
        """Return {"result"} of one call; None when the agent has not tried it.

        Raises:
            AmikaError: what the call itself raises, as the server's answer made it.
            NoAnswer: the agent has gone meanwhile; nobody knows whether the server has executed it.

        """
        request: dict[str, Any] = {"what": what, "args": args, "api_url": self._api_url, "account": self._account}
        if value is not None:
            request["value"] = value.reveal()
        with self._one_at_a_time:
            if self._agent is None or (value is not None and len(value.reveal()) > MAX_FRAME // 8):
                return None
            try:
                told = self._agent.call("remote", request)
            except AgentError as error:
                self._agent = None
                if error.code in _NOT_TRIED:
                    return None
                raise _ended(error) from None
        if isinstance(told.get("error"), dict):
            raise _error(told["error"])
        return told if "result" in told else None


def _nothing() -> None:
    pass


def _ended(error: AgentError) -> Unreachable:
    from amika_agent.http.client import NoAnswer

    message = f"{error.message}, and what the server answered is not known"
    return NoAnswer(message, sent=True, reason="reset", remedy="Run the command again.")


def _error(told: dict[str, Any]) -> AmikaError:
    """Return the refusal as it was raised in the agent."""
    message, remedy, status = str(told.get("message")), str(told.get("remedy", "")), told.get("status")
    number = status if isinstance(status, int) else 0
    after = told.get("retry_after")
    from amika_agent.http.client import NoAnswer

    match told.get("kind"):
        case "NoSuchSecret" | "Refused" as kind:
            make = NoSuchSecret if kind == "NoSuchSecret" else Refused
            wait = float(after) if isinstance(after, int | float) else None
            return make(message, status=number, word=str(told.get("word", "")), retry_after=wait, remedy=remedy)
        case "Undecided":
            return Undecided(message, status=number)
        case "NoAnswer":
            return NoAnswer(message, sent=bool(told.get("sent")), reason=str(told.get("reason")), remedy=remedy)
        case "NotSignedIn":
            return NotSignedIn(message, remedy=remedy)
    from amika_cli.context import as_error

    return as_error(AgentError(str(told.get("code")), message, remedy))
