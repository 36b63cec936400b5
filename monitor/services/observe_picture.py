"""From a picture look to evidence and faults (RULES §3); what could not be seen shows nothing and clears nothing."""

from __future__ import annotations

from monitor.domain.observation import Evidence, LookKind, Observation
from monitor.domain.picture import PictureVerdict
from monitor.domain.picture_look import Stillness
from monitor.domain.state import DeviceState

NO_PICTURE = frozenset({"no_stream", "no_keyframe", "not_a_picture", "silent"})
"""Outcomes that are the device's own doing: it is there, and gives no picture. Others leave open what it would show."""

PICTURE_FAULTS = frozenset(
    {
        "no_stream",
        "picture_black",
        "picture_blur",
        "picture_cast",
        "picture_corrupt",
        "picture_covered",
        "picture_frozen",
        "picture_low_contrast",
        "picture_moved",
        "picture_over",
        "picture_signal_loss",
        "picture_snow",
        "picture_still",
        "picture_stripes",
    }
)
"""What only a picture look can show."""


def observe_picture(
    state: DeviceState,
    outcome: str,
    verdict: PictureVerdict | None,
    stillness: Stillness | None,
    *,
    at: int,
    interval_s: int,
    refuses: bool = False,
) -> Observation:
    """Judge what one picture look says about one device.

    A device that gives no picture is no less online for it, and none the more: such a look stands at the instant of the
    device's last answer, so that it weighs on the condition alone.

    Args:
        state: the device's state before it.
        outcome: how the look ended.
        verdict: what the picture shows; None without one.
        stillness: how long it has stood still; None without one.
        at: start of the look, floored.
        interval_s: interval of health looks in force.
        refuses: it refuses a login that it accepted before, unchanged on our side.
    """
    device_id, kind = state.device_id, LookKind.PICTURE
    if verdict is not None:
        faults = tuple(fault.code for fault in verdict.faults)
        could_show = verdict.could_show | {"no_stream"}
        if stillness is not None and not faults:
            # A black picture, or a recorder's blue one, is the same every time: that is no second fault.
            faults = stillness.faults(at=at)
            could_show |= {"picture_frozen", "picture_still"}
        return Observation(
            device_id,
            at,
            Evidence.ANSWERED,
            interval_s,
            kind,
            faults=faults,
            could_show=could_show,
            proves_itself=False,
        )
    shown = ("no_stream",) if outcome in NO_PICTURE else ("refused",) if refuses else ()
    if not shown or state.last_evidence_at is None:
        return Observation(device_id, at, Evidence.NONE, interval_s, kind)
    return Observation(
        device_id,
        min(at, state.last_evidence_at),
        Evidence.ANSWERED,
        interval_s,
        kind,
        faults=shown,
        could_show=frozenset(shown),
        proves_itself=False,
        complete=False,
    )
