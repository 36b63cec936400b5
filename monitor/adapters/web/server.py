"""The HTTP server: `/metrics`, `/healthz`, `/readyz`, and whatever else is mounted on it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest

from monitor.adapters.web.patience import Patience

Mount = Callable[[web.Application], None]
"""Adds routes, or an application below a path."""

IDLE_S = 75.0


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
    mounts: Sequence[Mount] = (),
    tls: ssl.SSLContext | None = None,
    on_slow: Callable[[], None] = lambda: None,
) -> AsyncIterator[int]:
    """Serve until the block ends.

    Args:
        registry: the service's own metrics.
        city: gives the text of the city's metrics, shown before them on `/metrics`.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        problems: gives what keeps the service from being ready, a line each; empty when it is ready.
        mounts: add what else is served.
        tls: certificate and key; None serves plain HTTP.
        on_slow: told of every connection that is dropped because its client is too slow.

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

    loop = asyncio.get_running_loop()
    patience = Patience(loop, on_slow=on_slow)

    @web.middleware
    async def heard(request: web.Request, handler: Handler) -> web.StreamResponse:
        patience.heard(request)
        try:
            return await handler(request)
        finally:
            patience.answered(request)

    application = web.Application(middlewares=[heard])
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/healthz", alive)
    application.router.add_get("/readyz", ready)
    for mount in mounts:
        mount(application)
    runner = web.AppRunner(application, access_log=None, keepalive_timeout=IDLE_S)
    await runner.setup()
    listening: asyncio.Server | None = None

    def protocol() -> asyncio.Protocol:
        if runner.server is None:
            raise ConnectionAbortedError("the server is stopping")
        return patience.watched(runner.server())

    try:
        try:
            listening = await loop.create_server(protocol, host, port, ssl=tls, backlog=512)
        except OSError as error:
            message = f"{host}:{port}: cannot listen ({error.strerror}); choose another web.port / 无法监听，请更换端口"
            raise WebServerError(message) from error
        yield listening.sockets[0].getsockname()[1]
    finally:
        if listening is not None:
            listening.close()
        await runner.cleanup()


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Give a server's context of a certificate and its key, PEM files; TLS 1.2 and newer.

    Raises:
        WebServerError: they cannot be read, or don't belong together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise WebServerError(
            f"证书或密钥不能使用 · web.certificate or web.key cannot be used: {certificate}, {key}: {error}"
        ) from error
    return context
