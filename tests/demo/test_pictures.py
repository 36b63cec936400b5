"""The simulated cameras' pictures: real answers, judged as the product judges them."""

from __future__ import annotations

from collections import Counter

import pytest

from collectors.picture.look import PictureRequest
from collectors.picture.taker import PictureTaker
from monitor.demo.behaviour import Behaviour
from monitor.demo.pictures import SHARES, Shelf, Sight, has_snapshot, sight_of
from monitor.domain.picture import Limits, judge
from tests.demo.asking import Plan, fleet_process

CODES = {
    Sight.CLEAN: [],
    Sight.BLACK: ["picture_black"],
    Sight.OVER: ["picture_over"],
    Sight.BLUE: ["picture_signal_loss"],
    Sight.SNOW: ["picture_snow"],
    Sight.STRIPES: ["picture_stripes"],
    Sight.BLUR: ["picture_blur"],
    Sight.CAST: ["picture_cast"],
    Sight.COVERED: ["picture_covered"],
    Sight.FROZEN: [],
}


def first_with(sight: Sight) -> int:
    return next(index for index in range(10_000) if sight_of(index) is sight and has_snapshot(index))


def test_shares_are_those_of_a_city() -> None:
    found = Counter(sight_of(index) for index in range(50_000))

    for sight, share in SHARES.items():
        assert found[sight] / 50 == pytest.approx(share, rel=0.4)


async def test_every_sight_is_judged_by_its_name() -> None:
    taker, shelf = PictureTaker(workers=1), Shelf()
    try:
        for sight, codes in CODES.items():
            result = await taker.judge_still(shelf.snapshot(first_with(sight)))
            assert [fault.code for fault in judge(result.scores, Limits()).faults] == codes, sight
        assert (await taker.judge_still(shelf.snapshot(first_with(Sight.CUT_OFF)))).outcome == "corrupt"
    finally:
        await taker.close()


def test_a_live_camera_never_sends_the_same_twice_and_a_frozen_one_does() -> None:
    shelf = Shelf()
    for sight, same in ((Sight.CLEAN, False), (Sight.FROZEN, True)):
        index = first_with(sight)
        assert (shelf.snapshot(index) == shelf.snapshot(index)) is same


async def test_the_fleet_s_cameras_serve_their_pictures(plan: Plan) -> None:
    clean = [index for index in plan.indexes(Behaviour.CLEAN) if sight_of(index) is Sight.CLEAN]
    shown = next(index for index in clean if has_snapshot(index))
    hidden = next(index for index in clean if not has_snapshot(index))
    taker = PictureTaker(workers=1)
    try:
        with fleet_process() as (_, port):
            found = []
            for index in (shown, hidden):
                where = f"http://{plan.addresses[index]}:{port}"
                found.append(await taker.look(PictureRequest(where, f"{where}/onvif/snapshot?channel=1")))
    finally:
        await taker.close()

    assert [(each.outcome, each.login) for each in found] == [("picture", "not_asked"), ("unsupported", "not_asked")]
