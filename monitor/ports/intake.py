"""What is pushed to us and could not be taken, and what platforms tell of checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.domain.checkpoint import Lane, Tollgate


@dataclass(frozen=True, slots=True)
class Stranger:
    """An id that was reported to us and that we take nothing for; listed, never invented.

    Attributes:
        reason: "unknown" to the inventory, or "not_yours": it does not hang on who reported it.
    """

    id: str
    protocol: str
    reporter: str
    reason: str
    first_at: int
    last_at: int
    count: int


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message that was refused whole; of its content nothing is kept but its sha256 and its size in bytes."""

    digest: str
    protocol: str
    sender: str
    reason: str
    size: int
    first_at: int
    last_at: int
    count: int


class IntakeStore(Protocol):
    """What was pushed to us and could not be taken."""

    async def note(self, strangers: Sequence[Stranger], refused: Sequence[RefusedMessage]) -> None:
        """Add to what is noted already: counts add up, and only the newest 10,000 of each are kept.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """

    async def strangers(self) -> list[Stranger]:
        """Give all noted ids, the newest first."""

    async def refused(self) -> list[RefusedMessage]:
        """Give all noted messages, the newest first."""


class CheckpointStore(Protocol):
    """Tollgates, their lanes, and how many records their units made an hour."""

    async def tollgates(self) -> list[Tollgate]:
        """Give all tollgates, by id."""

    async def lanes(self) -> list[Lane]:
        """Give all lanes, by tollgate and number."""

    async def put(self, tollgates: Sequence[Tollgate], lanes: Sequence[Lane]) -> None:
        """Store tollgates as they are now; the lanes given are all lanes of those tollgates that they belong to.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """

    async def counts(self, *, since: int) -> list[tuple[str, int, int]]:
        """Give (device, hour, count) of every hour from `since` on."""

    async def keep_counts(self, counts: Iterable[tuple[str, int, int]], *, forget_before: int) -> None:
        """Store (device, hour, count) of full hours, the newest word of each, and drop hours before an instant.

        Raises:
            StoreBusyError: nothing was stored; the same may be given again.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """
