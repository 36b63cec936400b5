"""The city's devices, one record each: 20-digit ids, kinds, parents, organisations and lives in service."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.demo.dice import Dice
from monitor.demo.layout import Block
from monitor.demo.points import PlacedPoint
from monitor.demo.sites import DIRECTIONS
from monitor.domain.device import (
    Device,
    DeviceKind,
    DeviceRecord,
    Endpoint,
    Lifecycle,
    Organisations,
    Parent,
)
from monitor.domain.point import PointClass
from monitor.domain.policy import DAY_S

TYPE_CODES: dict[DeviceKind, tuple[str, ...]] = {
    DeviceKind.CAMERA: ("132", "131"),
    DeviceKind.CHECKPOINT: ("121", "119"),
    DeviceKind.RECORDER: ("118",),
    DeviceKind.GATEWAY: ("209",),
}
"""Digits 11-13 of an id by kind (GB/T 28181 annex D; 119 as GA/T 1400 deployments use it), the usual one first."""

_RARE_TYPE = 0.2  # devices that carry the second code of their kind
_POLICE_NETWORK, _LEASED_LINE = "1", "8"  # digit 14: which network
_MAKERS = ("鸢安", "海岱", "渤视", "齐联", "青岚")  # invented
_MODELS = {
    kind: tuple((maker, f"{prefix}-{series}") for maker in _MAKERS for series in ("200", "400", "800"))
    for kind, prefix in (
        (DeviceKind.CAMERA, "IPC"),
        (DeviceKind.CHECKPOINT, "ITC"),
        (DeviceKind.RECORDER, "NVR"),
        (DeviceKind.GATEWAY, "AGW"),
    )
}
_NOUNS = {DeviceKind.CAMERA: "摄像机", DeviceKind.CHECKPOINT: "卡口"}
_HOUR_S = 3_600
_WINDOWS = (
    ((6 * _HOUR_S, 22 * _HOUR_S),),
    ((18 * _HOUR_S, 6 * _HOUR_S),),
    ((7 * _HOUR_S, 12 * _HOUR_S), (13 * _HOUR_S, 19 * _HOUR_S)),
)


class DeviceMaker:
    """Makes the devices of one block after another; the same order of calls gives the same devices.

    Equal values (lives, organisations, parents, models) are shared between devices: 250,000 of them fit in memory.
    """

    def __init__(
        self,
        rng: Dice,
        *,
        port: int,
        midnight: int,
        organisations: Mapping[str, Mapping[str, Organisations]],
    ) -> None:
        self._rng = rng
        self._port = port
        self._midnight = midnight
        self._organisations = organisations
        self._serials: dict[str, int] = {}
        created = [midnight - rng.randint(200, 2_000) * DAY_S for _ in range(60)]
        self._usual_lives = [Lifecycle(created_at=at, in_service_from=at + 5 * DAY_S) for at in created]

    def polled(
        self, block: Block, index: int, placed: PlacedPoint, *, position: int, parents: tuple[Parent, ...]
    ) -> tuple[Device, DeviceRecord]:
        """Make a device that is polled: the `position`-th (from 0) of a point."""
        rng, point, site = self._rng, placed.point, placed.site
        demanded = bool(point.required_kinds) and position == 0 and rng.random() < 0.96
        checkpoint = demanded or rng.random() < site.checkpoint_share
        kind = DeviceKind.CHECKPOINT if checkpoint else DeviceKind.CAMERA
        codes = TYPE_CODES[kind]
        network = _POLICE_NETWORK if site.owner == "police" else _LEASED_LINE
        device = Device(
            id=self._id(block.town, site.industry, codes[rng.random() < _RARE_TYPE], network),
            kind=kind,
            point_class=point.point_class,
            region=block.town,
            lifecycle=self._life(point.point_class),
            point=point.id,
            endpoint=Endpoint("onvif", f"http://{block.address(index)}:{self._port}/onvif/device_service"),
            parents=parents,
            organisations=self._organisations[block.town][site.owner],
        )
        name = f"{point.name}{rng.pick(DIRECTIONS)}{_NOUNS[kind]}"
        return device, self._record(device, name, f"{placed.longitude:.6f}", f"{placed.latitude:.6f}")

    def recorder(
        self, block: Block, number: int, *, town_name: str, parents: tuple[Parent, ...]
    ) -> tuple[Device, DeviceRecord]:
        """Make a recorder, which other devices are reached through and which is not polled itself."""
        name = f"{town_name}汇聚{block.network}-{number + 1}号录像机"
        return self._unpolled(block, DeviceKind.RECORDER, name, parents)

    def uplink(self, block: Block, *, town_name: str) -> tuple[Device, DeviceRecord]:
        """Make the gateway that a block hangs on, which is not polled itself."""
        return self._unpolled(block, DeviceKind.GATEWAY, f"{town_name}汇聚{block.network}接入网关", ())

    def _unpolled(
        self, block: Block, kind: DeviceKind, name: str, parents: tuple[Parent, ...]
    ) -> tuple[Device, DeviceRecord]:
        device = Device(
            id=self._id(block.town, "00", TYPE_CODES[kind][0], _POLICE_NETWORK),
            kind=kind,
            point_class=PointClass.OTHER,
            region=block.town,
            lifecycle=self._usual_lives[0],
            parents=parents,
            organisations=self._organisations[block.town]["police"],
        )
        return device, self._record(device, name, "", "")

    def _id(self, town: str, industry: str, type_code: str, network: str) -> str:
        """Number devices through within a county: the serial alone makes the id unique there."""
        county = town[:6]
        serial = self._serials[county] = self._serials.get(county, 0) + 1
        return f"{county}{town[-2:]}{industry}{type_code}{network}{serial:06d}"

    def _record(self, device: Device, name: str, longitude: str, latitude: str) -> DeviceRecord:
        maker, model = self._rng.pick(_MODELS[device.kind])
        return DeviceRecord(device.id, name, maker, model, longitude, latitude)

    def _life(self, point_class: PointClass) -> Lifecycle:
        rng = self._rng
        dice = rng.random()
        if dice < 0.98:
            return rng.pick(self._usual_lives)
        usual = rng.pick(self._usual_lives)
        if dice < 0.985:  # delivered, and in service from a day to come
            created = self._midnight - rng.randint(1, 20) * DAY_S
            return Lifecycle(created_at=created, in_service_from=self._midnight + rng.randint(1, 90) * DAY_S)
        if dice < 0.991:
            retired = self._midnight - rng.randint(1, 150) * DAY_S
            return Lifecycle(usual.created_at, usual.in_service_from, retired_at=retired)
        if dice < 0.992:
            retired = self._midnight + rng.randint(1, 30) * DAY_S
            return Lifecycle(usual.created_at, usual.in_service_from, retired_at=retired)
        if point_class is PointClass.FIRST:  # streets are watched round the clock
            return usual
        return Lifecycle(usual.created_at, usual.in_service_from, service_windows=rng.pick(_WINDOWS))
