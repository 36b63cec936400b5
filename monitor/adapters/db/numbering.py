"""Giving facts their seq."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.facts import StateChange
from monitor.ports import Applied, Batch


def numbered(batch: Batch, *, first: int) -> Applied:
    """Give a batch's facts with seqs from `first` on: changes, then corrections."""
    changes = tuple(_with_seq(change, seq) for seq, change in enumerate(batch.changes, first))
    corrections = tuple(replace(fact, seq=seq) for seq, fact in enumerate(batch.corrections, first + len(changes)))
    return Applied(changes, corrections)


def _with_seq(change: StateChange, seq: int) -> StateChange:
    """Spelt out, because `dataclasses.replace` takes twice as long and all devices may change at once."""
    return StateChange(
        change.device_id,
        change.axis,
        change.old,
        change.new,
        change.at,
        change.cause,
        change.looks,
        change.fault,
        change.kept,
        change.author,
        seq,
    )
