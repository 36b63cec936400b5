"""No picture is left anywhere: on no disk, in no database, log, metric, report or answer, in no form."""

from __future__ import annotations

import asyncio
import base64
import gzip
import itertools
import os
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import cv2
import numpy as np
import pytest
from aiohttp import web

from monitor.adapters.web.api import ROUTES
from monitor.adapters.web.asker import Front
from monitor.adapters.web.page import FOLDER, Page
from monitor.app.access import access_of
from monitor.app.wiring import database_of
from monitor.demo.rtsp import RtspServer, Stream, encode
from monitor.domain.account import Grant, Role
from monitor.services.account_desk import Doer
from monitor.settings import Settings
from tests.collectors.deep_camera import serving
from tests.collectors.pictures import clean, faulty, jpeg
from tests.image_search import everything_in, found_in, layers, pieces_of, pieces_of_picture
from tests.journeys.commands import command_line
from tests.journeys.devices import device_id
from tests.journeys.running import Running, running, until
from tests.journeys.test_pictures import camera, faults, looked, paced

STREAMED, STILL, OTHER_STILL, CUT_OFF, NOT_JUDGED = range(5)


@asynccontextmanager
async def giving(*pictures: Callable[[], bytes]) -> AsyncIterator[list[str]]:
    """Serve pictures, each at an address of its own."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=pictures[int(request.match_info["number"])](), content_type="image/jpeg")

    application = web.Application()
    application.router.add_get("/{number}", handler)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        yield [f"http://127.0.0.1:{port}/{number}" for number in range(len(pictures))]
    finally:
        await runner.cleanup()


async def tokens_of(settings: Settings, folder: Path, service: Running) -> list[str]:
    """Give tokens of somebody who keeps accounts and of somebody who does the work: no one may do both."""
    database = database_of(settings, folder=folder)
    access = access_of(database, settings, folder=folder, tree=lambda: service.service.city.tree)
    by = Doer("test", "cli")
    secrets = []
    for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.OPERATOR):
        await access.desk.add(role.value, "correct horse battery", (Grant(role),), by=by)
        _, secret = await access.desk.add_token(role.value, label="test", days=1, rights=(), by=by)
        secrets.append(secret)
    await database.close()
    return secrets


QUERIES = {
    "/reports/{folder}/diff": "?earlier=1&later=1",
    "/inventory/diff": f"?from={int(time.time()) - 60}",
    "/explain": time.strftime("?week=%G-W%V", time.gmtime(time.time() + 8 * 3_600)),
}


async def every_answer(service: Running, tokens: list[str], report: tuple[str, list[str]]) -> bytes:
    """Ask every route of the API and every file of the page, and give all that they answer."""
    folder, names = report
    values = {
        "/devices/{id}": [device_id(number) for number in range(5)],
        "/reports/{folder}/{revision}/verify": [folder],
        "/reports/{folder}/{revision}/files/{name}": names,
    }
    paths = ["/metrics", "/healthz", "/readyz", "/"]
    assets = f"/assets/{Page(Front((), proxies=()), map_file=None).version}"
    paths += [f"{assets}/{file.relative_to(FOLDER).as_posix()}" for file in FOLDER.rglob("*") if file.is_file()]
    for route in ROUTES:
        if route.method == "GET":
            for value in values.get(route.path, ["1"]):
                path = route.path.replace("{id}", value).replace("{name}", value)
                path = path.replace("{folder}", folder).replace("{revision}", "1")
                paths.append(f"/api/v1{path}{QUERIES.get(route.path, '')}")
    answers, answered = [], 0
    async with aiohttp.ClientSession() as session:
        for path in paths:
            statuses = set()
            for token in tokens:
                headers = {"Authorization": f"Bearer {token}"}
                async with session.get(f"http://127.0.0.1:{service.port}{path}", headers=headers) as answer:
                    statuses.add(answer.status)
                    answers += [repr(dict(answer.headers)).encode(), *layers(await answer.read())]
            answered += 200 in statuses
            assert statuses & {200, 404}, (path, statuses)
    assert answered > 0.9 * len(paths), "most of them have something to say"
    return b"\n".join(answers)


def files_of(pids: list[int]) -> list[str]:
    """Give the files on a disk that processes hold open for writing, deleted ones too."""
    found = []
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            target = os.readlink(entry)
            flags = int(Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text().split("flags:")[1].split()[0], 8)
            if target.startswith("/") and not target.startswith(("/dev/", "/proc/")) and flags & 3:
                found.append(target)
    return found


async def test_no_picture_is_left_anywhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    stills = [jpeg(faulty("blur"), seed) for seed in range(3)]
    png = cv2.imencode(".png", clean("crossing"))[1].tobytes()
    shown = itertools.cycle(stills)
    units = encode(faulty("black"))
    site = tmp_path / "site"
    site.mkdir()
    async with AsyncExitStack() as stack:
        server = RtspServer(Stream(units))
        port = await server.start()
        stack.push_async_callback(server.close)
        urls = await stack.enter_async_context(
            giving(
                lambda: next(shown), lambda: png, lambda: stills[0][: len(stills[0]) // 2], lambda: b"\0" + stills[0]
            )
        )
        cameras = [camera(stream=f"rtsp://127.0.0.1:{port}/live"), *(camera(url) for url in urls)]
        for each in cameras:
            await stack.enter_async_context(serving(each))
        settings = await paced(site, cameras)
        vidnet = await stack.enter_async_context(command_line())
        async with running(settings, site) as service:
            await until(lambda: faults(service, STREAMED) == {"picture_black"}, within_s=60)
            await until(lambda: faults(service, STILL) == {"picture_blur"}, within_s=60)
            await until(lambda: looked(service, OTHER_STILL), within_s=60)
            await until(lambda: faults(service, CUT_OFF) == {"picture_corrupt"}, within_s=60)
            pids = list(service.service.pictures._taker.pool.pids)  # type: ignore[union-attr]
            assert pids
            assert not files_of(pids), "a worker writes nothing anywhere"
            on = ("-c", str(site / "vidnet.toml"))
            told = [await vidnet(command, device_id(STILL), *on) for command in ("picture", "device")]
            told.append(await vidnet("report", "weekly", *on))
            await asyncio.sleep(0.5)
            report = next(path for path in site.rglob("manifest.json")).parent
            names = sorted(path.name for path in report.iterdir())
            tokens = await tokens_of(settings, site, service)
            answers = await every_answer(service, tokens, (report.parent.name, names))
    said = capfd.readouterr()
    everything = b"\n".join(
        [everything_in(site, temporary), answers, (said.out + said.err).encode(), repr(told).encode()]
    )
    assert len(everything) > 1_000_000
    assert b"picture_blur" in everything
    pieces = set().union(*map(pieces_of_picture, (*stills, png)), *map(pieces_of, units))
    assert len(pieces) > 1_000
    assert not found_in(everything, pieces)


def test_the_search_finds_what_is_planted(tmp_path: Path) -> None:
    """Each form of a picture, whole or a part of it, is found wherever it is put."""
    picture, units = jpeg(faulty("blur")), encode(faulty("snow"))
    pieces = pieces_of_picture(picture) | set().union(*map(pieces_of, units))
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    part = picture[3_001:5_000]
    planted = {
        "as it is": picture,
        "a part": part,
        "in base64": b'{"image": "' + base64.b64encode(picture) + b'"}',
        "a part in base64": base64.b64encode(b"x" + part),
        "base64 for URLs": base64.urlsafe_b64encode(b"xy" + picture),
        "in hexadecimal": picture.hex().encode(),
        "a key frame": b"\0\0\0\1".join(units),
        "a key frame in base64": base64.b64encode(b"".join(units)),
        "pixels": pixels.tobytes(),
        "pixels in base64": base64.b64encode(pixels.tobytes()),
        "a log line": b'{"event": "x", "body": "' + base64.b64encode(picture)[:2_000] + b'"}',
    }
    for name, data in planted.items():
        assert found_in(b"before" + data + b"after", pieces), name
        (tmp_path / "deep" / "er").mkdir(parents=True, exist_ok=True)
        (tmp_path / "deep" / "er" / "x.gz").write_bytes(gzip.compress(data))
        assert found_in(everything_in(tmp_path), pieces), name
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.jpg", picture)
    (tmp_path / "deep" / "er" / "x.gz").unlink()
    assert found_in(everything_in(tmp_path), pieces)
    assert not found_in(os.urandom(1_000_000) + repr(list(range(9_999))).encode(), pieces)
