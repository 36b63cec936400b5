"""Late evidence: what a queue delivers afterwards is kept, and fills the unknown seconds (RULES §4).

It never makes the present fresh: no state changes by it, only corrections come of it. What is stored is computed anew
from all looks kept, and only the difference is written, so that delivery twice or in another order changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog

from monitor.domain.facts import Axis, StateChange
from monitor.domain.late import difference, fill, unknown_stretches
from monitor.domain.observation import Observation
from monitor.domain.policy import DAY_S, Policy
from monitor.domain.state import Connectivity, DeviceState
from monitor.ports import LateStore, StoreBusyError
from monitor.services.ingest import Ingest

log = structlog.get_logger()

KEPT_S = 35 * DAY_S
"""Late looks are kept so long: a week is final well before."""

AT_ONCE = 500
RETRY_S = 5.0


class LateEvidence:
    """Keeps late looks and makes corrections of them.

    Args:
        ingest: knows the states, and stores the corrections.
        store: keeps the looks.
        policy: the settings of the rules.
        now: our time, epoch seconds.
    """

    def __init__(
        self,
        ingest: Ingest,
        store: LateStore,
        *,
        policy: Policy,
        now: Callable[[], float],
    ) -> None:
        self.corrections = 0
        self._ingest = ingest
        self._store = store
        self._policy = policy
        self._now = now
        self._with_looks: set[str] = set()
        self._closed: set[str] = set()
        self._wake = asyncio.Event()
        ingest.on_commit(self._notice)

    async def begin(self) -> None:
        """Find the devices that have late looks from before, and drop looks that are too old to matter.

        Raises:
            StoreError: the store cannot be used.
        """
        await self._store.forget(before=int(self._now()) - KEPT_S)
        self._with_looks.update(await self._store.devices())

    async def take(self, looks: Sequence[Observation]) -> None:
        """Keep late looks and correct what they tell otherwise; returns once all of it is stored.

        Raises:
            StoreBusyError: not all of it is stored; the same may be given again.
            StoreRefusedError: the store cannot be used as it is.
        """
        await self._ingest.commit()  # what the states know must be facts before looks are held against them
        await self._store.keep(looks, received_at=int(self._now()))
        devices = list(dict.fromkeys(look.device_id for look in looks))
        self._with_looks.update(devices)
        await self._correct(devices)

    async def work(self) -> None:
        """Look again at unknown stretches that ended after late looks had come, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            devices = sorted(self._closed)
            self._closed.clear()
            try:
                await self._correct(devices)
            except StoreBusyError:
                self._closed.update(devices)
                await asyncio.sleep(RETRY_S)
                self._wake.set()

    async def _correct(self, devices: Sequence[str]) -> None:
        for start in range(0, len(devices), AT_ONCE):
            for past in await self._store.past(devices[start : start + AT_ONCE]):
                at = int(self._now())
                stretches = unknown_stretches(past.device_id, past.changes, created_at=past.created_at, at=at)
                found = []
                for stretch in stretches:
                    inside = [look for look in past.looks if stretch.start <= look.at < stretch.end]
                    if inside:
                        wanted = fill(stretch, inside, policy=self._policy)
                        found += difference(stretch, wanted, past.corrections)
                if found:
                    self.corrections += len(found)
                    self._ingest.amend(self._ingest.states[past.device_id], (), found)
                await asyncio.sleep(0)  # looking goes on between two devices
            await self._ingest.commit()

    def _notice(self, _states: Sequence[DeviceState], changes: Iterable[StateChange]) -> None:
        """Note unknown stretches that ended, of devices with late looks."""
        if not self._with_looks:
            return
        for change in changes:
            ended = change.axis is Axis.CONNECTIVITY and change.old == Connectivity.UNKNOWN
            if ended and change.device_id in self._with_looks:
                self._closed.add(change.device_id)
                self._wake.set()
