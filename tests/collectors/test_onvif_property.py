"""Whatever comes, in whatever pieces: a named outcome, never an exception, the same in both lanes."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import Outcome
from collectors.onvif.answer import Ending, Verdict, judge
from collectors.onvif.lean import LeanReader
from collectors.onvif.reply import Reply
from tests.collectors.servers import CLEAN_BODY, chunked, device, fault, http, look_at

CAP = 64 * 1024
CLEAN = http(CLEAN_BODY, headers=(b"Content-Type: application/soap+xml",))
SEEDS = (
    CLEAN,
    chunked(CLEAN_BODY),
    http(CLEAN_BODY, length=False),
    http(fault("ter:NotAuthorized"), status="400 Bad Request"),
    http(b"<html></html>", status="401 No", headers=(b'WWW-Authenticate: Digest realm="r"',)),
    b"HTTP/1.1 100 Continue\r\n\r\n" + CLEAN,
)
NASTY = (
    b"\0",
    b"<",
    b">",
    b"\r\n",
    b"\n\n",
    b"&",
    b"<!--",
    b"]]>",
    b"\xff",
    b"9",
    b'"',
    b"HTTP/1.1",
    b"<s:Envelope>",
    b" ",
)

# Without a loop aiohttp's parser can't be made; one that never runs will do.
readings = settings(max_examples=150, deadline=None)


def collect(pieces: list[bytes], *, cap: int = CAP) -> Reply:
    reply = Reply(cap)
    for piece in pieces:
        if reply.feed(piece):
            break
    return reply


def judged(pieces: list[bytes], ending: Ending = Ending.ENDED, *, cap: int = CAP) -> Verdict:
    """Judge as the full lane does."""

    async def run() -> Verdict:
        return judge(collect(pieces, cap=cap), ending, max_bytes=cap)

    return asyncio.run(run())


def read_lean(pieces: list[bytes]) -> Verdict | None:
    """Read as the lean lane does; None where it leaves the answer to the full lane."""

    async def run() -> Verdict | None:
        body = collect(pieces).clean_body(ended=True)
        reading = LeanReader().read(body) if body is not None else None
        return None if reading is None else Verdict(Outcome.CLEAN, reading=reading, shaped_body=True)

    return asyncio.run(run())


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [piece for piece in [*pieces, data[at:]] if piece]


@readings
@given(
    st.binary(max_size=300), st.sampled_from(Ending), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 "])
)
def test_random_bytes_have_an_outcome(data: bytes, ending: Ending, start: bytes) -> None:
    verdict = judged([start + data] if start + data else [], ending)
    assert verdict.outcome in Outcome
    assert verdict.outcome is not Outcome.CLEAN


@readings
@given(st.sampled_from(SEEDS), st.data())
def test_damaged_answers_have_an_outcome_and_both_lanes_agree(seed: bytes, data: st.DataObject) -> None:
    damaged = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        end = data.draw(st.integers(at, min(len(damaged), at + 20)))
        damaged[at:end] = data.draw(st.sampled_from(NASTY) | st.binary(max_size=3))
        damaged = damaged or bytearray(b"x")
    verdict = judged([bytes(damaged)])
    assert verdict.outcome in Outcome
    lean = read_lean([bytes(damaged)])
    if lean is not None:
        assert lean == verdict


@readings
@given(st.sampled_from(SEEDS), st.lists(st.integers(1, 200), max_size=30))
def test_the_pieces_it_comes_in_change_nothing(seed: bytes, sizes: list[int]) -> None:
    pieces = cut(seed, sizes)
    assert judged(pieces) == judged([seed])
    assert read_lean(pieces) == read_lean([seed])


@pytest.mark.parametrize("seed", SEEDS[:2])
@pytest.mark.parametrize("ending", [Ending.ENDED, Ending.EXPIRED])
def test_an_answer_cut_at_any_byte_is_a_good_start(seed: bytes, ending: Ending) -> None:
    expected = Outcome.BROKEN if ending is Ending.ENDED else Outcome.STALLED
    for length in range(1, len(seed)):
        verdict = judged([seed[:length]], ending)
        assert verdict.outcome is expected, seed[:length]
        assert read_lean([seed[:length]]) is None


def test_a_reply_never_holds_more_than_its_cap() -> None:
    for size in (1, 700, 70_000):
        reply = collect([CLEAN[at : at + size] for at in range(0, len(CLEAN), size)], cap=500)
        assert len(reply.raw) == 500
        assert reply.too_long


async def test_random_writes_on_a_real_connection() -> None:
    order = random.Random(20261123)
    for seed in SEEDS:
        whole = judge_now(seed)
        for _ in range(3):
            steps: list[bytes | float] = []
            for piece in cut(seed, [order.randint(1, 400) for _ in range(6)]):
                steps += [piece, 0.002]
            async with device(*steps) as camera:
                result = await look_at(camera.url())
            assert (result.outcome, result.realm) == (whole.outcome, whole.realm)


def judge_now(seed: bytes) -> Verdict:
    return judge(collect([seed]), Ending.ENDED, max_bytes=CAP)
