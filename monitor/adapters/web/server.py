"""`/metrics`, `/healthz` and `/readyz` on aiohttp."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest


class WebServerError(Exception):
    """The server cannot listen; the message says where and what to do."""


@asynccontextmanager
async def serving(
    registry: CollectorRegistry,
    city: Callable[[], str],
    *,
    host: str,
    port: int,
    problems: Callable[[], list[str]],
) -> AsyncIterator[int]:
    """Serve until the block ends.

    Args:
        registry: the service's own metrics.
        city: gives the text of the city's metrics, shown before them on `/metrics`.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        problems: gives what keeps the service from being ready, a line each; empty when it is ready.

    Yields:
        The port that is listened on.

    Raises:
        WebServerError: the address cannot be listened on.
    """

    async def metrics(_request: web.Request) -> web.Response:
        body = city().encode() + generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def alive(_request: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def ready(_request: web.Request) -> web.Response:
        found = problems()
        return web.Response(text="\n".join(found or ["ready"]) + "\n", status=503 if found else 200)

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/healthz", alive)
    application.router.add_get("/readyz", ready)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            message = f"{host}:{port}: cannot listen ({error.strerror}); choose another web.port / 无法监听，请更换端口"
            raise WebServerError(message) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
