"""The lean lane: what it takes, how it ends, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import time
import tracemalloc

import pytest
import uvloop

from collectors.base import Look, Outcome
from collectors.onvif import OnvifPoller
from collectors.onvif.address import BadAddress, read_address
from collectors.onvif.clock import epoch_s
from collectors.onvif.lean import LeanReader
from tests.collectors.servers import (
    CLEAN_BODY,
    LOCAL_S,
    UTC_S,
    Camera,
    Then,
    chunked,
    device,
    http,
    look_at,
    moment,
    time_answer,
)

CLEAN = http(CLEAN_BODY)


async def test_a_clean_answer_takes_the_lean_lane_at_the_first_look() -> None:
    async with device(CLEAN) as camera:
        result = await look_at(camera.url())
    assert (result.outcome, result.lane, result.detail) == (Outcome.CLEAN, "lean", "")


@pytest.mark.parametrize("answer", [chunked(CLEAN_BODY), http(CLEAN_BODY).replace(b"1.1", b"1.0"), http(b"")])
async def test_an_unusual_answer_is_read_by_the_full_lane_from_the_same_connection(answer: bytes) -> None:
    async with device(answer) as camera:
        result = await look_at(camera.url())
        assert (result.lane, camera.connections) == ("full", 1)


async def test_silence_at_a_numeric_address_is_the_lean_lanes_own() -> None:
    async with device(Then.RESET) as camera:
        result = await look_at(camera.url())
    assert (result.outcome, result.lane) == (Outcome.RESET, "lean")


async def test_the_request_is_soap_over_http_and_unsigned() -> None:
    async with device(CLEAN) as camera:
        await look_at(camera.url())
        [request] = camera.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /onvif/device_service HTTP/1.1"
    assert b"Host: 127.0.0.1:%d" % camera.port in lines
    assert (
        b'Content-Type: application/soap+xml; charset=utf-8; action="http://www.onvif.org/ver10/device/wsdl/'
        b'GetSystemDateAndTime"' in lines
    )
    assert b"Connection: close" in lines
    assert b"<GetSystemDateAndTime" in body
    assert b"Security" not in body


async def test_our_time_stands_half_way_between_request_and_first_byte() -> None:
    async with device(0.3, CLEAN) as camera:
        before = time.time()
        result = await look_at(camera.url())
    assert result.clock is not None
    assert result.clock.read_at == pytest.approx(before + 0.15, abs=0.08)


async def test_the_whole_look_is_held_to_its_timeout_and_never_ends_early() -> None:
    async with device(*[step for at in range(40) for step in (CLEAN[at : at + 1], 0.03)]) as camera:
        result = await look_at(camera.url(), timeout_s=0.3)
    assert 0.3 <= result.duration_s < 0.5


async def test_a_refused_connection() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = await look_at(f"http://127.0.0.1:{port}/")
    assert (result.outcome, result.detail) == (Outcome.REFUSED, "connection refused")


async def test_a_connection_that_does_not_come_about_is_a_timeout() -> None:
    """A listener with a full backlog drops what comes: the SYN is never answered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        result = await look_at(f"http://127.0.0.1:{port}/", timeout_s=0.2)
        for filler in fillers:
            filler.close()
    assert (result.outcome, result.lane) == (Outcome.TIMEOUT, "lean")


async def test_no_route_is_unreachable() -> None:
    result = await look_at("http://255.255.255.255/", timeout_s=0.2)
    assert result.outcome is Outcome.UNREACHABLE


BAD_ADDRESSES = [
    "", " ", "ftp://x/", "http://", "https:///x", "192.0.2.1", "http://192.0.2.1:99999/", "http://192.0.2.1:0/",
    "http://192.0.2.1:x/", "http://192.0.2.1/\r\nX-Evil: 1", "http://192.0.2.1\n/", "http://a b/", "http://[::1/",
    "http://[zz]/", "http://a..b/", "http://" + "a" * 64 + "/", "http://exa<mple/", "http://\0/", "\ud800",
    "http://%/", "http://user:secret@/",
]  # fmt: skip


@pytest.mark.parametrize("address", BAD_ADDRESSES)
async def test_an_address_that_is_none_is_unresolved_and_not_repeated(address: str) -> None:
    result = await look_at(address)
    assert result.outcome is Outcome.UNRESOLVED
    assert result.detail.startswith("bad address: ")
    assert "secret" not in result.detail


@pytest.mark.parametrize(
    ("address", "host", "port", "first", "named"),
    [
        ("http://192.0.2.1", "192.0.2.1", 80, "/onvif/device_service", "192.0.2.1"),
        ("http://192.0.2.1:8000", "192.0.2.1", 8000, "/onvif/device_service", "192.0.2.1:8000"),
        ("http://192.0.2.1/", "192.0.2.1", 80, "/", "192.0.2.1"),
        ("HTTP://192.0.2.1/a", "192.0.2.1", 80, "/a", "192.0.2.1"),
        ("http://u:p@192.0.2.1/a", "192.0.2.1", 80, "/a", "192.0.2.1"),
        ("http://192.0.2.1/a?b=c&d#e", "192.0.2.1", 80, "/a?b=c&d", "192.0.2.1"),
        ("https://cam.example/x", "cam.example", 443, "/x", "cam.example"),
        ("http://[2001:db8::1]:81/x", "2001:db8::1", 81, "/x", "[2001:db8::1]:81"),
        ("http://cam.example/摄像机", "cam.example", 80, "/%E6%91%84%E5%83%8F%E6%9C%BA", "cam.example"),
        ("http://摄像机.example/", "xn--o1q278b98b.example", 80, "/", "xn--o1q278b98b.example"),
    ],
)
def test_an_address_is_taken_apart(address: str, host: str, port: int, first: str, named: str) -> None:
    taken = read_address(address)
    assert (taken.host, taken.port) == (host, port)
    assert taken.request.startswith(f"POST {first} HTTP/1.1\r\nHost: {named}\r\n".encode())
    assert b"p@" not in taken.request


def test_a_request_can_not_be_injected() -> None:
    with pytest.raises(BadAddress):
        read_address("http://cam.example/x HTTP/1.1\r\nX: y")


@pytest.mark.parametrize("prefix", ["tt:", "onvif-ns1.0:", ""])
def test_the_pattern_takes_utc_from_utc_whatever_the_prefix(prefix: str) -> None:
    body = CLEAN_BODY.decode()
    if prefix:
        body = body.replace("tt:", prefix).replace("xmlns:tt=", f"xmlns:{prefix[:-1]}=")
    else:
        body = body.replace("tt:", "").replace("xmlns:tt=", "xmlns=").replace("xmlns=", "xmlns=", 1)
    reading = LeanReader().read(body.encode())
    assert reading is not None
    assert (reading.utc_s, reading.local_s, reading.zone, reading.source) == (UTC_S, LOCAL_S, "CST-8:00:00", "NTP")


@pytest.mark.parametrize(
    "body",
    [
        CLEAN_BODY.replace(b"<tt:UTCDateTime>", b"<!--<tt:UTCDateTime>").replace(
            b"</tt:UTCDateTime>", b"</tt:UTCDateTime>-->"
        ),
        CLEAN_BODY.replace(b"xmlns:tt=", b"xmlns:zz="),
        CLEAN_BODY.replace(b"</s:Body>", b""),
        CLEAN_BODY.replace(b"GetSystemDateAndTimeResponse", b"GetSystemDateAndTimeAnswer"),
        CLEAN_BODY.replace(b"<tt:Hour>8<", b"<tt:Hour>24<"),
        CLEAN_BODY.replace(b"<tt:Hour>8<", b"<tt:Hour> 8<"),
        time_answer(moment("LocalDateTime")),
        time_answer(moment("LocalDateTime") + moment("UTCDateTime")),
    ],
)
def test_what_is_not_strictly_clean_is_left_to_the_full_lane(body: bytes) -> None:
    assert LeanReader().read(body) is None


def test_a_frame_once_known_does_not_vouch_for_another() -> None:
    reader = LeanReader()
    assert reader.read(CLEAN_BODY) is not None
    for at in (0, 60, CLEAN_BODY.index(b"TimeZone"), len(CLEAN_BODY) - 9):
        assert reader.read(CLEAN_BODY[:at] + b"<" + CLEAN_BODY[at:]) is None


@pytest.mark.parametrize(
    ("moment_", "expected"),
    [
        ((0, 0, 0, 1970, 1, 1), 0),
        ((23, 59, 60, 2016, 12, 31), 1_483_228_799),
        ((0, 0, 0, 2000, 2, 29), 951_782_400),
        ((23, 59, 59, 1969, 12, 31), -1),
    ],
)
def test_six_numbers_make_epoch_seconds(moment_: tuple[int, int, int, int, int, int], expected: int) -> None:
    assert epoch_s(*moment_) == expected


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def leave_nothing_behind() -> None:
    loop_tasks = asyncio.all_tasks()
    async with device(CLEAN) as good, device(Then.HANG) as mute, device(b"HTTP/1.1 200 OK\r\n", Then.HANG) as slow:
        poller = OnvifPoller(wall_clock=time.time)
        await poller.poll(Camera(good.url()), Look())
        await asyncio.sleep(0.05)
        before = open_files()
        urls = [
            good.url(),
            mute.url(),
            slow.url(),
            good.url("localhost"),
            "http://127.0.0.1:1/",
            mute.url(scheme="https"),
        ]
        looks = [asyncio.ensure_future(poller.poll(Camera(url), Look(timeout_s=0.15))) for url in urls * 10]
        doomed = [asyncio.ensure_future(poller.poll(Camera(url), Look(timeout_s=5))) for url in urls * 10]
        for number, look in enumerate(doomed):
            if number % 7 == 0:
                await asyncio.sleep(0)
            look.cancel()
        await asyncio.gather(*looks)
        assert {type(end) for end in await asyncio.gather(*doomed, return_exceptions=True)} <= {
            asyncio.CancelledError,
            list,
        }
        late = [asyncio.ensure_future(poller.poll(Camera(url), Look(timeout_s=5))) for url in urls]
        await asyncio.sleep(0.05)
        await poller.close()
        assert {end[0].outcome for end in await asyncio.gather(*late)} <= {Outcome.OURS, Outcome.CLEAN, Outcome.REFUSED}
        [after_close] = await poller.poll(Camera(good.url()), Look())
        assert after_close.outcome is Outcome.OURS
        await asyncio.sleep(0.05)
        assert open_files() <= before + 30  # the devices' own ends may still be open
        assert poller._deadlines._in_flight == 0
        assert poller._deadlines._timer is None
    await asyncio.sleep(0.05)
    assert open_files() <= before
    assert asyncio.all_tasks() == loop_tasks


async def test_no_connection_task_or_timer_is_left_behind() -> None:
    await leave_nothing_behind()


def test_nor_on_uvloop() -> None:
    uvloop.run(leave_nothing_behind())


async def test_a_cancelled_look_lets_go_of_its_connection_at_once() -> None:
    async with device(Then.HANG) as camera:
        poller = OnvifPoller(wall_clock=time.time)
        task = asyncio.ensure_future(poller.poll(Camera(camera.url()), Look(timeout_s=5)))
        await asyncio.sleep(0.1)
        before = open_files()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.05)
        assert open_files() < before
        await poller.close()


async def test_a_caller_who_gives_up_at_the_same_time_is_not_taken_for_our_timeout() -> None:
    async def look_within(url: str, timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            await look_at(url, timeout_s=0.1)
            await asyncio.sleep(1)

    async with device(Then.HANG) as camera:
        for timeout_s in (0.1, 0.12, 0.14, 0.2):
            with pytest.raises(TimeoutError):
                await look_within(camera.url(), timeout_s)


async def look_without_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    poller = OnvifPoller(wall_clock=time.time)
    await poller.poll(Camera("http://127.0.0.1:1/"), Look())  # what is loaded at first use is loaded
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        [result] = await poller.poll(Camera("http://127.0.0.1:1/"), Look())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert result.outcome is Outcome.OURS


async def test_out_of_open_files_is_our_own_fault_and_no_evidence() -> None:
    await look_without_files()


def test_out_of_open_files_on_uvloop() -> None:
    uvloop.run(look_without_files())


async def test_a_clock_of_ours_that_fails_is_ours_and_no_exception() -> None:
    def broken() -> float:
        raise RuntimeError("no clock")

    async with device(CLEAN) as camera:
        poller = OnvifPoller(wall_clock=broken)
        [result] = await poller.poll(Camera(camera.url()), Look(timeout_s=0.3))
        assert (result.outcome, result.detail) == (Outcome.OURS, "our own fault: RuntimeError: no clock")
        await poller.close()


async def test_memory_does_not_grow_with_looks() -> None:
    async with device(CLEAN) as camera:
        poller = OnvifPoller(wall_clock=time.time)
        for _ in range(20):
            await poller.poll(Camera(camera.url()), Look())
        tracemalloc.start()
        try:
            first, _ = tracemalloc.get_traced_memory()
            for _ in range(200):
                await poller.poll(Camera(camera.url()), Look())
            last, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        await poller.close()
        del camera.requests[:]
    assert last - first < 400_000
