"""What people propose and decide as rows and back: exemptions, requests, withdrawals, sets of targets."""

from __future__ import annotations

from typing import Any

from monitor.adapters.db.documents import (
    decode_asked,
    decode_changes,
    decode_targets,
    encode_asked,
    encode_changes,
    encode_targets,
)
from monitor.domain.facts import Exemption, ExemptionScope, ExemptionState, Party, Withdrawal
from monitor.domain.request import Request, RequestKind, RequestState
from monitor.domain.target import TargetSet


def exemption_row(exemption: Exemption) -> tuple[Any, ...]:
    """Give a version of an exemption, its seq set, as a row of `exemption`."""
    return (
        exemption.seq,
        exemption.id,
        exemption.scope.value,
        exemption.scope_id,
        exemption.start,
        exemption.end,
        exemption.reason,
        exemption.approver,
        exemption.document,
        exemption.state.value,
        exemption.planned,
        exemption.party.value,
        exemption.attachment,
        exemption.proposer,
        exemption.author,
        exemption.note,
        exemption.at,
    )


def exemption_of(row: tuple[Any, ...]) -> Exemption:
    """Give the version of an exemption of a row."""
    seq, exemption_id, scope, scope_id, start, end, reason, approver, document = row[:9]
    state, planned, party, attachment, proposer, author, note, at = row[9:]
    return Exemption(
        id=exemption_id,
        scope=ExemptionScope(scope),
        scope_id=scope_id,
        start=start,
        end=end,
        reason=reason,
        approver=approver,
        document=document,
        state=ExemptionState(state),
        planned=bool(planned),
        party=Party(party),
        attachment=attachment,
        proposer=proposer,
        author=author,
        note=note,
        at=at,
        seq=seq,
    )


def request_row(request: Request) -> tuple[Any, ...]:
    """Give a version of a request, its seq set, as a row of `request`."""
    return (
        request.seq,
        request.id,
        request.kind.value,
        request.entity,
        request.entity_id,
        encode_changes(request.changes),
        request.effective_at,
        encode_asked(request.correction),
        request.reason,
        request.document,
        request.attachment,
        request.state.value,
        request.proposer,
        request.approver,
        request.author,
        request.note,
        request.at,
    )


def request_of(row: tuple[Any, ...]) -> Request:
    """Give the version of a request of a row."""
    seq, request_id, kind, entity, entity_id, changes, effective_at, correction = row[:8]
    reason, document, attachment, state, proposer, approver, author, note, at = row[8:]
    return Request(
        id=request_id,
        kind=RequestKind(kind),
        entity=entity,
        entity_id=entity_id,
        reason=reason,
        proposer=proposer,
        changes=decode_changes(changes),
        effective_at=effective_at,
        correction=decode_asked(correction),
        document=document,
        attachment=attachment,
        state=RequestState(state),
        approver=approver,
        author=author,
        note=note,
        at=at,
        seq=seq,
    )


def withdrawal_row(withdrawal: Withdrawal) -> tuple[Any, ...]:
    """Give a withdrawal, its seq set, as a row of `withdrawal`."""
    return (
        withdrawal.seq,
        withdrawal.correction,
        withdrawal.at,
        withdrawal.author,
        withdrawal.approved_by,
        withdrawal.reason,
        withdrawal.document,
    )


def withdrawal_of(row: tuple[Any, ...]) -> Withdrawal:
    """Give the withdrawal of a row."""
    seq, correction, at, author, approved_by, reason, document = row
    return Withdrawal(correction, at, author, approved_by, reason, document, seq)


def target_set_row(targets: TargetSet) -> tuple[Any, ...]:
    """Give a set of targets, its seq set, as a row of `target_set`."""
    return (
        targets.seq,
        targets.at,
        targets.author,
        targets.file,
        targets.sha256,
        encode_targets(targets.targets),
    )


def target_set_of(row: tuple[Any, ...]) -> TargetSet:
    """Give the set of targets of a row."""
    seq, at, author, file, sha256, targets = row
    return TargetSet(decode_targets(targets), at, author, file, sha256, seq)
