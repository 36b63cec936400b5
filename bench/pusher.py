"""The other side of what is pushed, in a process of its own: `python -m bench.pusher mqtt|keepalive|platform …`."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import sys
import time

import aiohttp
import aiomqtt
from aiohttp import web

SECRET = "bench"  # noqa: S105 - of a server that lives for a minute on loopback
IN_FLIGHT = 500


async def mqtt(port: int, *, count: int) -> None:
    """Publish a status of each of so many devices, QoS 1, as fast as the broker takes them."""
    client = aiomqtt.Client("127.0.0.1", port, identifier="pusher", protocol=aiomqtt.ProtocolVersion.V5)
    client.pending_calls_threshold = 10 * IN_FLIGHT
    async with client:
        at = int(time.time())
        todo = iter(range(count))

        async def work() -> None:
            for number in todo:
                said = json.dumps({"online": number % 20 != 0, "at": at, "interval_s": 60}).encode()
                await client.publish(f"vidnet/v1/devices/d-{number}/status", said, qos=1, timeout=120)

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


async def keepalive(port: int, *, count: int, connections: int) -> None:
    """Register so many devices, each on a connection of its own that stays open, and keep them alive together."""
    base = f"http://127.0.0.1:{port}/VIID/System"
    todo = iter(range(count))
    ready = asyncio.Barrier(connections + 1)

    async def device(number: int) -> None:
        who = f"d{number}"
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(connector=connector, headers={"User-Identify": who}) as session:
            body = json.dumps({"RegisterObject": {"DeviceID": who}}).encode()
            async with session.post(f"{base}/Register", data=body) as answer:
                header = _authorization(answer.headers["WWW-Authenticate"])
            async with session.post(f"{base}/Register", data=body, headers={"Authorization": header}) as answer:
                answer.raise_for_status()
            body = json.dumps({"KeepaliveObject": {"DeviceID": who}}).encode()
            await ready.wait()
            await ready.wait()
            for _ in todo:
                async with session.post(f"{base}/Keepalive", data=body) as answer:
                    answer.raise_for_status()
                    await answer.read()

    devices = [asyncio.create_task(device(number)) for number in range(connections)]
    await ready.wait()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await ready.wait()
    await asyncio.gather(*devices)


async def platform(count: int) -> None:
    """Be a platform of so many devices until killed; prints the port."""
    apes = [
        {"ApeID": f"d{number}", "Name": f"东风西街{number}号", "Model": "ITC-400", "IPAddr": "192.0.2.1", "Port": 80,
         "Longitude": "119.106300", "Latitude": "36.710700", "PlaceCode": "370702", "OrgCode": "370702000000",
         "CapDirection": 0, "IsOnline": "1" if number % 20 else "2", "UserId": "admin", "Password": "x"}
        for number in range(count)
    ]  # fmt: skip

    async def answer(request: web.Request) -> web.Response:
        kind = {"APEs": "APE", "APSs": "APS", "Tollgates": "Tollgate", "Lanes": "Lane"}.get(
            request.path.rpartition("/")[2]
        )
        if kind is None:
            local = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 28_800))
            return web.json_response({"SystemTimeObject": {"LocalTime": local}})
        items = apes if kind == "APE" else []
        start, size = int(request.query["RecordStartNo"]) - 1, int(request.query["PageRecordNum"])
        page = {f"{kind}Object": items[start : start + size], "TotalNum": len(items)}
        return web.json_response({f"{kind}ListObject": page})

    app = web.Application()
    app.router.add_get("/VIID/{rest:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def _authorization(challenge: str) -> str:
    nonce = re.search(r'nonce="(\w+)"', challenge)
    assert nonce is not None  # noqa: S101 - the server is ours
    uri = "/VIID/System/Register"

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    middle = f"{md5(f'bench:viid:{SECRET}')}:{nonce[1]}:00000001:c:auth:{md5(f'POST:{uri}')}"
    return (
        f'Digest username="bench", realm="viid", nonce="{nonce[1]}", uri="{uri}", response="{md5(middle)}", '
        'qop=auth, nc=00000001, cnonce="c"'
    )


def main() -> None:
    """Do one side."""
    parser = argparse.ArgumentParser(prog="python -m bench.pusher", description=__doc__)
    parser.add_argument("what", choices=["mqtt", "keepalive", "platform"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--connections", type=int, default=300)
    chosen = parser.parse_args()
    if chosen.what == "mqtt":
        asyncio.run(mqtt(chosen.port, count=chosen.count))
    elif chosen.what == "keepalive":
        asyncio.run(keepalive(chosen.port, count=chosen.count, connections=chosen.connections))
    else:
        asyncio.run(platform(chosen.count))


if __name__ == "__main__":
    main()
