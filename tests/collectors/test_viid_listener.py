"""What registers with us over GA/T 1400, and what is refused: a real HTTP server, real Digest by aiohttp's client."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web

from collectors.deep import Secret
from collectors.pushed import Message, Receipt
from collectors.viid.listener import LARGE_BODY, ViidListener, _is_about_people

ME, UNIT, OTHER = "37070000005030000001", "37070200001190000001", "37070200001190000002"
SECRET = Secret("viid", "Zk-9")


class Site:
    """A listener on a server of its own, what its sink was told, and a client that names itself."""

    def __init__(self, keepalive_s: int = 90) -> None:
        self.listener = ViidListener(identity=ME, secret=lambda _: SECRET, keepalive_s=keepalive_s)
        self.told: list[Message] = []
        self.unknown: set[str] = set()
        self.port = 0
        self.session: aiohttp.ClientSession

    async def sink(self, messages: Sequence[Message]) -> list[Receipt]:
        self.told += messages
        return [
            Receipt(0, 1, [("", "unknown sender")])
            if each.sender in self.unknown
            else Receipt(len(each.reports), sum(r.device in self.unknown for r in each.reports),
                         [(r.device, "not_yours") for r in each.reports if r.device in self.unknown])
            for each in messages
        ]  # fmt: skip

    def reports(self) -> list[tuple[str, bool | None]]:
        return [(report.device, report.online) for each in self.told for report in each.reports]

    def refusals(self) -> list[str]:
        return [each.refusal for each in self.told if each.refusal]

    async def ask(
        self, method: str, path: str, body: object = None, *, who: str = UNIT, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, aiohttp.ClientResponse]:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"User-Identify": who, "Content-Type": "application/VIID+JSON"} | (headers or {})
        async with self.session.request(
            method, f"http://127.0.0.1:{self.port}{path}", data=data, headers=sent
        ) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith("{") else text, answer

    async def system(self, name: str, *, who: str = UNIT, device: str = UNIT, **more: Any) -> tuple[int, Any, Any]:
        key = {"Register": "RegisterObject", "Keepalive": "KeepaliveObject", "UnRegister": "UnRegisterObject"}[name]
        return await self.ask("POST", f"/VIID/System/{name}", {key: {"DeviceID": device}}, who=who, **more)

    async def register(self, who: str = UNIT, *, password: str = "Zk-9") -> int:  # noqa: S107
        status, _, answer = await self.system("Register", who=who, device=who)
        assert status == 401
        header = authorization(answer.headers["WWW-Authenticate"], password=password)
        status, _, _ = await self.system("Register", who=who, device=who, headers={"Authorization": header})
        return int(status)


def authorization(challenge: str, *, password: str = "Zk-9", count: int = 1, qop: bool = True) -> str:  # noqa: S107
    nonce = re.search(r'nonce="(\w+)"', challenge)
    assert nonce is not None

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()  # noqa: S324

    path = "/VIID/System/Register"
    who, what = md5(f"viid:viid:{password}"), md5(f"POST:{path}")
    middle = f"{count:08x}:c:auth:" if qop else ""
    more = f', qop=auth, nc={count:08x}, cnonce="c"' if qop else ""
    response = md5(f"{who}:{nonce[1]}:{middle}{what}")
    return f'Digest username="viid", realm="viid", nonce="{nonce[1]}", uri="{path}", response="{response}"{more}'


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async for each in serving(Site()):
        yield each


async def serving(site: Site) -> AsyncIterator[Site]:
    app = web.Application()
    site.listener.mount(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.port = runner.addresses[0][1]
    task = asyncio.create_task(site.listener.run(site.sink))
    async with aiohttp.ClientSession() as site.session:
        yield site
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await runner.cleanup()


async def test_register_keep_alive_and_sign_off(site: Site) -> None:
    assert await site.register() == 200
    status, answer, raw = await site.system("Keepalive")
    assert (status, raw.content_type) == (200, "application/viid+json")
    said = answer["ResponseStatusObject"]
    assert (said["StatusCode"], said["RequestURL"], said["Id"]) == (0, "/VIID/System/Keepalive", UNIT)
    assert re.fullmatch(r"\d{14}", said["LocalTime"])
    assert (await site.system("UnRegister"))[0] == 200
    assert site.reports() == [(UNIT, True), (UNIT, True), (UNIT, False)]
    assert (await site.system("Keepalive"))[0] == 401
    assert site.listener.registered == 0


async def test_the_time_is_told_to_anybody(site: Site) -> None:
    status, answer, _ = await site.ask("GET", "/VIID/System/Time")
    said = answer["SystemTimeObject"]
    assert (status, said["VIIDServerID"]) == (200, ME)
    assert said["LocalTime"] == time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 28_800))


async def test_logging_in(site: Site) -> None:
    assert await site.register(password="wrong") == 401  # noqa: S106
    assert site.reports() == []
    _, _, answer = await site.system("Register")
    header = authorization(answer.headers["WWW-Authenticate"])
    assert (await site.system("Register", headers={"Authorization": header}))[0] == 200
    status, _, again = await site.system("Register", headers={"Authorization": header})  # replayed
    assert (status, "stale=true" in again.headers["WWW-Authenticate"]) == (401, True)
    next_one = authorization(answer.headers["WWW-Authenticate"], count=2)
    assert (await site.system("Register", headers={"Authorization": next_one}))[0] == 200
    made_up = authorization('nonce="0123456789abcdef"')
    assert (await site.system("Register", headers={"Authorization": made_up}))[0] == 401
    _, _, answer = await site.system("Register")
    old_style = authorization(answer.headers["WWW-Authenticate"], qop=False)
    assert (await site.system("Register", headers={"Authorization": old_style}))[0] == 200
    assert (await site.system("Register", headers={"Authorization": old_style}))[0] == 401
    for nonsense in ("Basic dmlpZA==", "Digest", "Digest nonce=", "Digest " + "a" * 5_000):
        assert (await site.system("Register", headers={"Authorization": nonsense}))[0] == 401


async def test_who_is_unknown_is_told_so(site: Site) -> None:
    site.unknown.add(UNIT)
    status, _, answer = await site.system("Register")
    header = authorization(answer.headers["WWW-Authenticate"])
    status, said, _ = await site.system("Register", headers={"Authorization": header})
    assert (status, said["ResponseStatusObject"]["StatusString"]) == (403, "unknown sender")
    assert site.listener.registered == 0


async def test_another_devices_id_is_refused(site: Site) -> None:
    await site.register()
    assert (await site.system("Keepalive", device=OTHER))[0] == 403
    assert (await site.system("Keepalive", who=OTHER, device=OTHER))[0] == 401  # not registered
    assert (await site.system("UnRegister", who=OTHER, device=UNIT))[0] == 403
    assert site.reports() == [(UNIT, True)]
    assert sum("DeviceID is not that of User-Identify" in each for each in site.refusals()) == 2


@pytest.mark.parametrize("who", ["", "x" * 40, "a b", "<script>"])
async def test_a_wrong_user_identify_is_refused(site: Site, who: str) -> None:
    assert (await site.system("Keepalive", who=who, device=who))[0] == 400


async def test_status_of_devices_is_taken(site: Site) -> None:
    await site.register()
    known = {"ApeID": "a", "IsOnline": "1", "UserId": "admin", "Password": "geheim"}
    apes = {"APEListObject": {"APEObject": [known, {"ApeID": "b", "IsOnline": 2}]}}
    site.unknown.add("b")
    status, answer, _ = await site.ask("PUT", "/VIID/APEs", apes)
    listed = answer["ResponseStatusListObject"]["ResponseStatusObject"]
    assert status == 200
    assert [(each["Id"], each["StatusCode"], each["StatusString"]) for each in listed] == [
        ("a", 0, "OK"), ("b", 4, "not_yours")]  # fmt: skip
    assert site.reports()[1:] == [("a", True), ("b", False)]
    assert "geheim" not in repr(site.told)
    statuses = {
        "APEStatusListObject": {"APEStatusObject": [{"ApeID": "a", "CurrentTime": "20261124080910", "IsOnline": 1}]}
    }
    assert (await site.ask("POST", "/VIID/APEStatuses", statuses))[0] == 200
    assert site.told[-1].reports[0].clock_s == 1_795_478_950
    inner = {
        "DeviceList": {"APEObject": [{"ApeID": "c", "IsOnline": 1}]},
        "APEStatusObjectList": statuses["APEStatusListObject"],
    }
    notice = {"SubscribeNotificationListObject": {"SubscribeNotificationObject": [inner]}}
    assert (await site.ask("POST", "/VIID/SubscribeNotifications", notice))[0] == 200
    assert site.reports()[-2:] == [("c", True), ("a", True)]


async def test_status_without_registration_is_refused(site: Site) -> None:
    assert (await site.ask("PUT", "/VIID/APEs", {"APEObject": [{"ApeID": "a"}]}))[0] == 401


PATHS = ["Faces", "Persons", "MotorVehicles", "NonMotorVehicles", "Images", "Dispositions", "DispositionNotifications",
         "VideoSlices", "Files", "Faces/1/Data", "PersonsX", "plates"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_paths_of_people_are_refused_unread(site: Site, path: str) -> None:
    await site.register()
    body = {"FaceListObject": {"FaceObject": [{"Name": "张三", "PlateNo": "鲁G12345"}]}}
    with structlog.testing.capture_logs() as logs:
        status, answer, raw = await site.ask("POST", f"/VIID/{path}", body)
    assert (status, answer["ResponseStatusObject"]["StatusCode"]) == (403, 4)
    assert raw.headers["Connection"] == "close"
    assert "张三" not in repr((site.told, logs, answer))
    assert "鲁G" not in repr((site.told, logs, answer))


KEYS = ["FaceListObject", "FaceObject", "PersonListObject", "MotorVehicleListObject", "NonMotorVehicleListObject",
        "PlateNo", "ImageListObject", "SubImageList", "DispositionListObject", "DispositionObject",
        "faceList"]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("path", ["APEs", "SubscribeNotifications", "APEStatuses"])
async def test_bodies_of_people_are_refused_whole(
    site: Site, key: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    await site.register()
    body = {"APEListObject": {"APEObject": [{"ApeID": "a", "IsOnline": 1, key: {"Name": "张三"}}]}}
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logs:
        status, answer, _ = await site.ask("POST", f"/VIID/{path}", body)
    assert (status, answer["ResponseStatusObject"]["StatusCode"]) == (403, 4)
    assert site.reports() == [(UNIT, True)]
    assert "张三" not in repr((site.told, logs, answer, caplog.text))


async def test_keys_hidden_by_escapes_are_refused(site: Site) -> None:
    await site.register()
    body = b'{"APEObject":[{"ApeID":"a","IsOnline":1}],"\\u0046aceListObject":{"x":1}}'
    assert (await site.ask("POST", "/VIID/APEs", body))[0] == 403


@pytest.mark.parametrize("filling", [rb"\u0041", rb"\u4e00", rb"\\", rb'"\u0041",', b'"Face"', b'"Face', b'":', b'""'])
def test_a_body_made_to_take_long_is_read_once(filling: bytes) -> None:
    body = b'{"APEObject":[{"ApeID":"' + filling * (LARGE_BODY // len(filling))
    started = time.process_time()
    _is_about_people(body)
    assert time.process_time() - started < 4


async def test_escapes_in_values_hide_nothing(site: Site) -> None:
    await site.register()
    body = rb'{"APEObject":[{"ApeID":"a","IsOnline":1,"Name":"\u4e1c\u0041","Place":"Face: \u0041"}]}'
    assert (await site.ask("POST", "/VIID/APEs", body))[0] == 200


async def test_a_body_of_a_hundred_megabytes_is_not_taken(site: Site) -> None:
    await site.register()

    async def flood() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 2**20

    async def push(data: Any, headers: dict[str, str]) -> int:
        sent = {"User-Identify": UNIT} | headers
        url = f"http://127.0.0.1:{site.port}/VIID/APEs"
        try:
            async with site.session.put(url, data=data, headers=sent) as answer:
                return answer.status
        except aiohttp.ClientError:
            return 413  # hung up while we were still sending

    assert await push(flood(), {}) == 413
    assert await push(io.BytesIO(b" " * (LARGE_BODY + 1)), {}) == 413
    assert (await site.system("Keepalive"))[0] == 200  # others are served


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"[" * 100_000, 400), (b'{"APEListObject":' + b"[" * 200_000, 400),
     (b'{"APEListObject":{}}', 400), (b'{"a":' * 50_000, 400)],
)  # fmt: skip
async def test_what_is_no_status_is_refused_with_a_reason(site: Site, body: bytes, status: int) -> None:
    await site.register()
    for path in ("APEs", "APEStatuses", "SubscribeNotifications"):
        got, answer, _ = await site.ask("POST", f"/VIID/{path}", body)
        assert (got, bool(answer["ResponseStatusObject"]["StatusString"])) == (status, True)
    assert site.reports() == [(UNIT, True)]


@pytest.mark.parametrize("path", ["/VIID/System/Config", "/VIID/x", "/VIID/Subscribes"])
async def test_other_paths_are_not_served(site: Site, path: str) -> None:
    assert (await site.ask("POST", path, {}))[0] == 404


async def test_three_missed_keepalives_are_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.viid.listener.TICK_S", 0.05)
    async for site in serving(Site(keepalive_s=1)):
        assert await site.register() == 200
        registered_at = int(time.time())
        for _ in range(2):
            await asyncio.sleep(1)
            assert (await site.system("Keepalive"))[0] == 200
        last = int(time.time())
        assert site.listener.registered == 1
        async with asyncio.timeout(6):
            while site.listener.registered:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)
        gone = site.told[-1]
        assert [(report.device, report.online) for report in gone.reports] == [(UNIT, False)]
        assert gone.since is not None
        assert last <= gone.since <= last + 2
        assert gone.reports[0].at - gone.since >= 2
        assert registered_at < gone.since


async def test_while_we_stood_still_nobodys_silence_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.viid.listener.TICK_S", 0.05)
    async for site in serving(Site(keepalive_s=1)):
        await site.register()
        time.sleep(4)  # noqa: ASYNC251 # the whole process stands still
        await asyncio.sleep(0.3)
        assert site.listener.registered == 1
        assert site.reports() == [(UNIT, True)]


async def test_a_stop_lets_nobody_wait(site: Site) -> None:
    await site.register()
    held = asyncio.Event()

    async def never(_messages: Sequence[Message]) -> list[Receipt]:
        held.set()
        await asyncio.Event().wait()
        raise AssertionError

    listening = asyncio.create_task(site.listener.run(never))
    site.listener._wake.clear()
    asking = asyncio.create_task(site.system("Keepalive"))
    await asyncio.sleep(0.2)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    status, answer, _ = await asyncio.wait_for(asking, 5)
    assert (status, answer["ResponseStatusObject"]["StatusCode"]) in ((503, 2), (200, 0))
    assert (await site.system("Keepalive"))[0] == 503
