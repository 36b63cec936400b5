"""The audit log: who did what, when, from where, before and after; each entry holds the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace

from monitor.domain.values import dataclass

FIRST = "0" * 64
"""What stands before the first entry."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did, or tried.

    Attributes:
        at: epoch seconds.
        who: the account, "guest", or "as:NAME" for a name on the command line that nobody checked.
        via: "session", "token", "guest", "cli" or "service".
        address: where the request came from; "" on the command line.
        action: what was done, such as "exemption.approve" or "login".
        target: what it was done to, such as an id.
        outcome: "done" or why not, such as "forbidden".
        before: what stood before, as JSON text; "" for nothing.
        after: what stands now, as JSON text; never a secret.
        seq: counts from 1; 0 for not stored yet.
        previous: the hash of the entry before.
        hash: of everything above.
    """

    at: int
    who: str
    via: str
    address: str
    action: str
    target: str = ""
    outcome: str = "done"
    before: str = ""
    after: str = ""
    seq: int = 0
    previous: str = ""
    hash: str = ""


def sealed(entry: AuditEntry, *, seq: int, previous: str) -> AuditEntry:
    """Give an entry its place in the chain."""
    placed = replace(entry, seq=seq, previous=previous, hash="")
    return replace(placed, hash=_digest(placed))


def first_broken(entries: Iterable[AuditEntry], *, previous: str = FIRST, seq: int = 0) -> int | None:
    """Give the seq of the first entry that does not follow from the one before it, None where all do.

    Args:
        entries: in seq order, without a gap.
        previous: the hash of the entry before the first.
        seq: its seq.
    """
    for entry in entries:
        expected = sealed(entry, seq=seq + 1, previous=previous)
        if expected != entry:
            return seq + 1
        previous, seq = entry.hash, entry.seq
    return None


def _digest(entry: AuditEntry) -> str:
    parts = [
        entry.seq,
        entry.previous,
        entry.at,
        entry.who,
        entry.via,
        entry.address,
        entry.action,
        entry.target,
        entry.outcome,
        entry.before,
        entry.after,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
