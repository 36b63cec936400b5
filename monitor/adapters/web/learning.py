"""What is known of a device, learned anew over HTTP: who it is after a replacement, and what it sees after a turn."""

from __future__ import annotations

import msgspec

from monitor.adapters.web.finding import find_device
from monitor.adapters.web.problem import Problem
from monitor.adapters.web.route import Call, Reply, Route
from monitor.domain.account import Right


class ForgottenOut(msgspec.Struct, frozen=True):
    """How many baselines, one for each kind of light, were forgotten."""

    forgotten: int


async def confirm_identity(call: Call) -> Reply:
    """Take the serial number and MACs that a device last told as its own, and have it looked at."""
    device, _ = await find_device(call, call.params["id"])
    if not await call.parts.tools.confirm_identity(device.id, author=call.caller.name, at=call.at):
        raise Problem(409, "not-allowed", "该设备尚未自报身份 · the device has not said yet who it is")
    return Reply(status=204)


async def forget_baseline(call: Call) -> ForgottenOut:
    """Forget what a device usually sees, after it was turned on purpose; it is learned anew."""
    device, _ = await find_device(call, call.params["id"])
    call.after = out = ForgottenOut(await call.parts.tools.forget_baseline(device.id))
    return out


ROUTES = (
    Route(
        *("POST", "/devices/{id}/identity", confirm_identity, Right.OPERATE, "take its present identity as known"),
        status=204,
        group="devices",
        action="device.confirm",
    ),
    Route(
        *("DELETE", "/devices/{id}/baseline", forget_baseline, Right.OPERATE, "learn what it sees anew"),
        answer=ForgottenOut,
        group="devices",
        action="picture.reset",
    ),
)
