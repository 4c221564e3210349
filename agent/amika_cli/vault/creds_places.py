"""Where `creds check` looks, in its order: environment, file, vault, what other programs are signed in with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amika_agent.akos.creds import ENV_PREFIX, Check, Place, of_environment
from amika_cli.files import read_given
from amika_cli.secrets import dotenv
from amika_local.credential import API_KEY
from amika_local.providers import is_variable, variables
from amika_local.secret import Secret

if TYPE_CHECKING:
    from amika_cli.context import Context


def places(context: Context) -> list[Place]:
    """Return every place that the flags allow.

    Raises:
        UsageError: the file cannot be read, or is none of KEY=VALUE lines.
        Failed: the vault is damaged.

    """
    args = context.args
    found = [of_environment(context.env, args.get("env-prefix", ENV_PREFIX))]
    if args.has("secrets-file"):
        found.append(of_file(*read_given(args.get("secrets-file"))))
    if args.has("env-only"):
        return found
    return [*found, _vault(context), *_discovered(context)]


def of_file(data: bytes, name: str) -> Place:
    """Return the keys of a file as a shell would read them: `export` and quotes around a value are left off."""
    pairs = dotenv.parse(data, name)
    values = {key.removeprefix("export ").strip(): _unquoted(value) for key, value in pairs.items()}
    return Place(name, values)


def detail(check: Check) -> str:
    """Return the last column: what was found where, what is missing."""
    found = [f"{key} ({place})" for key, place in check.found.items()]
    missing = [f"{check.status}: {', '.join(check.missing)}"] if check.missing else []
    nothing = check.remediation if check.status == "skipped" else "needs none"
    return "; ".join([*missing, *([", ".join(found)] if found else [])]) or nothing


def _unquoted(value: Secret) -> Secret:
    text = value.reveal().strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return Secret(text[1:-1])
    return value


def _vault(context: Context) -> Place:
    from amika_cli.vault.opening import open_vault

    # names suffice, an empty value is never stored: nobody is asked for a passphrase
    return Place("vault", holds=frozenset(entry.key for entry in open_vault(context).list()))


def _discovered(context: Context) -> list[Place]:
    winners = context.discover(oauth=False).winners
    return [
        Place(credential.source, {name: credential.value for name in variables(provider) if is_variable(name)})
        for provider, credential in winners.items()
        if credential.kind == API_KEY
    ]
