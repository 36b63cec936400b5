"""The archive 一机一档 of the simulated devices: most records are whole, some lack what a hurried hand left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.demo.dice import Dice, Weighted
from monitor.demo.persona import hardware_address
from monitor.domain.device import Device, DeviceKind, DeviceRecord
from monitor.domain.point import Point

_SHARE_POOR = 0.08
"""Records that lack fields; of their fields a third is missing."""

_CITY_ZONE = timedelta(hours=8)
_CAMERA_TYPES = Weighted((("固定枪机", 6.0), ("球机", 3.0), ("半球", 1.0)))
_FUNCTIONS = Weighted((("普通监控", 8.0), ("特征摄像机", 1.5), ("高空瞭望摄像机", 0.5)))
_POSITIONS = ("党政机关", "车站码头", "商业中心", "校园周边", "治安复杂区域", "交通干线", "医院周边", "金融机构周边")
_DIRECTIONS = ("东", "西", "南", "北", "东南", "东北", "西南", "西北")
_DEPARTMENTS = Weighted((("公安机关", 8.0), ("教育", 1.0), ("交通", 1.0)))
_RETENTION_DAYS = ("30", "30", "30", "60", "90")
_MAY_LACK = (
    *("common_name", "ip", "mac", "camera_type", "function_type", "place", "position_type", "direction"),
    *("networked", "installed_on", "retention_days", "department"),
)


class RecordFiller:
    """Fills the records of one device after another; the same order of calls gives the same records.

    Args:
        dice: of its own, so that what the archive holds changes nothing of the city.
    """

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._days: dict[int, str] = {}

    def filled(self, record: DeviceRecord, device: Device, point: Point, *, index: int, address: str) -> DeviceRecord:
        """Give a polled device's record with what its archive holds.

        Args:
            record: with its name, maker, model and coordinates.
            device: whose it is.
            point: where it stands.
            index: of the device in the city, which its hardware address follows from.
            address: the IP address that it answers on.
        """
        dice = self._dice
        is_checkpoint = device.kind is DeviceKind.CHECKPOINT
        whole = replace(
            record,
            common_name=point.name,
            ip=address,
            mac=hardware_address(index).replace(":", "-"),
            camera_type="卡口枪机" if is_checkpoint else _CAMERA_TYPES.draw(dice),
            function_type="车辆卡口" if is_checkpoint else _FUNCTIONS.draw(dice),
            place=point.name,
            position_type=dice.pick(_POSITIONS),
            direction=dice.pick(_DIRECTIONS),
            networked="yes",
            installed_on=self._day(device.lifecycle.created_at),
            retention_days=dice.pick(_RETENTION_DAYS),
            department=_DEPARTMENTS.draw(dice),
        )
        if dice.random() >= _SHARE_POOR:
            return whole
        lacking = dict.fromkeys((name for name in _MAY_LACK if dice.random() < 1 / 3), "")
        return replace(whole, **lacking)

    def _day(self, at: int) -> str:
        day = self._days.get(at)
        if day is None:
            day = self._days[at] = (datetime.fromtimestamp(at, UTC) + _CITY_ZONE).date().isoformat()
        return day
