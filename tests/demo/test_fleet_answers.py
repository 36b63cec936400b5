"""Each behaviour, seen by plain sockets and an ordinary HTTP client."""

from __future__ import annotations

import asyncio
import re
import time

from monitor.demo.answers import HUGE_BYTES
from monitor.demo.behaviour import Behaviour
from monitor.demo.shapes import SHAPES
from tests.demo.asking import ask_clock, exchange, request


async def test_every_shape_of_a_clean_answer_is_well_formed_and_right(plan, port):
    clean = plan.indexes(Behaviour.CLEAN)
    for shape in range(len(SHAPES)):
        index = next(index for index in clean if plan.behaviours.shapes[index] == shape)
        offset = await ask_clock(plan.addresses[index], port)
        assert abs(offset - plan.behaviours.offsets[index]) <= 1


async def test_wrong_clocks_are_wrong_as_planned(plan, port):
    for behaviour in (Behaviour.CLOCK_DRIFT, Behaviour.CLOCK_HOUR, Behaviour.CLOCK_LOCAL_AS_UTC):
        index = plan.indexes(behaviour)[0]
        offset = await ask_clock(plan.addresses[index], port)
        assert abs(offset - plan.behaviours.offsets[index]) <= 1
    assert abs(await ask_clock(plan.address(Behaviour.CLOCK_LOCAL_AS_UTC), port) - 28_800) <= 1
    assert 0 <= await ask_clock(plan.address(Behaviour.CLOCK_1970), port) + int(time.time()) < 600


async def test_a_device_that_fills_utc_with_local_time_gives_both_alike(plan, port):
    index = next(
        index
        for index in plan.indexes(Behaviour.CLOCK_LOCAL_AS_UTC)
        if "LocalDateTime" in SHAPES[plan.behaviours.shapes[index]].template
    )
    answer, _ending = await exchange(plan.addresses[index], port)
    hours = re.findall(rb"<tt:Hour>(\d+)<", answer)
    assert len(hours) == 2
    assert hours[0] == hours[1]


async def test_a_password_is_demanded_in_both_ways(plan, port):
    answer, ending = await exchange(plan.address(Behaviour.AUTH_401), port)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 401 ")
    assert re.findall(rb"algorithm=(\S+)", head) == [b"SHA-256", b"MD5"]
    assert body.startswith(b"<!DOCTYPE html>")
    again, _ending = await exchange(plan.address(Behaviour.AUTH_401), port)
    assert re.findall(rb'realm="([^"]+)"', again) == re.findall(rb'realm="([^"]+)"', head)
    answer, ending = await exchange(plan.address(Behaviour.AUTH_400), port)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"ter:NotAuthorized" in answer
    assert ending == "end"


async def test_odd_answers_are_odd(plan, port):
    fault, _ = await exchange(plan.address(Behaviour.SOAP_FAULT), port)
    assert fault.startswith(b"HTTP/1.1 500 ")
    assert b"<Fault " in fault
    empty, _ = await exchange(plan.address(Behaviour.EMPTY), port)
    assert empty.startswith(b"HTTP/1.1 200 ")
    assert empty.endswith(b"\r\n\r\n")
    page, _ = await exchange(plan.address(Behaviour.HTML), port)
    assert b"text/html" in page
    chunked, _ = await exchange(plan.address(Behaviour.CHUNKED), port)
    assert b"Transfer-Encoding: chunked" in chunked
    assert abs(await ask_clock(plan.address(Behaviour.CHUNKED), port)) <= 3
    huge, _ = await exchange(plan.address(Behaviour.HUGE), port, within_s=5)
    assert len(huge) > HUGE_BYTES


async def test_the_dead_are_dead_in_different_ways(plan, port):
    assert await exchange(plan.address(Behaviour.SILENT), port, within_s=0.5) == (b"", "silence")
    assert await exchange(plan.address(Behaviour.RESETS), port) == (b"", "reset")
    answer, ending = await exchange(plan.address(Behaviour.CLOSES), port)
    assert (answer, ending in {"end", "reset"}) == (b"", True)


async def test_slow_and_stalling_devices_take_their_time(plan, port):
    started = time.monotonic()
    answer, _ = await exchange(plan.address(Behaviour.SLOW), port, within_s=4)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert 0.45 < time.monotonic() - started < 3
    half, ending = await exchange(plan.address(Behaviour.STALLS), port, within_s=0.5)
    assert half.startswith(b"HTTP/1.1 200 ")
    assert ending == "silence"
    assert b"Envelope>" not in half[-20:]


async def test_requests_in_pieces_other_operations_and_kept_connections(plan, port):
    kept = next(index for index in plan.indexes(Behaviour.CLEAN) if SHAPES[plan.behaviours.shapes[index]].keeps_alive)
    reader, writer = await asyncio.open_connection(plan.addresses[kept], port)
    for _ in range(2):
        whole = request(close=False)
        writer.write(whole[:40])
        await asyncio.sleep(0.05)
        writer.write(whole[40:])
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Connection: keep-alive" in head
        await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
    writer.transport.abort()
    other, ending = await exchange(plan.addresses[kept], port, request(b"<GetDeviceInformation/>"))
    assert b"ter:NotAuthorized" in other
    assert ending == "end"
    assert await exchange(plan.addresses[kept], port, b"x" * 100_000) == (b"", "reset")


async def test_addresses_without_a_device_hang_up(port):
    for address in ("127.0.0.1", "127.1.0.0", "127.200.0.1", "127.1.0.254"):
        answer, ending = await exchange(address, port)
        assert answer == b""
        assert ending in {"reset", "end"}
