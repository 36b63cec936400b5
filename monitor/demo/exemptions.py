"""Exemptions 报备 of the simulated city: of devices, points, a town and paths; past, current and to come."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from monitor.demo.dice import Dice
from monitor.domain.device import Device, DeviceKind
from monitor.domain.facts import Exemption, ExemptionScope
from monitor.domain.policy import DAY_S

_HOUR_S = 3_600
REASONS: tuple[str, ...] = ("repair", "construction", "power", "network_cutover", "force_majeure")
"""Reason codes 检修、施工、停电、网络割接、不可抗力."""

_WINDOWS = ((-40 * DAY_S, -33 * DAY_S), (-9 * DAY_S, -6 * DAY_S), (-DAY_S, 2 * DAY_S), (-6 * _HOUR_S, 5 * DAY_S))
_FUTURE = (DAY_S, 4 * DAY_S)
_DEVICES_PER_EXEMPTION = 400
_MAX_EACH = 60


def plan_exemptions(
    devices: Sequence[Device], *, rng: Dice, midnight: int, spared: str | None, approver: str
) -> Iterator[Exemption]:
    """Give the city's exemptions.

    Args:
        devices: all devices, polled or not.
        rng: where the choices come from.
        midnight: 00:00 city time of the city's first day.
        spared: the town of the scripted outage, in which nothing is exempted, so that the outage shows.
        approver: the unit that approves.
    """
    free = [device for device in devices if device.region != spared]
    polled = [device for device in free if device.endpoint is not None]
    uplinks = [device for device in free if device.kind is DeviceKind.GATEWAY]
    some = min(_MAX_EACH, 3 + len(polled) // _DEVICES_PER_EXEMPTION)
    wanted = [
        *((ExemptionScope.DEVICE, device.id) for device in _some(polled, 2 * some, rng)),
        *((ExemptionScope.POINT, device.point or "") for device in _some(polled, some, rng)),
        *((ExemptionScope.PATH, device.id) for device in _some(uplinks, 2, rng)),
        *((ExemptionScope.REGION, device.region or "") for device in _some(uplinks, 1, rng)),
    ]
    year = time.gmtime(midnight).tm_year
    for number, (scope, scope_id) in enumerate(wanted, start=1):
        # Larger scopes are exempt in the past or the future only: a current one would hide a whole uplink.
        large = scope in (ExemptionScope.PATH, ExemptionScope.REGION)
        windows = (_WINDOWS[1], _FUTURE) if large else (*_WINDOWS, _FUTURE)
        start, end = windows[number % len(windows)]
        yield Exemption(
            id=f"E{number:05d}",
            scope=scope,
            scope_id=scope_id,
            start=midnight + start,
            end=midnight + end,
            reason=rng.choice(REASONS),
            approver=approver,
            document=f"视管报〔{year}〕{number:03d}号",
        )


def _some(devices: Sequence[Device], count: int, rng: Dice) -> list[Device]:
    return rng.sample(devices, min(count, len(devices)))
