"""The deep book: what deep looks leave behind waits here until it is stored, and is given again where that failed."""

from __future__ import annotations

import asyncio

import structlog

from monitor.domain.deep import DeepSummary, Identity, Said
from monitor.domain.login import LoginRecord
from monitor.ports import DeepBatch, DeepStore, StoreBusyError

log = structlog.get_logger()

EVERY_S = 1.0
MAX_BACKOFF_S = 30.0
MAX_LOOKS = 20_000
"""Summaries that wait at most; logins and what devices say are kept however long the store is away."""


class DeepBook:
    """What waits to be stored.

    Args:
        store: where it goes.
    """

    def __init__(self, store: DeepStore) -> None:
        self.store_error = ""
        self._store = store
        self._looks: list[DeepSummary] = []
        self._said: dict[str, tuple[Identity, Said]] = {}
        self._logins: dict[str, LoginRecord] = {}

    @property
    def waiting(self) -> int:
        """Summaries, sayings and logins that wait."""
        return len(self._looks) + len(self._said) + len(self._logins)

    def look(self, summary: DeepSummary) -> None:
        """Keep the summary of a look."""
        self._looks.append(summary)
        if len(self._looks) > MAX_LOOKS:
            del self._looks[: MAX_LOOKS // 10]

    def said(self, device_id: str, heard: Identity, said: Said) -> None:
        """Keep who a device is heard to be and what it said of itself."""
        self._said[device_id] = heard, said

    def login(self, device_id: str, record: LoginRecord) -> None:
        """Keep what is remembered of logging in to a device."""
        self._logins[device_id] = record

    async def write(self) -> None:
        """Store what waits.

        Raises:
            StoreBusyError: nothing was stored; all of it waits on.
            StoreRefusedError: the store cannot be used as it is.
        """
        if not self.waiting:
            return
        looks, said, logins = self._looks, self._said, self._logins
        self._looks, self._said, self._logins = [], {}, {}
        batch = DeepBatch(looks, [(of, *each) for of, each in said.items()], list(logins.items()))
        try:
            await self._store.keep(batch)
        except BaseException:
            # What came meanwhile is newer.
            self._looks = looks + self._looks
            self._said = said | self._said
            self._logins = logins | self._logins
            raise
        if self.store_error:
            self.store_error = ""
            log.info("deep_book.back", waiting=self.waiting)

    async def keep_writing(self) -> None:
        """Store what waits every second until cancelled; a busy store is tried again with growing pauses.

        Raises:
            StoreRefusedError: the store cannot be used as it is.
        """
        pause_s = EVERY_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                await self.write()
                pause_s = EVERY_S
            except StoreBusyError as error:
                if not self.store_error:
                    log.warning("deep_book.lost", error=str(error), waiting=self.waiting)
                self.store_error = str(error)
                pause_s = min(MAX_BACKOFF_S, pause_s * 2)
