"""What a person is told, and asked, before a login is shared or an organization's credential is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amika_agent.sync.rules import ORG
from amika_cli.render import note
from amika_cli.secrets.provider import TITLES

if TYPE_CHECKING:
    from amika_agent.stores.amika_api import RemoteSecret
    from amika_cli.context import Context


def warn_of_rotation(context: Context, provider: str) -> None:
    """Say what it means that two machines share one login, unless `rotation_is_known` for this provider."""
    if context.db.meta(_rotation(provider)):
        return
    advice = "A token of their own lasts a year and is better for sandboxes: claude setup-token. "
    advice = advice if provider == "claude" else ""
    note(
        f"This laptop and every sandbox now share one login that renews itself with a single-use token: when one of "
        f"them renews it, {TITLES[provider]} may sign the other out. {advice}"
        f"Or pass --without-refresh-token: then the copy cannot renew, and is replaced whenever it is renewed here."
    )


def rotation_is_known(context: Context, provider: str) -> None:
    """Remember that a person who was warned went on: who was refused, or said no, is told again."""
    context.db.put_meta(_rotation(provider), "yes")


def _rotation(provider: str) -> str:
    return f"told.rotation.{provider}"


def of_organization(context: Context, provider: str) -> RemoteSecret | None:
    """Return the one credential of this provider that the organization has, or None."""
    return next((record for record in context.api.list_provider(provider) if record.scope == ORG), None)


def agreed_for_organization(context: Context, name: str, there: RemoteSecret | None = None) -> bool:
    """Ask whether everybody is to get “name”; `there` is what it would replace.

    Raises:
        UsageError: nobody can be asked and there is no --yes.

    """
    question = f"Store “{name}” for everyone in the organization?"
    if there is not None:
        question = f"Replace “{there.name}” ({there.type}) by “{name}” for everyone in the organization?"
    return context.prompts.confirm(question)
