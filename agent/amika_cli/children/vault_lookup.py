"""`${vault:KEY}` in the environment of a child of `amika run`: filled in for that child only, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from amika_agent.stores.vault_reference import references, resolve
from amika_local.errors import AmikaError, Failed, NotFound
from amika_local.secret import Secret

if TYPE_CHECKING:
    from amika_cli.context import Context

Find = Callable[[str], Secret | None]


class Lookup:
    """Finds values in the vault, opened when the first one is needed; each is read once.

    used   the keys that were found, for the activity log
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, Secret | None] = {}
        self._open: Find | None = None

    @property
    def used(self) -> list[str]:
        """Return the keys whose values were handed out."""
        return [key for key, value in self._known.items() if value is not None]

    def find(self, key: str) -> Secret | None:
        """Return the value of a key, workspace first, or None. Raises Failed when the vault cannot be used."""
        if key not in self._known:
            if self._open is None:
                from amika_cli.vault.opening import open_vault

                self._open = open_vault(self._context).find
            self._known[key] = self._open(key)
        return self._known[key]

    def named(self, text: str) -> Secret | None:
        """Return what a project file means by `text`: the name of a key, or a text with ${vault:KEY} in it."""
        if references(text):
            return None if any(self.find(key) is None for key in references(text)) else resolve(text, self.find)
        return self.find(text) if _is_key(text) else None

    def in_environment(self, env: Mapping[str, str]) -> dict[str, Secret]:
        """Return the variables that refer to the vault, filled in.

        Raises:
            NotFound: a key that the vault does not have; names the variable.
            Failed: the vault cannot be used.

        """
        found = {}
        for name, value in env.items():
            if "${vault:" not in value or not references(value):
                continue
            try:
                found[name] = resolve(value, self.find)
            except NotFound as error:
                raise NotFound(f"{name} refers to the vault, but {error.message}", remedy=error.remedy) from None
        return found

    def note_use(self, program: str) -> None:
        """Note in the activity log which keys a program got."""
        from amika_cli.vault.opening import record

        for key in self.used:
            record(self._context, "used", key, "vault", f"in the environment of {program}")


def plain_values(variables: Mapping[str, Secret]) -> dict[str, str]:
    """Return the values as a child gets them.

    Raises:
        Failed: one has a NUL byte, which no environment can hold; names the variable.

    """
    for name, value in variables.items():
        if "\0" in value.reveal():
            raise Failed(
                f"the value of {name} has a NUL byte, which no environment can hold",
                remedy="Hand it over in a file instead.",
            )
    return {name: value.reveal() for name, value in variables.items()}


def _is_key(text: str) -> bool:
    from amika_agent.stores.vault import checked_key

    try:
        return bool(checked_key(text))
    except AmikaError:
        return False
