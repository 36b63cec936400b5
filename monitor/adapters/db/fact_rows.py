"""Facts as rows and back."""

from __future__ import annotations

from typing import Any

from monitor.adapters.db.codes import AXES, AXIS_OF, CAUSE_OF, CAUSES, PARTIES, PARTY_OF, STATE_OF, state_code
from monitor.adapters.db.documents import decode_kept, decode_looks, encode_kept, encode_looks
from monitor.domain.facts import Correction, InventoryChange, StateChange


def change_row(change: StateChange, *, key: int) -> tuple[Any, ...]:
    """Give a change, its seq set, as a row of `state_change`.

    Raises:
        ValueError: its old or new is not a state.
    """
    return (
        change.seq,
        key,
        AXES[change.axis],
        state_code(change.old),
        state_code(change.new),
        change.at,
        CAUSES[change.cause],
        encode_looks(change.looks, at=change.at),
        change.fault,
        encode_kept(change.kept),
        change.author,
    )


def change_of(row: tuple[Any, ...], *, device_id: str) -> StateChange:
    """Give the change of a row."""
    seq, _key, axis, old, new, at, cause, looks, fault, kept, author = row
    return StateChange(
        device_id=device_id,
        axis=AXIS_OF[axis],
        old=STATE_OF[old],
        new=STATE_OF[new],
        at=at,
        cause=CAUSE_OF[cause],
        looks=decode_looks(looks, at=at),
        fault=fault,
        kept=decode_kept(kept, device_id=device_id),
        author=author,
        seq=seq,
    )


def correction_row(correction: Correction, *, key: int) -> tuple[Any, ...]:
    """Give a correction, its seq set, as a row of `correction`.

    Raises:
        ValueError: its state is not one.
    """
    return (
        correction.seq,
        key,
        AXES[correction.axis],
        correction.start,
        correction.end,
        state_code(correction.state),
        CAUSES[correction.cause],
        correction.by_person,
        correction.withdrawn,
        correction.author,
        correction.reason,
        PARTIES[correction.party],
        correction.document,
        correction.approved_by,
    )


def correction_of(row: tuple[Any, ...], *, device_id: str) -> Correction:
    """Give the correction of a row."""
    seq, _key, axis, start, end, state, cause, by_person, withdrawn, author, reason, party, document, approved = row
    return Correction(
        device_id=device_id,
        axis=AXIS_OF[axis],
        start=start,
        end=end,
        state=STATE_OF[state],
        cause=CAUSE_OF[cause],
        by_person=by_person,
        withdrawn=withdrawn,
        author=author,
        reason=reason,
        party=PARTY_OF[party],
        document=document,
        approved_by=approved,
        seq=seq,
    )


def inventory_change_row(change: InventoryChange) -> tuple[Any, ...]:
    """Give an inventory change, its seq set, as a row of `inventory_change`."""
    return (
        change.seq,
        change.entity,
        change.entity_id,
        change.field,
        change.old,
        change.new,
        change.at,
        change.author,
        change.reason,
        change.approved_by,
        change.recorded_at,
        change.document,
        change.request,
    )


def inventory_change_of(row: tuple[Any, ...]) -> InventoryChange:
    """Give the inventory change of a row."""
    seq, entity, entity_id, field, old, new, at, author, reason, approved_by, recorded_at, document, request = row
    return InventoryChange(
        entity, entity_id, field, old, new, at, author, reason, approved_by, recorded_at, document, request, seq
    )
