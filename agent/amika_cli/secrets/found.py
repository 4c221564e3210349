"""What discovery found, as variables: what `secret extract` shows and stores, and what `run` puts into a child."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amika_cli.render import emit, note, table, terminal_width, until
from amika_cli.secrets import bulk
from amika_local.credential import OAUTH, Credential
from amika_local.errors import NotFound
from amika_local.providers import is_variable, variables
from amika_local.secret import Secret, masked

if TYPE_CHECKING:
    from amika_cli.context import Context
    from amika_local.discovery import Discovery


@dataclass(frozen=True)
class Variable:
    """One variable and the credential whose value it has."""

    name: str
    credential: Credential

    @property
    def value(self) -> Secret:
        """The key or token."""
        return self.credential.value


def documented(discovery: Discovery) -> list[Variable]:
    """Return the documented variables of the credential that wins for each provider, by name."""
    found = {
        name: Variable(name, credential)
        for provider, credential in discovery.winners.items()
        for name in variables(provider)
        if is_variable(name)
    }
    return [found[name] for name in sorted(found)]


def selected(found: Sequence[Variable], only: Iterable[str]) -> list[Variable]:
    """Return those named by `--only A,B` (repeatable), or all without it.

    Raises:
        NotFound: one of the names was not found.

    """
    names = names_of(only)
    missing = [name for name in names if name not in {variable.name for variable in found}]
    if missing:
        have = ", ".join(variable.name for variable in found) or "nothing"
        raise NotFound(f"not found on this machine: {', '.join(missing)}", remedy=f"Found: {have}.")
    return [variable for variable in found if not names or variable.name in names]


def names_of(only: Iterable[str]) -> list[str]:
    """Return the names of repeatable comma-separated lists."""
    return [name.strip() for part in only for name in part.split(",") if name.strip()]


def items(found: Iterable[Variable]) -> list[bulk.Item]:
    """Return what would be stored."""
    return [bulk.Item(variable.name, variable.value, variable.credential.source) for variable in found]


def show_table(context: Context, found: Sequence[Variable]) -> None:
    """Print what was found, masked."""
    now = context.clock.now()
    rows = [
        (v.name, masked(v.value.reveal()), v.credential.kind, until(v.credential.expires_at, now), v.credential.source)
        for v in found
    ]
    heads = ("NAME", "VALUE", "KIND", "EXPIRES", "FROM")
    lines = table(heads, rows, width=terminal_width(), keep=(0, 1, 2, 3))
    value = [
        {
            "name": v.name,
            "value": masked(v.value.reveal()),
            "kind": v.credential.kind,
            "expires_at": v.credential.expires_at,
            "provider": v.credential.provider,
            "source": v.credential.source,
            "path": v.credential.path,
        }
        for v in found
    ]
    emit(context.args, value, lines if rows else ["Nothing was found on this machine."])


def warn_about_oauth(context: Context, found: Iterable[Variable]) -> None:
    """Say which values are OAuth tokens: no API takes them as keys, and they are stale within hours."""
    tokens = [variable for variable in found if variable.credential.kind == OAUTH]
    if tokens:
        names = ", ".join(variable.name for variable in tokens)
        first = min((v.credential.expires_at for v in tokens if v.credential.expires_at is not None), default=None)
        ends = f"; the first ends {until(first, context.clock.now())}" if first is not None else ""
        note(f"warning: these are OAuth tokens, not API keys{ends}: {names}")
