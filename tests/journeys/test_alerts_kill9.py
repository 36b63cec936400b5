"""kill -9 in the middle of an incident: nothing that was to be told is missing, and there is no second alert."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from monitor.adapters.db.alert_queries import SqlAlertQueries
from monitor.app.wiring import database_of
from monitor.settings import read_settings
from tests.journeys.alerting import UplinkFleet, write_alert_settings
from tests.journeys.devices import Mood, living
from tests.journeys.running import get, metric, record, until
from tests.journeys.test_kill9 import children
from tests.sinks import http_sink


async def test_killed_again_and_again_it_tells_each_thing_at_least_once_and_makes_no_second_alert(
    tmp_path: Path,
) -> None:
    fleet = UplinkFleet(61, behind=40)
    async with living(fleet), http_sink() as sink:
        hook = f'[receivers.duty]\nkind = "webhook"\nurl = "{sink.url}"\n'
        config = write_alert_settings(tmp_path, hook, hold_down_s=3)
        await record(fleet, config)
        async with children(config, tmp_path / "log") as service:
            await service.start()

            async def online(count: int) -> bool:
                _, text = await get(service.port, "/metrics")
                return metric(text, "vidnet_devices", state="online") == count

            await until(lambda: online(61), every_s=0.2)
            fleet.mood = lambda index: Mood.RESET if index <= 40 else Mood.CLEAN
            await until(lambda: online(20), every_s=0.1)
            await service.kill()  # during the hold-down: the incident is not open yet
            await service.start()
            for pause_s in (1.0, 2.5, 0.7):
                await asyncio.sleep(pause_s)
                await service.kill()
                await service.start()
            await until(lambda: len(sink.messages) >= 1, every_s=0.1)
            await service.kill()  # right after it was told: perhaps before that is written down
            await service.start()
            fleet.mood = lambda index: Mood.CLEAN
            await until(lambda: online(61), every_s=0.2)
            await service.kill()
            await service.start()
            await until(lambda: sink.messages[-1]["telling"] == "cleared", every_s=0.1)
            await service.stop()
    assert {message["alert"] for message in sink.messages} == {"A1"}
    told = Counter(message["key"] for message in sink.messages)
    assert set(told) == {"A1:raised:1", "A1:cleared:1"}
    assert max(told.values()) <= 2  # a message that came twice has the same key
    database = database_of(read_settings(config), folder=tmp_path)
    queries = SqlAlertQueries(database)
    assert [(each.id, each.devices, each.down) for each in await queries.incidents()] == [("I1", 40, 0)]
    assert [each.cleared_at is None for each in await queries.alerts()] == [False]
    members = await queries.members("I1")
    assert {member.device_id for member in members} == fleet.ids_behind()
    await database.close()
