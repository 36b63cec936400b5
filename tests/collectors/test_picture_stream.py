"""Key frames of real RTSP servers on loopback: logins, transports, and servers that misbehave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from collectors.deep import Secret
from collectors.picture.look import PictureRequest, PictureResult
from collectors.picture.taker import PictureTaker
from monitor.demo.rtsp import RtspServer, Stream, encode
from tests.collectors.pictures import clean, jpeg

SECRET = Secret("operator", "p@ss:w/rd")
Looking = Callable[..., Awaitable[PictureResult]]


@pytest.fixture(scope="module")
def units() -> tuple[bytes, ...]:
    return encode(clean())


@pytest.fixture
async def taker() -> AsyncIterator[PictureTaker]:
    made = PictureTaker(workers=1)
    yield made
    await made.close()


@pytest.fixture
async def look(taker: PictureTaker) -> AsyncIterator[Looking]:
    servers: list[RtspServer] = []

    async def looking(stream: Stream, secret: Secret | None = SECRET, **more: Any) -> PictureResult:
        server = RtspServer(stream)
        servers.append(server)
        port = await server.start()
        uri = f"rtsp://127.0.0.1:{port}/live/2"
        request = PictureRequest("http://127.0.0.1", stream_uri=uri, secret=secret, **({"timeout_s": 3.0} | more))
        return await taker.look(request)

    yield looking
    for server in servers:
        await server.close()


@pytest.mark.parametrize("qop", [True, False])
async def test_a_stream_with_a_login_gives_a_picture(look: Looking, units: tuple[bytes, ...], qop: bool) -> None:
    result = await look(Stream(units, "operator", "p@ss:w/rd", qop=qop))

    assert (result.outcome, result.way, result.transport, result.login) == ("picture", "stream", "tcp", "accepted")
    assert (result.width, result.height) == (960, 540)
    assert result.scores["mean"] > 50


async def test_a_stream_without_a_login_gives_one_too(look: Looking, units: tuple[bytes, ...]) -> None:
    result = await look(Stream(units), secret=None)

    assert (result.outcome, result.login) == ("picture", "not_asked")


async def test_a_server_of_udp_alone_is_not_down(look: Looking, units: tuple[bytes, ...]) -> None:
    result = await look(Stream(units, transports=("udp",)), total_s=15.0)

    assert (result.outcome, result.transport) == ("picture", "udp")


@pytest.mark.parametrize("transports", [("tcp", "udp"), ("udp",)])
async def test_a_stream_that_answers_404_instead_of_401_gives_one(
    look: Looking, units: tuple[bytes, ...], transports: tuple[str, ...]
) -> None:
    result = await look(Stream(units, "operator", "p@ss:w/rd", hides=True, transports=transports), total_s=15.0)

    assert (result.outcome, result.login, result.refusals) == ("picture", "accepted", 0)
    assert result.transport == transports[0]


@pytest.mark.parametrize("hides", [True, False])
async def test_a_stream_that_wants_sha_256_gives_one(look: Looking, units: tuple[bytes, ...], hides: bool) -> None:
    result = await look(Stream(units, "operator", "p@ss:w/rd", sha256=True, hides=hides))

    assert (result.outcome, result.login, result.refusals) == ("picture", "accepted", 0)


async def test_a_hidden_stream_with_another_password_is_asked_once(look: Looking, units: tuple[bytes, ...]) -> None:
    result = await look(Stream(units, "operator", "another", hides=True))

    assert (result.outcome, result.login, result.refusals) == ("refused", "refused", 1)
    assert "p@ss" not in repr(result)


async def test_a_wrong_login_is_tried_once(look: Looking, units: tuple[bytes, ...]) -> None:
    result = await look(Stream(units, "operator", "another"))

    assert (result.outcome, result.login, result.refusals) == ("refused", "refused", 1)
    assert "p@ss" not in repr(result)


async def test_without_a_credential_nothing_is_tried(look: Looking, units: tuple[bytes, ...]) -> None:
    result = await look(Stream(units, "operator", "p@ss:w/rd"), secret=None)

    assert (result.outcome, result.login, result.refusals) == ("refused", "no_credential", 0)


async def test_a_server_that_accepts_and_says_nothing_ends_in_time(look: Looking, units: tuple[bytes, ...]) -> None:
    began = time.monotonic()

    result = await look(Stream(units, silent=True), timeout_s=0.5)

    assert result.outcome == "no_stream"
    assert time.monotonic() - began < 3


async def test_a_server_that_plays_nothing_ends_in_time(look: Looking, units: tuple[bytes, ...]) -> None:
    began = time.monotonic()

    result = await look(Stream(units, empty=True), timeout_s=1.0, total_s=2.0)

    assert result.outcome in ("no_stream", "killed")
    assert time.monotonic() - began < 8


async def test_a_damaged_key_frame_is_said_to_be_so(look: Looking, units: tuple[bytes, ...]) -> None:
    damaged = tuple(
        unit[: len(unit) // 2] + bytes(200) + unit[len(unit) // 2 + 200 :] if unit[0] & 31 == 5 else unit
        for unit in units
    )

    result = await look(Stream(damaged))

    assert result.outcome in ("picture", "corrupt", "no_keyframe")
    assert result.outcome != "picture" or result.damaged


async def test_a_stream_of_another_host_is_not_called(taker: PictureTaker) -> None:
    result = await taker.look(PictureRequest("http://127.0.0.1", stream_uri="rtsp://127.0.0.2:554/live"))

    assert result.outcome == "elsewhere"


async def test_what_does_not_speak_rtsp_is_no_stream(taker: PictureTaker) -> None:
    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(chatter, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await taker.look(PictureRequest("http://127.0.0.1", stream_uri=f"rtsp://127.0.0.1:{port}/"))

    assert (result.outcome, result.detail) == ("no_stream", "what answers does not speak RTSP")


async def test_streams_that_never_give_a_key_frame_leave_a_worker_to_still_pictures(units: tuple[bytes, ...]) -> None:
    server = RtspServer(Stream(units, empty=True))
    port = await server.start()
    taker = PictureTaker(workers=2)
    uri = f"rtsp://127.0.0.1:{port}/live"
    request = PictureRequest("http://127.0.0.1", stream_uri=uri, timeout_s=15.0, total_s=15.0)
    hanging = [asyncio.create_task(taker.look(request)) for _ in range(3)]
    await asyncio.sleep(1.0)

    result = await taker.judge_still(jpeg(clean()))

    assert result.outcome == "picture"
    assert not any(each.done() for each in hanging)
    for each in hanging:
        each.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
    await taker.close()
    await server.close()
