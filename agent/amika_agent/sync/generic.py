"""Generic secrets: the server updates them in place, so there is no gap and nothing to journal."""

from __future__ import annotations

from amika_agent.clock import Clock
from amika_agent.stores.amika_api import NoSuchSecret, Refused, SecretsApi
from amika_agent.sync.apply import Offer
from amika_agent.sync.plan import Action
from amika_agent.sync.records import Pushed


def push(api: SecretsApi, action: Action, offer: Offer, clock: Clock) -> tuple[str, Pushed]:
    """Create or update the secret of `action`; return "created" or "updated" and what to record.

    Sending the same value twice is harmless, so a lost answer needs no more than the next run.

    Raises:
        Refused: the server does not take it; nothing was changed.
        Unreachable: it may have been changed; the next run sends it again.

    """
    known = action.remote_id
    did = "updated"
    if known is not None:
        try:
            stamp = api.update_generic(known, offer.secret)
        except NoSuchSecret:
            known = None
    if known is None:
        did, known, stamp = _create(api, action, offer)
    sent = offer.sent
    return did, Pushed(
        action.rule, action.provider, action.type, action.scope, action.name, known,
        sent.fingerprint, sent.source_account, sent.expires_at, clock.now(), stamp=stamp,
    )  # fmt: skip


def _create(api: SecretsApi, action: Action, offer: Offer) -> tuple[str, str, str]:
    try:
        made = api.create_generic(action.name, offer.secret, action.scope)
    except Refused as error:
        if error.status != 409:
            raise
        # created meanwhile, or by our own request whose answer was lost
        for record in api.list_generic():
            if (record.name, record.scope) == (action.name, action.scope):
                return "updated", record.id, api.update_generic(record.id, offer.secret)
        raise
    return "created", made.id, made.updated_at
