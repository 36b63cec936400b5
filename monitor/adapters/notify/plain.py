"""What most notifiers have in common: they hand nothing over and need not be told again."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.domain.notification import Message
from monitor.ports import SpoolResult


class PlainNotifier:
    """The parts of `ports.Notifier` that a plain receiver does not need."""

    hands_over = False
    refresh_every_s: int | None = None

    async def refresh(self, raised: Sequence[Message]) -> None:
        """Do nothing: it remembers what it was told."""

    async def results(self) -> Sequence[SpoolResult]:
        """Give nothing: what was sent has arrived."""
        return ()

    async def forget(self, results: Sequence[SpoolResult]) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""
