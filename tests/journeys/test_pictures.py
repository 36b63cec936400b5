"""Picture looks end to end: a running service, cameras with snapshots and streams; and nowhere a byte of a picture."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from typer.testing import CliRunner

from monitor.adapters.db.pictures import SqlPictureStore
from monitor.app.wiring import database_of
from monitor.cli import app
from monitor.demo.rtsp import RtspServer, Stream, encode
from monitor.domain.observation import LookKind
from monitor.domain.picture_look import PictureMemory
from monitor.domain.state import Condition, Connectivity
from monitor.services.observe_picture import PICTURE_FAULTS
from monitor.settings import Settings, read_settings
from tests.collectors.deep_camera import DeepCamera, serving
from tests.collectors.pictures import clean, faulty, jpeg
from tests.image_search import everything_in, found_in, pieces_of_picture
from tests.journeys.devices import device_id
from tests.journeys.running import Running, metric, running, until
from tests.journeys.test_deep_looks import city_of

PACE = """
[picture]
interval_s = 1
recheck_s = 1
faulty_s = 1
timeout_s = 2.0
total_s = 4.0
workers = 1
"""


def uri(kind: str, text: str) -> str:
    return f"<trt:Get{kind}UriResponse><trt:MediaUri><tt:Uri>{text}</tt:Uri></trt:MediaUri></trt:Get{kind}UriResponse>"


def camera(snapshot: str | int = 500, stream: str | int = 500) -> DeepCamera:
    """Give a camera whose answers name these; a number is a status in place of the answer."""
    answers: dict[str, bytes | int | str] = {
        "GetSnapshotUri": uri("Snapshot", snapshot) if isinstance(snapshot, str) else snapshot,
        "GetStreamUri": uri("Stream", stream) if isinstance(stream, str) else stream,
    }
    return DeepCamera(scheme="none", answers=answers)


@asynccontextmanager
async def snapshots(**pictures: Callable[[], bytes]) -> AsyncIterator[str]:
    """Serve pictures by name, and give where."""

    async def handler(request: web.Request) -> web.Response:
        made = pictures.get(request.match_info["name"])
        return web.Response(body=made(), content_type="image/jpeg") if made else web.Response(status=404)

    application = web.Application()
    application.router.add_get("/{name}", handler)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def paced(folder: Path, cameras: list[DeepCamera]) -> Settings:
    await city_of(folder, cameras)
    config = folder / "vidnet.toml"
    config.write_text(config.read_text() + PACE)
    return read_settings(config)


def faults(service: Running, number: int) -> set[str]:
    """Give the confirmed faults that a picture look shows; some of these cameras have others."""
    found = service.service.ingest.states[device_id(number)].faults
    return {fault.code for fault in found if fault.confirmed} & PICTURE_FAULTS


def looked(service: Running, number: int) -> bool:
    return LookKind.PICTURE in dict(service.service.ingest.states[device_id(number)].evidence)


def running_processes() -> set[str]:
    return {each.name for each in Path("/proc").iterdir() if each.name.isdigit()}


async def test_pictures_are_judged_and_nothing_of_them_is_kept(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    live = itertools.cycle([jpeg(clean(), seed) for seed in range(1, 5)])
    blurred = itertools.cycle([jpeg(faulty("blur"), seed) for seed in range(1, 5)])
    frozen = jpeg(clean("crossing"))
    black = RtspServer(Stream(encode(faulty("black"))))
    mute = RtspServer(Stream((), silent=True))
    async with AsyncExitStack() as stack:
        ports = [await server.start() for server in (black, mute)]
        stack.push_async_callback(black.close)
        stack.push_async_callback(mute.close)
        base = await stack.enter_async_context(
            snapshots(live=lambda: next(live), blurred=lambda: next(blurred), frozen=lambda: frozen)
        )
        cameras = [
            camera(f"{base}/live"),
            camera(f"{base}/blurred"),
            camera(f"{base}/frozen"),
            camera(f"{base}/missing", f"rtsp://127.0.0.1:{ports[0]}/live"),
            camera(stream=f"rtsp://127.0.0.1:{ports[1]}/live"),
            camera(f"{base}/missing"),
        ]
        for each in cameras:
            await stack.enter_async_context(serving(each))
        settings = await paced(tmp_path, cameras)
        async with running(settings, tmp_path) as service:
            states = service.service.ingest.states
            await until(lambda: faults(service, 1) == {"picture_blur"}, within_s=60)
            await until(lambda: faults(service, 2) == {"picture_frozen"}, within_s=60)
            await until(lambda: faults(service, 3) == {"picture_black"}, within_s=60)
            await until(lambda: faults(service, 4) == {"no_stream"}, within_s=60)
            await until(lambda: looked(service, 0), within_s=60)
            pids = list(service.service.pictures._taker.pool.pids)  # type: ignore[union-attr]
            assert not faults(service, 0)
            assert not looked(service, 5)
            assert not looked(service, 4)
            assert states[device_id(1)].condition is Condition.FAULTY
            assert states[device_id(4)].connectivity is Connectivity.ONLINE
            await asyncio.sleep(1)
            _, metrics = await service.get("/metrics")
            assert metric(metrics, "vidnet_picture_looks_total", result="picture") >= 7
            assert metric(metrics, "vidnet_picture_faults_total", fault="picture_blur") >= 2
            _, health = await service.get("/readyz")
        said = capfd.readouterr()
        memory = await remembered(settings, tmp_path, 1)
        assert memory.last is not None
        assert memory.last.faults == ("picture_blur",)
        assert "清晰度" in memory.last.reasons[0]
        assert not memory.baselines, "a faulty picture teaches nothing"
        assert (await remembered(settings, tmp_path, 0)).baselines
    everything = everything_in(tmp_path) + (said.out + said.err + metrics + health).encode()
    assert len(everything) > 100_000
    pieces = set().union(*map(pieces_of_picture, (next(live), next(blurred), frozen)))
    assert not found_in(everything, pieces)
    assert pids
    assert not set(map(str, pids)) & running_processes(), "no worker is left behind"


async def remembered(settings: Settings, folder: Path, number: int) -> PictureMemory:
    database = database_of(settings, folder=folder)
    found = await SqlPictureStore(database).memory(device_id(number))
    await database.close()
    return found


async def test_one_device_is_explained_by_hand_and_its_baseline_reset(tmp_path: Path) -> None:
    pictures = itertools.cycle([jpeg(clean(), seed) for seed in range(1, 5)])
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(snapshots(live=lambda: next(pictures)))
        cameras = [camera(f"{base}/live")]
        await stack.enter_async_context(serving(cameras[0]))
        settings = await paced(tmp_path, cameras)
        async with running(settings, tmp_path) as service:
            await until(lambda: looked(service, 0), within_s=60)
            await asyncio.sleep(0.5)
        command = ["picture", device_id(0), "-c", str(tmp_path / "vidnet.toml"), "--json"]

        explained = await asyncio.to_thread(CliRunner().invoke, app, command)
        reset = await asyncio.to_thread(CliRunner().invoke, app, [*command, "--reset-baseline"])

        assert explained.exit_code == 0
        said = json.loads(explained.stdout)
        assert (said["outcome"], said["way"], said["intact"]) == ("picture", "snapshot", True)
        assert said["baseline"]["day"]["looks"] >= 1
        assert json.loads(reset.stdout)["lights"] == 1
        assert not (await remembered(settings, tmp_path, 0)).baselines
