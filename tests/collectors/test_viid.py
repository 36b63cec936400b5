"""GA/T 1400 platforms asked for their devices, as deployments really answer."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from aiohttp import web

from collectors.base import Look, Outcome, PollResult
from collectors.deep import Secret
from collectors.pushed import Crossing, Tollgate
from collectors.viid import ViidPoller
from collectors.viid.objects import BadAnswerError, read_apes, read_instant, read_statuses, read_time
from tests.collectors.platforms import CHALLENGES, ME, PASSWORD, USER, Platform, running_platform
from tests.collectors.servers import Camera


def ape(number: int, online: object = "1") -> dict[str, Any]:
    return {
        "ApeID": f"3707020000119{number:07d}", "Name": "东风街", "IPAddr": "192.0.2.1", "Port": 80,
        "IsOnline": online, "UserId": "admin", "Password": "geheim",
    }  # fmt: skip


def make(secret: Secret | None = None) -> ViidPoller:
    return ViidPoller(wall_clock=time.time, identity=ME, secret=lambda _: secret)


async def look(platform: Platform, *, secret: Secret | None = None, timeout_s: float = 2.0) -> PollResult:
    poller = make(secret)
    try:
        [result] = await poller.poll(Camera(platform.url, "group"), Look(timeout_s=timeout_s))
    finally:
        await poller.close()
    return result


def said(result: PollResult) -> list[bool | None]:
    return [report.online for report in result.reports]


async def test_one_answer_feeds_many_devices() -> None:
    lanes = [{"TollgateID": "t-1", "LaneNo": 1, "Direction": "1", "CityPass": "1", "ApeID": ape(1)["ApeID"]}]
    gate = {
        "TollgateID": "t-1",
        "Name": "南环卡口",
        "Status": "1",
        "TollgateCat": "31",
        "TollgateUsage": 80,
        "LaneNum": 4,
    }
    platform = Platform(
        apes=[ape(1), ape(2, "2"), ape(3, 9)], tollgates=[gate], lanes=lanes, apss=[{"ApsID": "aps", "IsOnline": 1}]
    )
    async with running_platform(platform):
        result = await look(platform)

    assert (result.outcome, result.complete, result.detail) == (Outcome.CLEAN, True, "")
    assert said(result) == [True, False, None, True]
    assert result.clock is not None
    assert (result.clock.utc_s, result.clock.source) == (1_795_478_950, "NTP")
    assert list(result.tollgates) == [Tollgate("t-1", "南环卡口", 1, 31, 80, 4)]
    assert list(result.lanes) == [Crossing("t-1", 1, "1", 1, ape(1)["ApeID"])]
    assert platform.identities == {ME}
    assert "geheim" not in repr(result)


@pytest.mark.parametrize(
    ("honours", "cap", "total"), [(True, 10_000, True), (True, 100, False), (False, 0, False), (True, 100, True)]
)
async def test_pages_are_asked_until_nothing_is_missing(honours: bool, cap: int, total: bool) -> None:
    platform = Platform([ape(n) for n in range(2_345)], page_cap=cap, honours_paging=honours, says_total=total)
    async with running_platform(platform):
        result = await look(platform)

    assert result.complete
    assert len({report.device for report in result.reports}) == 2_345


async def test_a_list_that_breaks_off_is_partial() -> None:
    platform = Platform([ape(n) for n in range(2_345)], says_total=True)

    def broken(request: web.Request) -> web.Response:
        if request.query["RecordStartNo"] == "1":
            del platform.answers["APEs"]
            listed = {"APEListObject": {"TotalNum": 2_345, "APEObject": platform.apes[:1_000]}}
            platform.answers["APEs"] = broken
            return web.json_response(listed)
        return web.json_response({"ResponseStatusObject": {"StatusCode": 3}}, status=500)

    platform.answers["APEs"] = broken
    async with running_platform(platform):
        result = await look(platform)

    assert (result.outcome, result.complete, len(result.reports)) == (Outcome.CLEAN, False, 1_000)
    assert "APEs: HTTP 500" in result.detail


async def test_an_empty_list_says_nothing() -> None:
    async with running_platform(Platform()) as platform:
        result = await look(platform)
    assert (result.outcome, result.complete, result.detail) == (Outcome.CLEAN, False, "APEs: empty list")


@pytest.mark.parametrize("challenge", CHALLENGES)
async def test_digest_in_its_variants_keeps_its_nonce(challenge: str) -> None:
    async with running_platform(Platform([ape(1)], challenge=challenge)) as platform:
        result = await look(platform, secret=Secret(USER, PASSWORD))
        assert (result.outcome, result.complete) == (Outcome.CLEAN, True), result.detail
        assert platform.requests.count("/VIID/System/Time") == 2
        assert platform.refused == 0


async def test_a_new_nonce_is_taken() -> None:
    poller = make(Secret(USER, PASSWORD))
    async with running_platform(Platform([ape(1)], challenge="plain")) as platform:
        for nonce in (1, 2, 3):
            platform.nonce = nonce
            [result] = await poller.poll(Camera(platform.url, "group"), Look())
            assert result.complete, result.detail
    await poller.close()


async def test_nobody_is_locked_out() -> None:
    poller = make(Secret(USER, "wrong"))
    async with running_platform(Platform([ape(1)], challenge="plain")) as platform:
        for _ in range(6):
            [result] = await poller.poll(Camera(platform.url, "group"), Look())
            assert (result.outcome, result.realm) == (Outcome.AUTH, "viid")
        assert platform.refused <= 3
    await poller.close()


async def test_without_a_secret_a_password_is_demanded() -> None:
    async with running_platform(Platform([ape(1)], challenge="plain")) as platform:
        assert (await look(platform)).outcome is Outcome.AUTH


ODD: dict[str, tuple[Outcome, web.Response | None]] = {
    "a web page": (Outcome.FOREIGN, web.Response(text="<html>login</html>")),
    "a fault": (Outcome.FAULT, web.Response(text='{"ResponseStatusObject":{"StatusCode":"4"}}', status=400)),
    "a gateway": (Outcome.GATEWAY, web.Response(text="bad gateway", status=502)),
    "no time": (Outcome.ODD, web.Response(text='{"SystemTimeObject":{"LocalTime":"gestern"}}')),
    "other JSON": (Outcome.ODD, web.Response(text='{"a":1}')),
    "deep JSON": (Outcome.ODD, web.Response(text='{"SystemTimeObject":' + "[" * 200_000)),
    "not found": (Outcome.FOREIGN, web.Response(text="no", status=404)),
}


@pytest.mark.parametrize("case", ODD)
async def test_what_is_not_the_answer_is_named(case: str) -> None:
    outcome, answer = ODD[case]
    assert answer is not None
    text, status = answer.text or "", answer.status
    answers = {"System/Time": lambda _: web.Response(text=text, status=status)}
    async with running_platform(Platform(answers=answers)) as platform:
        result = await look(platform)
    assert result.outcome is outcome, result.detail
    assert not result.reports


async def test_a_huge_page_ends_at_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.viid.MAX_PAGE_BYTES", 1_000)
    async with running_platform(Platform([ape(n) for n in range(50)])) as platform:
        result = await look(platform)
    assert (result.outcome, result.complete, result.reports) == (Outcome.CLEAN, False, [])


async def test_a_platform_that_is_gone_is_silent() -> None:
    platform = Platform()
    async with running_platform(platform):
        pass
    assert (await look(platform)).outcome is Outcome.REFUSED


async def test_a_platform_that_stands_still_times_out() -> None:
    async def hold(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    platform = Platform()
    platform.serve = hold  # type: ignore[method-assign]
    async with running_platform(platform):
        assert (await look(platform, timeout_s=0.2)).outcome is Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("written", "online"),
    [("1", True), (1, True), ("2", False), (2, False), ("0", False), (0, False), ("9", None), (9, None), ("", None),
     (None, None), (" 1 ", True), (True, True), ({"a": 1}, None), (1.5, None)],
)  # fmt: skip
@pytest.mark.parametrize("key", ["IsOnline", "IsOnLine", "isOnline"])
def test_online_as_it_is_written(written: object, online: bool | None, key: str) -> None:
    body = json.dumps({"APEListObject": {"APEObject": [{"ApeID": "a", key: written}]}}).encode()
    assert read_apes(body).items == [("a", online)]


@pytest.mark.parametrize(
    "body",
    [
        b'{"APEListObject":{"APEObject":[{"ApeID":"a"}]}}',
        b'{"APEListObject":{"APEObject":{"ApeID":"a"}}}',
        b'{"APEObjectList":{"APEObject":[{"ApeID":"a"}]}}',
        b'{"APEList":[{"ApeID":"a"}]}',
        b'{"APEObject":[{"ApeID":"a"}]}',
        b'{"APEObject":{"ApeID":"a"}}',
        '{"APEObject":{"ApeID":"a","Name":"东风街"}}'.encode("gb18030"),
    ],
)
def test_envelopes_as_they_are_written(body: bytes) -> None:
    assert read_apes(body).items == [("a", None)]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"APEListObject":1}', b"\xff\xfe", b'{"APEObject":' + b"[" * 99_999]
)
def test_what_is_no_list_is_said(body: bytes) -> None:
    with pytest.raises(BadAnswerError):
        read_apes(body)


def test_the_clock_of_a_status_is_the_devices_own() -> None:
    body = b'{"APEStatusListObject":{"APEStatusObject":[{"ApeID":"a","CurrentTime":"20261124080910","IsOnline":"1"}]}}'
    [report] = read_statuses(body, at=5)
    assert (report.device, report.at, report.online, report.clock_s) == ("a", 5, True, 1_795_478_950)


@pytest.mark.parametrize(
    ("text", "zone", "seconds"),
    [
        ("20261124080910", "", 1_795_478_950),
        ("2026-11-24 08:09:10", "", 1_795_478_950),
        ("2026-11-24T08:09:10+08:00", "", 1_795_478_950),
        ("2026-11-24T00:09:10Z", "", 1_795_478_950),
        ("20261124080910123", "", 1_795_478_950),
        ("20261124000910", "0", 1_795_478_950),
        ("20261124080910", "Asia/Shanghai", 1_795_478_950),
        ("20261324080910", "", None),
        ("gestern", "", None),
        ("19600101000000", "", None),
    ],
)
def test_instants_as_they_are_written(text: str, zone: str, seconds: int | None) -> None:
    assert read_instant(text, zone=zone) == seconds


def test_both_envelopes_of_the_time() -> None:
    for key in ("SystemTime", "SystemTimeObject"):
        body = f'{{"{key}":{{"LocalTime":"20261124080910","TimeZone":"8","TimeMode":"2"}}}}'.encode()
        assert read_time(body) == (1_795_478_950, "8", "Manual")
