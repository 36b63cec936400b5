"""What the running service does once a second: it follows the clock, and lets time and silence speak."""

from __future__ import annotations

import asyncio
from pathlib import Path

from monitor.adapters.db.backup import backups
from monitor.adapters.reports.folder import ReportFolder
from monitor.app.own_time import OwnTime
from monitor.services.clock import SteadyClock
from monitor.services.ingest import Ingest
from monitor.services.live_counts import LiveCounts
from monitor.services.own_network import OwnNetwork
from monitor.services.polling import Polling

TICK_S = 1.0
SWEEP_PARTS = 60
"""Every device's deadline is looked at once in so many ticks."""

OWN_CLOCK_EVERY_S = 30
FILES_SEEN_EVERY_S = 60


class HouseKeeping:
    """The once-a-second work, a part of the devices at a time.

    Args:
        own_time: judges our clock.
        clock: our time.
        ingest: whose devices' deadlines pass.
        polling: whose pauses are noticed.
        own_network: whose holds run out.
        interval_s: the usual pace; behind by more than that, silence says nothing about the devices.
        backups: the folder of the database's backups.
        reports: the folder of the reports.

    Attributes:
        loop_lag_s: how late the event loop's last tick was, seconds.
        clock_behind_s: how far our steady time is behind the wall clock, seconds.
        last_backup_at: instant of the newest backup, 0 for none.
        last_report_at: instant of the newest report, 0 for none.
    """

    def __init__(
        self,
        own_time: OwnTime,
        *,
        clock: SteadyClock,
        ingest: Ingest,
        polling: Polling,
        own_network: OwnNetwork,
        interval_s: float,
        backups: Path,
        reports: ReportFolder,
    ) -> None:
        self.loop_lag_s = 0.0
        self.clock_behind_s = 0.0
        self.last_backup_at = 0
        self.last_report_at = 0
        self._own_time = own_time
        self._clock = clock
        self._ingest = ingest
        self._polling = polling
        self._own_network = own_network
        self._interval_s = interval_s
        self._backups = backups
        self._reports = reports

    async def keep(self, counts: LiveCounts) -> None:
        """Do the work of every second until cancelled."""
        loop = asyncio.get_running_loop()
        device_ids: list[str] = []
        tick = 0
        next_at = loop.time() + TICK_S
        while True:
            await asyncio.sleep(max(0.0, next_at - loop.time()))
            self.loop_lag_s = max(0.0, loop.time() - next_at)
            next_at = max(next_at + TICK_S, loop.time())
            if tick % OWN_CLOCK_EVERY_S == 0:
                self._own_time.judge()
            if tick % FILES_SEEN_EVERY_S == 0:
                self.last_backup_at = next((at for at, _ in backups(self._backups)), 0)
                self.last_report_at = self._reports.newest_at()
            self.clock_behind_s = self._clock.adjust()
            now = int(self._clock.now())
            if tick % SWEEP_PARTS == 0:
                device_ids = list(self._ingest.states)
            counts.pass_time(now)
            self._polling.notice_pause()
            self._own_network.tick(now)
            if self._polling.lag_s() <= self._interval_s:
                # While we may be pausing ourselves, silence says nothing about the devices.
                self._ingest.expire_overdue(device_ids[tick % SWEEP_PARTS :: SWEEP_PARTS], at=now)
            tick += 1
