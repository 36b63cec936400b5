"""Giving facts their seq."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from monitor.domain.facts import Correction, Exemption, InventoryChange, StateChange, Withdrawal
from monitor.domain.request import Request
from monitor.domain.target import TargetSet
from monitor.ports import Applied, Batch, InventoryBatch, StoreChangedError

Fact = TypeVar("Fact", Exemption, InventoryChange, Request, Correction, Withdrawal, TargetSet)


def numbered(batch: Batch, *, first: int) -> Applied:
    """Give a batch's facts with seqs from `first` on: changes, then corrections."""
    changes = tuple(_with_seq(change, seq) for seq, change in enumerate(batch.changes, first))
    corrections = tuple(replace(fact, seq=seq) for seq, fact in enumerate(batch.corrections, first + len(changes)))
    return Applied(changes, corrections)


def facts_in(batch: InventoryBatch) -> int:
    """Give how many facts a batch of the inventory holds."""
    named = (batch.exemptions, batch.changes, batch.requests, batch.corrections, batch.withdrawals, batch.target_sets)
    return sum(len(facts) for facts in named)


def with_seqs(batch: InventoryBatch, *, first: int) -> InventoryBatch:
    """Give a batch whose facts have seqs from `first` on, in the order that `InventoryBatch` tells."""
    seqs = iter(range(first, first + facts_in(batch)))
    return replace(
        batch,
        exemptions=_each_with_seq(batch.exemptions, seqs),
        changes=_each_with_seq(batch.changes, seqs),
        requests=_each_with_seq(batch.requests, seqs),
        corrections=_each_with_seq(batch.corrections, seqs),
        withdrawals=_each_with_seq(batch.withdrawals, seqs),
        target_sets=_each_with_seq(batch.target_sets, seqs),
    )


def refuse_changed(batch: InventoryBatch, *, revision: int) -> None:
    """Refuse a batch that was decided on an older revision of the inventory than the stored one.

    Raises:
        StoreChangedError: it was.
    """
    if batch.made_at not in (None, revision):
        raise StoreChangedError(
            "清单刚被别人修改过，本次操作未保存，请重试。\n"
            "Somebody has just changed the inventory; nothing of this was stored. Do it again."
        )


def _each_with_seq(facts: Iterable[Fact], seqs: Iterator[int]) -> tuple[Fact, ...]:
    return tuple(replace(fact, seq=next(seqs)) for fact in facts)


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
