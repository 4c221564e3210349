"""Performs replacements: commits to the journal before each request and after each answer."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from amika_agent.clock import Clock
from amika_agent.http.client import NoAnswer
from amika_agent.stores.amika_api import Refused, RemoteSecret, SecretsApi, Undecided
from amika_agent.sync import replace as table
from amika_agent.sync.journal import LATE, SyncDb
from amika_agent.sync.records import Hold, Pending, Pushed, Sent
from amika_agent.sync.replace import Answer, Result, State, Txn
from amika_agent.sync.rules import ORG, USER, bridge_name
from amika_agent.sync.sealed import SealedValues
from amika_local.errors import AmikaError, Unreachable
from amika_local.secret import Secret

MAX_STEPS = 40
SILENCES = 3  # unanswered requests in one go, before the rest waits for its back-off
BACK_OFF = (5.0, 15.0, 60.0, 300.0, 900.0)
_GAP_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)
_GAP_BACK_OFF = (5.0, 10.0, 30.0)
NO_ROOM = (402, 403)


@dataclass(frozen=True)
class Offer:
    """The newest accepted value of a replacement."""

    secret: Secret
    sent: Sent


class Replacements:
    """Drives replacements of one account. The caller holds the lock of provider and scope.

    refusal  what the server last refused since `start`, or None
    """

    def __init__(self, db: SyncDb, api: SecretsApi, account: str, clock: Clock) -> None:
        self._db = db
        self._api = api
        self._account = account
        self._clock = clock
        self._sealed = SealedValues(db.path + ".pending")
        self.refusal: Refused | None = None

    def start(self, blank: Pending, old_id: str | None) -> Pending:
        """Return `blank` with a new transaction; nothing is committed or sent yet."""
        self.refusal = None
        txn_id = secrets.token_hex(3)
        return replace(blank, txn=table.begin(txn_id, self._bridge_name(blank, txn_id), old_id))

    def drive(
        self, entry: Pending, offer: Offer | None, *, look: bool, wanted: bool = True, later: float | None = None
    ) -> Pending:
        """Go on until it is done or has to wait, and return where it stands.

        Args:
            entry: as started or as journaled.
            offer: the value to push, or None when there is none now: then only steps that need no value are made.
            look: list before anything else; False only right after `start` and a listing.
            wanted: False when nobody wants this replacement any more: it is given up where that is safe.
            later: without an offer: when there may be one although nothing happens, epoch seconds.

        Raises:
            Unreachable: a listing could not be had; the journal has what is open.
            NotSignedIn: the server rejected the sign-in; the journal has what is open.

        """
        trouble = 0
        for _ in range(MAX_STEPS):
            if look:
                entry = self._listed(entry, wanted=wanted)
            value = offer or self._sealed_offer(entry)
            if entry.txn.state is State.DONE:
                return self._closed(entry)
            if not _may_go_on(entry, value):
                return self._commit(replace(entry, retry_at=later))  # a value helps, and time only if it brings one
            entry = self._prepared(entry, value)
            before = entry.txn
            entry, look = self._step(entry, value)
            if look or entry.txn == before:
                trouble += 1
                offer = offer if look else None  # a newer value was refused inside a gap: the rehearsed one is not
                if not self._bears(entry, trouble, stuck=not look):
                    return self._wait(entry)
                look = True
        return self._wait(entry)

    def close(self, entry: Pending) -> None:
        """End a replacement because the secret is to be deleted: what is left of it is deleted too.

        Raises:
            Unreachable: it is still open.

        """
        entry = self.drive(entry, None, look=True, wanted=False)
        if entry.txn.state is State.DONE:
            return
        for record in self._api.list_provider(entry.provider):
            if record.name == entry.txn.bridge and record.scope == USER:
                self._api.delete_provider(entry.provider, record.id)
        self._closed(self._commit(replace(entry, txn=replace(entry.txn, state=State.DONE, final_id=None))))

    def _bears(self, entry: Pending, trouble: int, *, stuck: bool) -> bool:
        """Tell whether to try again at once; while an organization has none, after a pause of a few seconds too."""
        if entry.scope != ORG or entry.txn.state is not State.CREATE:
            return not stuck and trouble < SILENCES
        if trouble >= len(_GAP_PAUSES):
            return False
        self._clock.sleep(_GAP_PAUSES[trouble])
        return True

    def _listed(self, entry: Pending, *, wanted: bool) -> Pending:
        try:
            return self._looked(entry, wanted=wanted)
        except Unreachable:
            self._wait(entry)
            raise

    def _looked(self, entry: Pending, *, wanted: bool) -> Pending:
        records = self._api.list_provider(entry.provider)
        right = _right(records, entry)
        if right is not None and (right.name, right.type) != (entry.name, entry.type):
            entry = replace(entry, txn=replace(entry.txn, unsure=False))  # no late answer of ours has another name
        seen = table.observe(entry.txn, right.id if right else None, _bridge(records, entry))
        txn = None if wanted else table.give_up(entry.txn, seen)
        if txn is None:
            txn = table.recover(entry.txn, seen, table.GAP_RECOVERY if entry.scope == ORG else table.RECOVERY)
        listed = {record.id for record in records}
        # ids are never used again: what a listing does not show cannot vanish any more
        txn = replace(txn, unanswered=tuple(item for item in txn.unanswered if item[0] in listed))
        return self._commit(replace(entry, txn=self._named(entry, txn)))

    def _named(self, entry: Pending, txn: Txn) -> Txn:
        if txn.id:
            return txn
        if entry.txn.bridge_lost:
            self._sweep_later(entry.provider)
        txn_id = secrets.token_hex(3)
        return replace(txn, id=txn_id, bridge=self._bridge_name(entry, txn_id))

    def _bridge_name(self, entry: Pending, txn_id: str) -> str:
        return bridge_name(entry.name, self._db.machine_id, txn_id, entry.scope)

    def _sealed_offer(self, entry: Pending) -> Offer | None:
        """Inside a gap the value that was rehearsed is good enough, whatever became of its source."""
        if entry.scope != ORG or entry.bridge is None or entry.txn.state not in (State.DELETE_OLD, State.CREATE):
            return None
        value = self._sealed.get(entry.txn.id, self._account)
        return None if value is None else Offer(value, entry.bridge)

    def _closed(self, entry: Pending) -> Pending:
        if entry.scope == ORG and entry.txn.state is State.DONE:
            self._sealed.drop(entry.txn.id)
        return entry

    def _step(self, entry: Pending, offer: Offer | None) -> tuple[Pending, bool]:
        """Commit, send, commit what came back; return whether a listing is needed now."""
        asked = table.request(entry.txn, entry.name)
        doubt = entry.txn.unsure if entry.txn.state is State.CREATE else entry.txn.bridge_lost
        entry = self._commit(replace(entry, txn=table.sent(entry.txn, asked), retry_at=None))
        try:
            answer, new_id, wait = self._ask(entry, asked, offer)
        except AmikaError:
            # no right to ask with: definite, nothing changed; the request's mark is taken back before it is told
            back, _ = table.answered(entry.txn, asked, Answer.LATER, first=not doubt)
            self._commit(replace(entry, txn=back))
            raise
        txn, look = table.answered(entry.txn, asked, answer, new_id, first=not doubt)
        if look and txn.bridge_lost and txn.state is State.BRIDGE:
            self._sweep_later(entry.provider)
        retry_at = self._clock.now() + wait if wait else None
        return self._commit(replace(entry, txn=txn, retry_at=retry_at)), look

    def _prepared(self, entry: Pending, offer: Offer | None) -> Pending:
        """Note which value goes out next; a bridge of another value gets another name."""
        if offer is None:
            return entry
        if entry.scope == ORG and entry.txn.state is State.DELETE_OLD:
            if self._sealed.get(entry.txn.id, self._account) is None:
                self._sealed.put(entry.txn.id, self._account, offer.secret)
            return entry
        if entry.txn.state is State.CREATE:
            other = entry.final is not None and entry.final.fingerprint != offer.sent.fingerprint
            return replace(entry, final=offer.sent, doubtful=entry.txn.unsure and (entry.doubtful or other))
        if entry.txn.state is State.BRIDGE:
            other = entry.bridge is not None and entry.bridge.fingerprint != offer.sent.fingerprint
            if other and entry.txn.bridge_lost:
                self._sweep_later(entry.provider)
                fresh = replace(entry.txn, id="", bridge="", bridge_lost=False)
                entry = replace(entry, txn=self._named(entry, fresh))
            return replace(entry, bridge=offer.sent)
        return entry

    def _ask(self, entry: Pending, asked: table.Request, offer: Offer | None) -> tuple[Answer, str | None, float]:
        """Send one request; return what it came to, the id of a created record, and the server's wish to wait."""
        try:
            return Answer.OK, self._send(entry, asked, offer), 0.0
        except Refused as error:
            answer = _meaning(asked, error)
            if answer is Answer.REFUSED:
                self._note_refusal(entry, offer, error)
            return answer, None, error.retry_after or 0.0
        except NoAnswer as error:
            return (Answer.UNKNOWN if error.sent else Answer.LATER), None, 0.0
        except Undecided:
            return Answer.UNKNOWN, None, 0.0
        except Unreachable:  # the session could not be renewed, so nothing was sent
            return Answer.LATER, None, 0.0

    def _send(self, entry: Pending, asked: table.Request, offer: Offer | None) -> str | None:
        if asked.method == "DELETE":
            self._api.delete_provider(entry.provider, asked.id)
            return None
        if offer is None:
            raise ValueError("a POST without a value")
        scope = USER if entry.txn.state is State.BRIDGE else entry.scope  # an organization's bridge is yours alone
        return self._api.create_provider(entry.provider, asked.name, offer.secret, entry.type, scope).id

    def _note_refusal(self, entry: Pending, offer: Offer | None, error: Refused) -> None:
        if entry.txn.state in (State.RELEASE, State.ABANDON):
            return
        self.refusal = error
        if entry.scope == ORG and entry.txn.state is State.CREATE and entry.bridge is not None:
            code, why = "organization_has_none", "the organization has none now, and the server refuses to create it"
        elif entry.txn.state is State.DELETE_OLD:
            code, why = "delete_refused", "the server does not let the old record be deleted"
        elif error.status in NO_ROOM:
            code, why = "no_room", "the server does not take another record"
        else:
            code, why = "value_refused", "the server does not accept the value"
        if not entry.rule:
            return
        fingerprint = offer.sent.fingerprint if offer is not None else ""
        message = f"{why} ({error.message})"
        hold = Hold(entry.rule, code, message, error.remedy, fingerprint, self._clock.now())
        self._db.put_hold(self._account, hold)

    def _commit(self, entry: Pending) -> Pending:
        """Write where it stands; what was reached goes into the ledger in the same commit."""
        self._db.commit(self._account, entry, self._reached(entry))
        if entry.txn.result is Result.CONTESTED and entry.rule:
            self._db.put_hold(self._account, _contested(entry.rule, self._clock.now()))
        return entry

    def _reached(self, entry: Pending) -> Pushed | None:
        txn = entry.txn
        if txn.final_id is None or txn.state not in (State.RELEASE, State.DONE):
            return None
        sent = entry.final or Sent("")
        sure = txn.result is Result.REPLACED
        known = sure or (txn.unsure and not entry.doubtful)
        return Pushed(
            entry.rule, entry.provider, entry.type, entry.scope, entry.name, txn.final_id,
            fingerprint=sent.fingerprint if known else "",
            source_account=sent.source_account,
            expires_at=sent.expires_at,
            pushed_at=self._clock.now(),
            verified=sure,
            won=entry.won,
        )  # fmt: skip

    def _wait(self, entry: Pending) -> Pending:
        pauses = _GAP_BACK_OFF if entry.scope == ORG and entry.txn.state is State.CREATE else BACK_OFF
        due_at = self._clock.now() + pauses[min(entry.attempts, len(pauses) - 1)]
        return self._commit(replace(entry, attempts=entry.attempts + 1, retry_at=max(due_at, entry.retry_at or 0.0)))

    def _sweep_later(self, provider: str) -> None:
        self._db.put_sweep(self._account, provider, self._clock.now() + LATE)


def _meaning(asked: table.Request, error: Refused) -> Answer:
    if error.status == 404 and asked.method == "DELETE":
        return Answer.MISSING
    if error.status == 409 and asked.method == "POST":
        return Answer.CONFLICT
    if error.status == 429 or 300 <= error.status < 400:
        return Answer.LATER
    return Answer.REFUSED


def _may_go_on(entry: Pending, offer: Offer | None) -> bool:
    """Without a value only what needs none: closing. The old record stays as long as its successor is not at hand."""
    return offer is not None or entry.txn.state in (State.RELEASE, State.ABANDON)


def _right(records: Sequence[RemoteSecret], entry: Pending) -> RemoteSecret | None:
    """Return the record under the right name; an organization has one record per provider, whatever its name."""
    for record in records:
        if record.scope == entry.scope and (entry.scope == ORG or record.name == entry.name):
            return record
    return None


def _bridge(records: Sequence[RemoteSecret], entry: Pending) -> str | None:
    return next((r.id for r in records if r.name == entry.txn.bridge and r.scope == USER), None)


def _contested(rule: str, now: float) -> Hold:
    return Hold(
        rule,
        "contested",
        "another machine keeps replacing the same secret",
        f"Let one machine keep it (amika sync forget {rule} on the other), or give them different names.",
        "",
        now,
    )
