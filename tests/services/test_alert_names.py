"""Devices in messages have their names beside their ids, for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.domain.alert import Severity, Telling
from monitor.domain.notification import Message, Waiting
from monitor.ports import StoreBusyError
from monitor.services.alert_names import with_names


def _row(body_zh: str, body_en: str, devices: tuple[str, ...]) -> Waiting:
    message = Message("k", Telling.RAISED, "A1", "incident", Severity.CRITICAL, 0, "标题", body_zh, "title", body_en)
    return Waiting(1, "duty", replace(message, devices=devices))


async def _known(device_ids: Sequence[str]) -> dict[str, str]:
    names = {"cam-1": "府前街北口", "cam-10": "", "cam-2": "人民广场 <东>"}
    return {each: names[each] for each in device_ids if each in names}


async def test_a_name_stands_before_its_id_in_both_languages():
    (row,) = await with_names([_row("设备：cam-1、cam-2", "Devices: cam-1, cam-2", ("cam-1", "cam-2"))], _known)
    assert row.message.body_zh == "设备：府前街北口（cam-1）、人民广场 <东>（cam-2）"
    assert row.message.body_en == "Devices: 府前街北口 (cam-1), 人民广场 <东> (cam-2)"
    assert row.message.devices == ("cam-1", "cam-2")


async def test_an_id_within_another_and_one_without_a_name_stay_as_they_are():
    (row,) = await with_names([_row("设备：cam-10、cam-1、x-cam-1", "-", ("cam-10", "cam-1", "x-cam-1"))], _known)
    assert row.message.body_zh == "设备：cam-10、府前街北口（cam-1）、x-cam-1"


async def test_while_the_store_is_busy_the_ids_do():
    async def busy(device_ids: Sequence[str]) -> dict[str, str]:
        raise StoreBusyError("the database is locked")

    rows = [_row("设备：cam-1", "Devices: cam-1", ("cam-1",))]
    assert await with_names(rows, busy) == rows


async def test_without_devices_nobody_is_asked():
    async def never(device_ids: Sequence[str]) -> dict[str, str]:
        raise AssertionError("asked")

    rows = [_row("无", "none", ())]
    assert await with_names(rows, never) == rows
