"""One device by its id, for whoever may know of it."""

from __future__ import annotations

from monitor.adapters.web.problem import not_found
from monitor.adapters.web.route import Call
from monitor.domain.device import Device, DeviceRecord


async def find_device(call: Call, device_id: str) -> tuple[Device, DeviceRecord]:
    """Give a device and its record.

    Raises:
        Problem: it stands outside the caller's regions, or is not there: the same answer, so that nobody learns what
            stands elsewhere.
    """
    found = await call.parts.inventory.device(device_id)
    if found is None:
        call.require(None)
        raise not_found(device_id)
    call.require(found[0].region)
    return found
