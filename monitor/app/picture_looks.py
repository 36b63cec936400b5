"""The running service's pictures: the workers, the picture looks, and what is left of them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from collectors.picture.taker import PictureTaker
from monitor.adapters.db.deep_looks import SqlDeepStore
from monitor.adapters.db.engine import Database
from monitor.adapters.db.pictures import SqlPictureStore
from monitor.adapters.metrics.pictures import PictureMetrics
from monitor.adapters.metrics.service import Durations
from monitor.domain.device import Device
from monitor.domain.picture import Limits
from monitor.services.ingest import Ingest
from monitor.services.logins import Logins
from monitor.services.picture_looking import PictureLooking, PicturePace
from monitor.settings import Settings

PICTURE_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0)


def picture_pace(settings: Settings) -> PicturePace:
    """Give the settings of picture looks as the service takes them."""
    picture = settings.picture
    return PicturePace(
        interval_s=picture.interval_s,
        recheck_s=picture.recheck_s,
        faulty_s=picture.faulty_s,
        timeout_s=picture.timeout_s,
        total_s=picture.total_s,
        concurrency=picture.concurrency,
        per_link=picture.per_link,
        other_hosts=settings.deep.other_hosts,
    )


class Pictures:
    """Picture looks, put together; `work` is what runs until the service stops.

    Args:
        settings: of the whole service.
        database: where everything is kept.
        ingest: where observations go.
        logins: what is logged in with, shared with the deep looks.
        now: our time, epoch seconds.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        ingest: Ingest,
        logins: Logins,
        now: Callable[[], float],
    ) -> None:
        self._durations = Durations(PICTURE_BUCKETS_S)
        self._taker = PictureTaker(workers=settings.picture.workers, jobs_each=settings.picture.jobs_each)
        self.looking = PictureLooking(
            taker=self._taker,
            ingest=ingest,
            logins=logins,
            deep_store=SqlDeepStore(database),
            store=SqlPictureStore(database),
            policy=settings.policy(),
            limits=Limits(),
            pace=picture_pace(settings),
            now=now,
            on_duration=self._durations.add,
        )

    def load(self, devices: Sequence[Device]) -> None:
        """Begin with the devices' slots."""
        self.looking.assign(devices)

    def work(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Give what runs until the service stops."""
        yield self.looking.rounds.run()

    def metrics(self) -> PictureMetrics:
        """Give the figures of this instant."""
        rounds, pool = self.looking.rounds, self._taker.pool
        return PictureMetrics(
            looks=self.looking.looks,
            found=self.looking.found,
            look_errors=rounds.errors,
            durations=self._durations,
            under_way=rounds.under_way,
            lag_s=rounds.lag_s(),
            out_of_turn=rounds.out_of_turn,
            workers=len(pool.pids),
            workers_killed=pool.killed,
        )
