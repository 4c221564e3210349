"""The page of `creds guide`, made from the table of providers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amika_agent.akos.providers import Provider

_HEADINGS = {
    "llm": "language models",
    "integration": "integrations",
    "marketplace": "marketplace",
    "local": "on this machine (no account, no network)",
}


def lines(providers: Sequence[Provider], command: Callable[[str], str]) -> list[str]:
    """Return the page for these providers; `command` tells how the person types a command of ours."""
    steps = [
        "How to give AKOS's providers their keys",
        "",
        "1.  Make a key where the provider makes them; the list below says where.",
        "2.  Store it. It is asked for and not shown, and lies in the keyring of this",
        "    machine, or sealed in a file where there is none. For scripts: --stdin.",
        f"      {command('creds set KEY')}",
        "3.  See what is there and what is missing; keys in the environment, in a file",
        "    (--secrets-file .env) and in the files of coding agents are found, too.",
        f"      {command('creds check')}",
        "4.  Use it: write ${vault:KEY} where a program reads a variable, and start the",
        "    program through us.",
        f"      OPENAI_API_KEY='${{vault:OPENAI_API_KEY}}' {command('run')} -- COMMAND",
        "5.  Let a connection use it.",
        f"      {command('connections add slack team --vault-key SLACK_BOT_TOKEN')} …",
    ]
    for kind, heading in _HEADINGS.items():
        shown = [provider for provider in providers if provider.kind == kind]
        if shown:
            steps += ["", heading]
            steps += [line for provider in shown for line in _entry(provider, command)]
    return steps


def _entry(provider: Provider, command: Callable[[str], str]) -> list[str]:
    entry = [f"  {provider.name}"]
    if provider.docs_url:
        entry.append(f"    {'keys' if provider.required_keys else 'get it'}: {provider.docs_url}")
    entry += [f"    {command(f'creds set {key}')}" for key in provider.required_keys]
    entry += [f"    optional: {key}" for key in provider.optional_keys]
    return entry
