from __future__ import annotations

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Gauge

from monitor.adapters.web.server import WebServerError, serving
from tests.servers import free_port


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


async def test_it_is_alive_and_ready_and_shows_its_metrics():
    registry = CollectorRegistry()
    Gauge("vidnet_test", "A figure.", registry=registry).set(7)
    async with serving(
        registry, lambda: "# HELP vidnet_city A text.\n", host="127.0.0.1", port=0, problems=list
    ) as port:
        assert await get(port, "/healthz") == (200, "alive\n")
        assert await get(port, "/readyz") == (200, "ready\n")
        status, text = await get(port, "/metrics")
        assert status == 200
        assert text.startswith("# HELP vidnet_city A text.\n# HELP vidnet_test A figure.\n")
        assert "\nvidnet_test 7.0\n" in text
        assert (await get(port, "/"))[0] == 404


async def test_it_is_not_ready_with_every_reason_until_there_is_none():
    found = ["store: not writable, 3 devices wait", "collector: 700 s behind"]
    async with serving(CollectorRegistry(), str, host="127.0.0.1", port=0, problems=lambda: found) as port:
        assert await get(port, "/readyz") == (503, "store: not writable, 3 devices wait\ncollector: 700 s behind\n")
        assert (await get(port, "/healthz"))[0] == 200
        found.clear()
        assert (await get(port, "/readyz"))[0] == 200


async def test_nobody_listens_after_the_end():
    async with serving(CollectorRegistry(), str, host="127.0.0.1", port=0, problems=list) as port:
        pass
    with pytest.raises(aiohttp.ClientConnectionError):
        await get(port, "/healthz")


async def test_a_port_in_use_is_said_with_what_to_do():
    async with serving(CollectorRegistry(), str, host="127.0.0.1", port=0, problems=list) as port:
        with pytest.raises(
            WebServerError, match=rf"127\.0\.0\.1:{port}: .*in use.*choose another web\.port / 无法监听"
        ):
            async with serving(CollectorRegistry(), str, host="127.0.0.1", port=port, problems=list):
                pass
        assert (await get(port, "/healthz"))[0] == 200


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
async def test_an_address_that_is_not_ours_is_said(host):
    with pytest.raises(WebServerError, match=host):
        async with serving(CollectorRegistry(), str, host=host, port=free_port(), problems=list):
            pass
