"""A fleet behind an uplink, settings with receivers, and what the journeys of alerts need beside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle, Parent
from monitor.domain.point import PointClass
from monitor.ports import InventoryBatch
from tests.journeys.devices import Fleet, device_id
from tests.journeys.running import write_settings

FAST = """
[alerting]
every_s = 0.2
group_wait_s = 1
urgent_wait_s = 0
hold_down_s = {hold_down_s}
window_s = 30
settle_s = 5
{more}
"""

TARGETS = """
[[target]]
indicator = "online"
value = "0.95"
effective_from = "2019-12-31"
source = "test"
"""

INCIDENTS_ONLY = """
[[rule]]
id = "incident"
measure = "incident"
severity = "critical"
order = true

[[rule]]
id = "own-network"
measure = "own_network"
severity = "critical"
"""


def write_alert_settings(
    folder: Path, receivers: str, *, rules: str = INCIDENTS_ONLY, hold_down_s: int = 2, more: str = "", **pace: object
) -> Path:
    """Write settings, rules and targets for a fast service that tells receivers."""
    path = write_settings(folder, **pace)  # type: ignore[arg-type]
    text = path.read_text(encoding="utf-8")
    path.write_text(text + FAST.format(hold_down_s=hold_down_s, more=more) + receivers, encoding="utf-8")
    (folder / "alerts.toml").write_text(rules, encoding="utf-8")
    (folder / "targets.toml").write_text(TARGETS, encoding="utf-8")
    return path


class UplinkFleet(Fleet):
    """A fleet whose first device is the uplink of those from 1 to `behind`; the others have none."""

    def __init__(self, count: int, *, behind: int) -> None:
        super().__init__(count)
        self.behind = behind

    def inventory(self, *, at: int) -> InventoryBatch:
        batch = super().inventory(at=at)
        uplink = Device(
            id="olt-3",
            kind=DeviceKind.OTHER,
            point_class=PointClass.OTHER,
            region="370702001",
            lifecycle=Lifecycle(created_at=at),
            endpoint=Endpoint("onvif", f"http://{self.address(0)}:{self.port}/onvif/device_service"),
        )
        cameras = [
            replace(device, parents=(Parent("olt-3"),)) if index <= self.behind else device
            for index, device in enumerate(batch.devices)
        ]
        return replace(batch, devices=[uplink, *cameras[1:]])

    def ids_behind(self) -> set[str]:
        return {device_id(index) for index in range(1, self.behind + 1)}
