"""What is decided about a path concerns every device behind it: all of them must lie where the caller has the right."""

from __future__ import annotations

from monitor.adapters.web.route import Call
from monitor.domain.device import ParentRole


def require_all_behind(call: Call, device_id: str) -> None:
    """Go on only if the caller has the route's right on the regions of all devices that are reached through a device.

    Raises:
        Problem: one of them stands elsewhere, or nowhere known.
    """
    devices = call.parts.counts().columns().devices
    behind, reached = {device_id}, True
    while reached:
        new = [
            each
            for each in devices
            if each.parents
            and each.id not in behind
            and any(parent.role is ParentRole.PATH and parent.device_id in behind for parent in each.parents)
        ]
        for region in {each.region for each in new}:
            call.require(region)
        behind.update(each.id for each in new)
        reached = bool(new)
