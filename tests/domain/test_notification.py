"""Rows of the outbox become parcels: one a county, in order, capped, and tried again with growing pauses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.alert import Severity, Telling
from monitor.domain.notification import Message, Parcel, Waiting, capped, parcels, retry_after_s

T0 = 1_000_000


def row(
    number: int, county: str = "370783", *, severity: Severity = Severity.WARNING, at: int = T0, **more: object
) -> Waiting:
    telling = more.pop("telling", Telling.RAISED)
    message = Message(
        key=f"A{number}:{telling}",
        telling=telling,  # type: ignore[arg-type]
        alert=f"A{number}",
        rule="online-county",
        severity=severity,
        at=at,
        title_zh=f"第 {number} 条",
        body_zh="正文",
        title_en=f"no. {number}",
        body_en="body",
        county=county,
        place_zh="寿光市",
        place_en="Shouguang",
    )
    return Waiting(number, "duty", message, **more)  # type: ignore[arg-type]


def sent(rows: list[Waiting], *, at: int) -> list[list[int]]:
    return [[each.number for each in parcel.rows] for parcel in parcels(rows, at=at, wait_s=60, urgent_wait_s=10)]


@pytest.mark.parametrize(
    ("rows", "at", "expected"),
    [
        ([row(1)], T0 + 59, []),
        ([row(1)], T0 + 60, [[1]]),
        ([row(1, severity=Severity.CRITICAL)], T0 + 10, [[1]]),
        ([row(1), row(2, "370702"), row(3)], T0 + 60, [[1, 3], [2]]),
        # what may go takes along what else there is of its county, and nothing of others
        ([row(1, at=T0), row(2, at=T0 + 50), row(3, "370702", at=T0 + 50)], T0 + 60, [[1, 2]]),
        ([row(1, next_try_at=T0 + 500)], T0 + 60, []),
    ],
)
def test_parcels(rows: list[Waiting], at: int, expected: list[list[int]]) -> None:
    assert sent(rows, at=at) == expected


def test_what_goes_alone_is_put_together_with_nothing() -> None:
    alone = [replace(each, message=replace(each.message, alone=True)) for each in (row(2), row(4))]

    assert sent([row(1), alone[0], row(3), alone[1]], at=T0 + 60) == [[1, 3], [2], [4]]


def test_a_parcel_of_one_is_its_message_and_of_more_a_list_worst_first_recoveries_last() -> None:
    assert Parcel((row(1),)).text("zh") == ("第 1 条", "正文")
    rows = (row(1, telling=Telling.CLEARED), row(2), row(3, severity=Severity.CRITICAL))
    title, body = Parcel(rows).text("zh")
    assert title == "【3 条】寿光市 1 严重、1 警告、1 恢复"
    assert body.splitlines() == ["第 3 条", "第 2 条", "第 1 条"]
    title, body = Parcel(rows).text("both")
    assert body.splitlines()[3:] == ["", "[3] Shouguang: 1 critical, 1 warning, 1 cleared", "no. 3", "no. 2", "no. 1"]


def test_a_long_parcel_fits_one_screen_and_says_how_many_it_left_out() -> None:
    _, body = Parcel(tuple(row(number) for number in range(40))).text("en")
    assert len(body.splitlines()) == 12
    assert body.splitlines()[-1] == "29 more: vidnet alerts list"


def test_a_cap_that_is_hit_tells_how_many_are_held_back() -> None:
    ready = [Parcel((row(1),)), Parcel((row(2, "370702"),)), Parcel((row(3, "370703"), row(4, "370703")))]
    going = capped(ready, allowed=1)
    assert [parcel.rows for parcel in going] == [ready[0].rows]
    assert going[0].text("zh")[1].endswith("另有 3 条因发送限额暂缓，随后发送")
    assert going[0].text("en")[1].endswith("3 more are held back by the cap and follow")
    assert capped(ready, allowed=3) == ready
    assert capped(ready, allowed=0) == []


def test_pauses_between_tries_double_up_to_five_minutes() -> None:
    assert [retry_after_s(tries) for tries in (1, 2, 3, 6, 7, 50)] == [5, 10, 20, 160, 300, 300]
