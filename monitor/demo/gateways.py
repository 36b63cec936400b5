"""The city's gateways: each a client of the broker that pushes what it knows of the devices behind it."""

from __future__ import annotations

import asyncio
import json
import time
from typing import NoReturn

import aiomqtt

from monitor.demo.told import Gateway, observations

RETRY_S = 2.0


async def push(gateway: Gateway, *, port: int, every_s: int) -> NoReturn:
    """Push a batch every interval, through every loss of the broker, until cancelled."""
    while True:
        try:
            client = aiomqtt.Client(
                "127.0.0.1",
                port,
                identifier=gateway.id,
                username=gateway.id,
                password=gateway.id,
                protocol=aiomqtt.ProtocolVersion.V5,
            )
            async with client:
                while True:
                    now = time.time()
                    said = observations(gateway.units, now=now)
                    batch = {"sent_at": int(now), "interval_s": every_s, "observations": said}
                    await client.publish(f"vidnet/v1/gateways/{gateway.id}/batch", json.dumps(batch).encode(), qos=1)
                    await asyncio.sleep(every_s)
        except aiomqtt.MqttError:
            await asyncio.sleep(RETRY_S)
