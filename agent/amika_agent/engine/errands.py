"""Single calls of the secrets API that a command asks the agent for: the agent has the connection and the session.

The other end is `amika_cli.through_agent`. A value may come in with a call; none ever goes out: the server's lists have
none. The command has shown, asked and checked before, as it does without an agent; what is for the whole organization
it does itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from amika_local.errors import AmikaError, Conflict, NotSignedIn, UsageError
from amika_local.secret import Secret

if TYPE_CHECKING:
    from amika_agent.engine.account import AccountPart
    from amika_agent.stores.amika_api import SecretsApi
    from amika_agent.sync.journal import SyncDb

Args = dict[str, Any]
PROVIDERS = ("claude", "codex")
LONGEST = 1000  # characters of an id or a name
# what a refusal is made of, beside its text; which of them there are depends on its kind
_DETAILS = ("status", "word", "retry_after", "sent", "reason")


class Errands:
    """Does the calls, as the account that is signed in here by a session.

    Args:
        accounts: the server and the right to use it.
        db: opens sync.db; raises AmikaError.

    """

    def __init__(self, accounts: AccountPart, db: Callable[[], SyncDb]) -> None:
        self._accounts = accounts
        self._db = db

    def run(self, what: str, args: Args, value: Secret | None, api_url: str, account: str = "") -> Args:
        """Return {"result": …}, or {"error": {"kind", "code", "message", "remedy", …}} when the server has said no.

        Args:
            what: name of a method of SecretsApi, or "list_kept": `list_provider` with the rule that keeps each.
            args: its arguments beside the value.
            value: what is to be stored, for the calls that store.
            api_url: the server that the client means; "" for the profile's.
            account: user and organization that the client means; "" for whoever is signed in.

        Raises:
            UsageError: no such call, or not its arguments.
            NotSignedIn: there is no session here.
            Conflict: the client means another server, or another account.

        """
        call = self._list_kept if what == "list_kept" else _CALLS.get(what)
        if call is None:
            raise UsageError("there is no such call")
        api = self._api(api_url, account)
        try:
            return {"result": call(api, args, value)}
        except (UsageError, KeyError, TypeError):
            raise UsageError(f"{what} was asked with wrong arguments") from None
        except AmikaError as error:
            return {"error": _described(error)}

    def _list_kept(self, api: SecretsApi, args: Args, _: Secret | None) -> object:
        provider, account = _provider(args), self._accounts.account()
        found = api.list_provider(provider)
        known = [] if account is None else self._db().rules(account.text)
        rules = {(rule.name, rule.scope): rule.id for rule in known if rule.provider == provider}
        return [{**vars(secret), "rule": rules.get((secret.name, secret.scope))} for secret in found]

    def _api(self, api_url: str, meant: str) -> SecretsApi:
        from amika_agent.stores.amika_api import SecretsApi

        services = self._accounts.services()
        authority = services.authority
        account = authority.account()
        if account is None or authority.method != "session":
            raise NotSignedIn("the agent has no session to ask with", remedy="Sign in: amika auth login")
        if api_url and api_url != services.endpoints.api_url:
            raise Conflict("the agent works with another server")
        if meant and meant != f"{account.user_id} {account.org_id}":
            raise Conflict("another account is signed in by now")
        return SecretsApi(services.endpoints.api_url, authority.bearer_of(account), services.http)


def _list_generic(api: SecretsApi, _: Args, __: Secret | None) -> object:
    return [vars(secret) for secret in api.list_generic()]


def _create_generic(api: SecretsApi, args: Args, value: Secret | None) -> object:
    return vars(api.create_generic(_text(args, "name"), _given(value), _mine(args)))


def _update_generic(api: SecretsApi, args: Args, value: Secret | None) -> object:
    return api.update_generic(_text(args, "id"), _given(value))


def _list_provider(api: SecretsApi, args: Args, _: Secret | None) -> object:
    return [vars(secret) for secret in api.list_provider(_provider(args))]


def _create_provider(api: SecretsApi, args: Args, value: Secret | None) -> object:
    name, type_ = _text(args, "name"), _text(args, "type")
    return vars(api.create_provider(_provider(args), name, _given(value), type_, _mine(args)))


def _delete_provider(api: SecretsApi, args: Args, _: Secret | None) -> object:
    api.delete_provider(_provider(args), _text(args, "id"))
    return None


def _list_sandboxes(api: SecretsApi, _: Args, __: Secret | None) -> object:
    return [vars(sandbox) for sandbox in api.list_sandboxes()]


def _delete_sandbox(api: SecretsApi, args: Args, _: Secret | None) -> object:
    api.delete_sandbox(_text(args, "name"))
    return None


_CALLS: dict[str, Callable[[SecretsApi, Args, Secret | None], object]] = {
    "list_generic": _list_generic,
    "create_generic": _create_generic,
    "update_generic": _update_generic,
    "list_provider": _list_provider,
    "create_provider": _create_provider,
    "delete_provider": _delete_provider,
    "list_sandboxes": _list_sandboxes,
    "delete_sandbox": _delete_sandbox,
}


def _text(args: Args, name: str) -> str:
    value = args[name]
    if not isinstance(value, str) or len(value) > LONGEST:
        raise UsageError(f"{name} must be a short text")
    return value


def _provider(args: Args) -> str:
    provider = _text(args, "provider")
    if provider not in PROVIDERS:
        raise UsageError("no such provider")
    return provider


def _mine(args: Args) -> str:
    """Return the scope; what is for the whole organization asks a person, at a terminal, and is not for us."""
    if _text(args, "scope") != "user":
        raise UsageError("only what is for this user is stored for a client")
    return "user"


def _given(value: Secret | None) -> Secret:
    if value is None:
        raise UsageError("there is no value")
    return value


def _described(error: AmikaError) -> Args:
    details = {name: getattr(error, name) for name in _DETAILS if hasattr(error, name)}
    return {
        "kind": type(error).__name__, "code": error.code, "message": error.message, "remedy": error.remedy, **details,
    }  # fmt: skip
