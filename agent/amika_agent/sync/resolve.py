"""What a person answers when a rule asks: recorded here, acted on by the next run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from amika_agent.sync.facts import Listed
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.payload import payload
from amika_agent.sync.records import Pushed
from amika_agent.sync.rules import DELETE, KEEP, ORG, Rule
from amika_local.credential import Credential
from amika_local.errors import NotFound, UsageError

if TYPE_CHECKING:
    from amika_local.discovery import Discovery

CHOICES = ("accept", "restore", "adopt", "keep", "delete")


def resolve(db: SyncDb, account: str, rule: Rule, choice: str, discovery: Discovery, record: Listed | None) -> None:
    """Record the answer to what `rule` asks; the caller holds the lock of its provider and scope.

    Args:
        db: rules and ledger.
        account: key text.
        rule: the rule that asks.
        choice: one of CHOICES.
        discovery: what the sources give now.
        record: what the server has under the rule's name, for "adopt" and for taking over in org scope.

    Raises:
        UsageError: no such choice; or "keep" or "delete" while the credential is still here.
        NotFound: there is nothing to accept or adopt.

    """
    if choice not in CHOICES:
        raise UsageError(f"the choice must be one of: {', '.join(CHOICES)}")
    if choice in (KEEP, DELETE):
        _refuse_unless_gone(rule, choice, discovery)
        db.change_rule(account, rule.id, on_removal=choice)
    elif choice == "restore":
        _forget_value(db, account, rule)
    elif choice == "adopt":
        _adopt(db, account, rule, _credential(rule, discovery), record)
    else:
        _accept(db, account, rule, _credential(rule, discovery), record)
    db.drop_hold(account, rule.id)


def _refuse_unless_gone(rule: Rule, choice: str, discovery: Discovery) -> None:
    """Nothing is asked while the credential is here: the answer would wait unseen for the day on which it goes."""
    here = any(rule.takes(credential) for credential in discovery.credentials)
    if here or any(problem.source == rule.source and problem.path in ("", rule.path) for problem in discovery.problems):
        raise UsageError(
            "the credential of this rule is still on this machine: nothing is asked",
            remedy=f"To decide for when it goes: amika sync set {rule.id} --on-removal {choice}",
        )


def _accept(db: SyncDb, account: str, rule: Rule, credential: Credential, record: Listed | None) -> None:
    accepted: dict[str, object] = {"path": credential.path, "source_account": credential.account}
    if rule.scope == ORG:
        accepted |= {"gap_accepted": True, "take_over": record.id if record is not None else ""}
    db.change_rule(account, rule.id, **accepted)
    _forget_value(db, account, rule)


def _forget_value(db: SyncDb, account: str, rule: Rule) -> None:
    """Keep the id (it proves that the record is ours), forget the rest: then nothing is older or equal."""
    last = db.pushed(account).get(rule.id)
    if last is not None:
        db.put_pushed(account, replace(last, fingerprint="", expires_at=None, source_account=None, won=0))


def _adopt(db: SyncDb, account: str, rule: Rule, credential: Credential, record: Listed | None) -> None:
    if record is None:
        raise NotFound("there is no secret of that name to adopt", remedy=f"amika sync resolve {rule.id} restore")
    fingerprint = db.fingerprint(payload(rule, credential).reveal())
    last = db.pushed(account).get(rule.id)
    if last is not None and (last.fingerprint, last.remote_id, last.stamp) == (fingerprint, record.id, record.stamp):
        return  # what is stored is what this machine stored: nothing was asked, and nothing is to be forgotten
    adopted = Pushed(
        rule.id, rule.provider, rule.type, rule.scope, rule.name, record.id, fingerprint,
        credential.account, credential.expires_at, 0.0, verified=False, stamp=record.stamp,
    )  # fmt: skip
    db.put_pushed(account, adopted)


def _credential(rule: Rule, discovery: Discovery) -> Credential:
    matching = [credential for credential in discovery.credentials if rule.takes(credential)]
    exact = next((credential for credential in matching if credential.path == rule.path), None)
    if exact is None and not matching:
        raise NotFound(
            "the credential of this rule is not on this machine now",
            remedy=f"Sign in with its program again, or: amika sync resolve {rule.id} keep|delete",
        )
    return exact or matching[0]
