"""Still pictures by HTTP from servers on loopback: logins, other hosts, series without end, and nonsense."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from collectors.deep import Secret
from collectors.picture import snapshot
from collectors.picture.look import PictureRequest, PictureResult
from collectors.picture.taker import PictureTaker
from tests.collectors.pictures import clean, jpeg

SECRET = Secret("operator", "p@ss")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Looking = Callable[..., Awaitable[PictureResult]]


@pytest.fixture(scope="module")
def picture() -> bytes:
    return jpeg(clean())


@pytest.fixture
async def look() -> AsyncIterator[Looking]:
    taker = PictureTaker(workers=1)
    runners: list[web.AppRunner] = []

    async def looking(handler: Handler, secret: Secret | None = SECRET, **more: Any) -> PictureResult:
        application = web.Application()
        application.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(application, shutdown_timeout=0)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        asked = {"timeout_s": 3.0, "snapshot_uri": f"http://127.0.0.1:{port}/snap.jpg?ch=1"} | more
        return await taker.look(PictureRequest("http://127.0.0.1", secret=secret, **asked))

    yield looking
    await taker.close()
    for runner in runners:
        await runner.cleanup()


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def gives(data: bytes, kind: str = "image/jpeg") -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=data, content_type=kind)

    return handler


async def test_a_snapshot_becomes_numbers(look: Looking, picture: bytes) -> None:
    result = await look(gives(picture))

    assert (result.outcome, result.way, result.login) == ("picture", "snapshot", "not_asked")
    assert (result.width, result.height) == (960, 540)


@pytest.mark.parametrize("qop", [True, False])
async def test_digest_is_spoken_with_and_without_qop(look: Looking, picture: bytes, qop: bool) -> None:
    async def handler(request: web.Request) -> web.Response:
        given = dict(re.findall(r'(\w+)="?([^",]*)"?', request.headers.get("Authorization", "")))
        who = md5("operator:cam:p@ss")
        what = md5(f"GET:{request.raw_path}")
        middle = f"n1:{given.get('nc')}:{given.get('cnonce')}:auth" if qop else "n1"
        if given.get("response") == md5(f"{who}:{middle}:{what}"):
            return web.Response(body=picture, content_type="image/jpeg")
        asked = 'Digest realm="cam", nonce="n1"' + (', qop="auth"' if qop else "")
        return web.Response(status=401, headers={"WWW-Authenticate": asked})

    result = await look(handler)

    assert (result.outcome, result.login) == ("picture", "accepted")


async def test_basic_is_spoken_where_nothing_else_is_offered(look: Looking, picture: bytes) -> None:
    wanted = "Basic " + base64.b64encode(b"operator:p@ss").decode()

    async def handler(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") == wanted:
            return web.Response(body=picture, content_type="image/jpeg")
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="cam"'})

    assert (await look(handler)).login == "accepted"


async def test_a_wrong_login_is_tried_once(look: Looking) -> None:
    tried = []

    async def handler(request: web.Request) -> web.Response:
        tried.append(request.headers.get("Authorization"))
        return web.Response(status=401, headers={"WWW-Authenticate": 'Digest realm="cam", nonce="n1", qop="auth"'})

    result = await look(handler)

    assert (result.outcome, result.login, result.refusals) == ("refused", "refused", 1)
    assert len(tried) == 2


async def test_without_a_credential_nothing_is_tried(look: Looking) -> None:
    async def handler(request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="cam"'})

    result = await look(handler, secret=None)

    assert (result.outcome, result.login) == ("refused", "no_credential")


async def test_of_a_series_without_end_one_picture_is_taken(look: Looking, picture: bytes) -> None:
    sent = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse(headers={"Content-Type": "multipart/x-mixed-replace; boundary=b"})
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"--b\r\nContent-Type: image/jpeg\r\n\r\n" + picture + b"\r\n")
                sent += 1
        except ConnectionError:
            return answer

    result = await look(handler)
    await asyncio.sleep(0.1)
    before = sent
    await asyncio.sleep(0.1)

    assert result.outcome == "picture"
    assert sent == before  # nobody listens any more


@pytest.mark.parametrize("kind", ["image/jpeg", "multipart/x-mixed-replace; boundary=b"])
async def test_megabytes_of_nonsense_are_cut_off(look: Looking, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MAX_STILL_BYTES", 300_000)

    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": kind})
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"\xff\xd8 never ends " * 1_000)
        except ConnectionError:
            return answer

    assert (await look(handler)).outcome == "too_large"


async def test_a_server_that_drips_ends_in_time(look: Looking) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"\xff")
                await asyncio.sleep(0.05)
        except ConnectionError:
            return answer

    began = time.monotonic()
    result = await look(handler, timeout_s=0.5)

    assert result.outcome == "silent"
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("data", "outcome"),
    [(b"", "not_a_picture"), (b"<html>login</html>", "not_a_picture"), (b"\xff\xd8\xff", "corrupt")],
)
async def test_what_is_no_picture_has_a_name(look: Looking, data: bytes, outcome: str) -> None:
    assert (await look(gives(data))).outcome == outcome


async def test_a_picture_that_is_cut_off_is_corrupt(look: Looking, picture: bytes) -> None:
    assert (await look(gives(picture[:9_000]))).outcome == "corrupt"


async def test_another_host_is_not_called(look: Looking, picture: bytes) -> None:
    result = await look(gives(picture), snapshot_uri="http://127.0.0.2:9/snap.jpg")

    assert result.outcome == "elsewhere"


async def test_nor_is_one_that_it_sends_us_on_to(look: Looking) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://127.0.0.2:9/secret"})

    result = await look(handler)

    assert result.outcome == "elsewhere"
    assert "127.0.0.2" in result.detail


async def test_on_its_own_host_we_go_on_but_not_for_ever(look: Looking, picture: bytes) -> None:
    async def once(request: web.Request) -> web.Response:
        if request.path == "/snap.jpg":
            return web.Response(status=302, headers={"Location": "/other.jpg"})
        return web.Response(body=picture, content_type="image/jpeg")

    async def always(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/snap.jpg"})

    assert (await look(once)).outcome == "picture"
    assert (await look(always)).outcome == "silent"


async def test_a_path_that_is_not_there_is_no_fault_of_the_picture(look: Looking) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=404)

    assert (await look(handler)).outcome == "unsupported"


async def test_a_device_that_named_nothing_is_said_to_have(look: Looking, picture: bytes) -> None:
    assert (await look(gives(picture), snapshot_uri="")).outcome == "no_uri"
