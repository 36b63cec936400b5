"""An uplink dies, and real receivers hear of it: Alertmanager, an MQTT broker, a mail server, a webhook, a spool."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from monitor.adapters.notify.webhook import signature
from monitor.settings import read_settings
from tests.grafana.servers import alertmanager, ask
from tests.journeys.alerting import UplinkFleet, write_alert_settings
from tests.journeys.devices import Mood, living
from tests.journeys.running import record, running, until
from tests.programs import need_program
from tests.servers import free_port
from tests.sinks import http_sink, smtp_sink

SHARED = "shared-key"
AM_CONFIG = """
route: {receiver: none}
receivers: [{name: none}]
global: {resolve_timeout: 1m}
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """A mosquitto of the test's own; its port."""
    port = free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
    with (tmp_path / "mosquitto.log").open("wb") as log:
        program = need_program("mosquitto")
        process = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


async def listening(port: int, heard: list[str]) -> None:
    while True:
        try:
            async with aiomqtt.Client("127.0.0.1", port) as client:
                await client.subscribe("vidnet/alerts")
                heard.append("")
                async for message in client.messages:
                    assert isinstance(message.payload, bytes)
                    heard.append(message.payload.decode())
        except aiomqtt.MqttError:
            await asyncio.sleep(0.1)


async def test_every_kind_of_receiver_hears_of_it_and_of_its_end(tmp_path: Path, broker: int) -> None:
    fleet = UplinkFleet(61, behind=40)
    (tmp_path / "am").mkdir()
    spool = tmp_path / "spool"
    heard: list[str] = []
    with alertmanager(tmp_path / "am", AM_CONFIG) as address:
        async with living(fleet), http_sink() as sink, smtp_sink() as mail:
            listener = asyncio.create_task(listening(broker, heard))
            await until(lambda: heard == [""])
            receivers = f"""
[receivers.am]
kind = "alertmanager"
url = "{address}"
resend_s = 1
[receivers.bus]
kind = "apprise"
url = "mqtt://127.0.0.1:{broker}/vidnet/alerts"
language = "zh"
[receivers.mail]
kind = "apprise"
url = "mailto://127.0.0.1:{mail.port}/?from=vidnet@city.example&to=duty@city.example&mode=insecure&format=text"
[receivers.desk]
kind = "webhook"
url = "{sink.url}"
secret = "{SHARED}"
[receivers.outside]
kind = "spool"
folder = "spool"
secret = "{SHARED}"
"""
            config = write_alert_settings(tmp_path, receivers, hold_down_s=2)
            await record(fleet, config)
            async with running(read_settings(config), tmp_path) as service:
                await until(lambda: service.service.overview().whole.tally.online == 60)
                fleet.mood = lambda index: Mood.RESET if index <= 40 else Mood.CLEAN
                await until(lambda: len(sink.bodies) == 1 and len(mail.mails) == 1 and len(heard) == 2, every_s=0.1)
                await until(lambda: len(list(spool.glob("out/*.json"))) == 1)

                def firing() -> list[Any]:
                    return list(ask(address, "/api/v2/alerts", active="true"))

                await until(lambda: len(firing()) == 1, every_s=0.2)
                [alert] = firing()
                assert alert["labels"]["alertname"] == "VidnetIncident"
                assert alert["labels"]["severity"] == "critical"
                assert "上联 olt-3 中断" in alert["annotations"]["summary"]
                # Said again and again, it outlives the end that the first post gave it.
                await asyncio.sleep(max(0.0, _end_of(alert) - time.time()) + 1.5)
                assert len(firing()) == 1

                relay(spool, delivered=True)
                await until(lambda: not list(spool.glob("results/*.json")), every_s=0.1)
                fleet.mood = lambda index: Mood.CLEAN
                await until(lambda: len(sink.bodies) == 2 and len(mail.mails) == 2 and len(heard) == 3, every_s=0.1)
                await until(lambda: firing() == [], every_s=0.2)
                [handed] = await service.service.alerting.outbox.handed("outside")
                assert handed.message.telling == "cleared"
            listener.cancel()
    assert sink.headers[0]["X-Vidnet-Signature"] == signature(sink.bodies[0], SHARED)
    assert "【严重】潍城区 上联 olt-3 中断" in heard[1]
    assert mail.mails[0]["Subject"].startswith("【严重】潍城区 上联 olt-3 中断")
    assert mail.mails[1]["Subject"].startswith("【恢复】")


def _end_of(alert: Any) -> float:
    from datetime import datetime

    return datetime.fromisoformat(alert["endsAt"].replace("Z", "+00:00")).timestamp()


def relay(spool: Path, *, delivered: bool) -> None:
    """Do what the relay does: read what is signed, deliver it, and sign what became of it."""
    (spool / "results").mkdir(exist_ok=True)
    for file in sorted((spool / "out").glob("*.json")):
        signed = json.loads(file.read_text(encoding="utf-8"))
        assert signed["signature"] == signature(signed["body"].encode(), SHARED)
        body = json.dumps([{"key": key, "delivered": delivered} for key in json.loads(signed["body"])["keys"]])
        result = {"body": body, "signature": signature(body.encode(), SHARED)}
        draft = spool / "results" / f"{file.stem}.new"
        draft.write_text(json.dumps(result), encoding="utf-8")
        draft.replace(spool / "results" / file.name)
        file.unlink()
