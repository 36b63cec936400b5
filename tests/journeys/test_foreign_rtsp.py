"""Picture looks at an RTSP server that nobody here wrote, GStreamer's: logins, codecs, transports, a hidden path."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from collectors.deep import Secret
from collectors.picture.look import PictureRequest, PictureResult
from collectors.picture.taker import PictureTaker
from monitor.adapters.vault import Scope
from monitor.app.wiring import vault_of
from tests.collectors.deep_camera import serving
from tests.collectors.pictures import clean, faulty, jpeg
from tests.foreign_rtsp import SECRET, Foreign, foreign_rtsp, is_there
from tests.journeys.running import running, until
from tests.journeys.test_pictures import camera, faults, looked, paced, remembered

pytestmark = pytest.mark.skipif(
    not is_there() and os.environ.get("CI") != "true", reason="GStreamer's RTSP server is not installed"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    picture = tmp_path_factory.mktemp("foreign") / "picture.jpg"
    picture.write_bytes(jpeg(clean()))
    with foreign_rtsp(picture) as found:
        yield found


@pytest.fixture
async def taker() -> AsyncIterator[PictureTaker]:
    made = PictureTaker(workers=1)
    yield made
    await made.close()


async def look(taker: PictureTaker, uri: str, secret: Secret | None = SECRET) -> PictureResult:
    request = PictureRequest("http://127.0.0.1", stream_uri=uri, secret=secret, timeout_s=5.0, total_s=15.0)
    return await taker.look(request)


@pytest.mark.parametrize(("path", "transport"), [("h264", "tcp"), ("h265", "tcp"), ("udp", "udp")])
async def test_each_codec_and_transport_gives_a_picture(
    taker: PictureTaker, server: Foreign, path: str, transport: str
) -> None:
    result = await look(taker, f"{server.closed}/{path}")

    assert (result.outcome, result.transport, result.login, result.refusals) == ("picture", transport, "accepted", 0)
    assert (result.width, result.height) == (960, 540)
    assert result.scores["mean"] > 50
    assert not result.damaged


async def test_a_server_that_is_still_ending_our_question_is_asked_again(taker: PictureTaker, server: Foreign) -> None:
    results = [await look(taker, f"{server.hiding}/open", None) for _ in range(3)]

    assert [(each.outcome, each.login) for each in results] == [("picture", "not_asked")] * 3


async def test_a_wrong_password_is_one_refusal_and_none_is_none(taker: PictureTaker, server: Foreign) -> None:
    wrong = await look(taker, f"{server.closed}/h264", Secret("operator", "another"))
    none = await look(taker, f"{server.closed}/h264", None)

    assert (wrong.outcome, wrong.login, wrong.refusals) == ("refused", "refused", 1)
    assert (none.outcome, none.login, none.refusals) == ("refused", "no_credential", 0)


async def test_a_404_in_place_of_a_401_is_neither_a_refusal_nor_a_dead_stream(
    taker: PictureTaker, server: Foreign
) -> None:
    """It gives no nonce to whom it does not know, so nobody can log in to it by Digest; that is said, and no fault."""
    result = await look(taker, f"{server.hiding}/h264")

    assert (result.outcome, result.login, result.refusals) == ("unsupported", "not_asked", 0)
    assert "hidden without a login" in result.detail


async def test_a_path_that_is_not_there_is_no_dead_stream(taker: PictureTaker, server: Foreign) -> None:
    began = time.monotonic()

    result = await look(taker, f"{server.closed}/nothing")

    assert result.outcome == "unsupported"
    assert time.monotonic() - began < 3


async def test_the_service_logs_in_to_it_and_judges_its_picture(tmp_path: Path) -> None:
    picture = tmp_path / "black.jpg"
    picture.write_bytes(jpeg(faulty("black")))
    with foreign_rtsp(picture) as server:
        async with AsyncExitStack() as stack:
            cameras = [camera(stream=f"{server.closed}/h265"), camera(stream=f"{server.hiding}/h264")]
            for each in cameras:
                await stack.enter_async_context(serving(each))
            folder = tmp_path / "site"
            folder.mkdir()
            settings = await paced(folder, cameras)
            vault_of(settings, folder=folder).set("all", SECRET, Scope(), at=int(time.time()))
            async with running(settings, folder) as service:
                await until(lambda: faults(service, 0) == {"picture_black"}, within_s=60)
                assert not looked(service, 1)
                assert not faults(service, 1)
            memory = await remembered(settings, folder, 0)
    assert memory.last is not None
    assert (memory.last.way, memory.last.outcome, memory.last.width) == ("stream", "picture", 960)
