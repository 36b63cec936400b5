"""Our own outage is not theirs: when a mass failure holds decisions, and what is taken back (RULES §2, Our own outage).

Only the collector's own network sets looks aside. A large share of devices that fail together is a real failure until
the sentinels, the collector's own gateway and a few long-stable devices in other networks, say otherwise.
"""

from __future__ import annotations

from dataclasses import field, replace
from fractions import Fraction

from monitor.domain.facts import Axis, Correction, StateChange
from monitor.domain.state import Cause, Connectivity, DeviceState
from monitor.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class MassRule:
    """What a mass failure is, and how long it holds decisions; all `_s` in seconds.

    Attributes:
        share: more than this share of the devices looked at within the window must fail …
        devices: … and more than so many.
        window_s: how long "together" is.
        hold_s: how long decisions are held before the sentinels' word counts.
        set_aside_max_s: without sentinels, how long devices may be unknown before the failure counts as real.
    """

    share: Fraction = field(default=Fraction(1, 5))
    devices: int = 50
    window_s: int = 120
    hold_s: int = 120
    set_aside_max_s: int = 1_800

    def is_mass(self, failing: int, looked_at: int) -> bool:
        """Tell whether so many failing devices, of so many looked at, are a mass failure."""
        return failing > self.devices and failing > self.share * looked_at


def sentinels_say_up(answering: int, asked: int) -> bool:
    """Tell whether our network works: at least half of the sentinels answer.

    One that is silent may be down itself; a gateway that answers while all devices in other networks are silent is a
    network that ends at the gateway.
    """
    return 2 * answering >= asked


class OutageLog:
    """When the sentinels were silent: the newest stretch of it, as wide as their checks leave open."""

    def __init__(self) -> None:
        self.is_down = False
        self._last_up_at: int | None = None
        self._down: tuple[int, int | None] | None = None

    def note(self, *, at: int, up: bool) -> None:
        """Take in one check of the sentinels that began at `at`."""
        if up:
            if self.is_down and self._down is not None:
                self._down = (self._down[0], at)
            self._last_up_at = at
        elif not self.is_down:
            self._down = (at if self._last_up_at is None else self._last_up_at, None)
        self.is_down = not up

    def stretch(self, *, since: int) -> tuple[int, int | None] | None:
        """Give [from, until) of the newest silence if it reaches beyond `since`; until None while it lasts."""
        if self._down is None or (self._down[1] is not None and self._down[1] <= since):
            return None
        return self._down


def taken_back(
    current: DeviceState, without: DeviceState, *, at: int
) -> tuple[DeviceState, tuple[StateChange, ...], tuple[Correction, ...]]:
    """Take back what looks did that are set aside.

    Args:
        current: the device's state with them.
        without: the state that `advance` gives without them.
        at: now, or when the device answered again.

    Returns:
        The state from now on; where the looks had confirmed the device offline, the change back and the correction
        that makes the seconds since then unknown.
    """
    since = current.connectivity_since
    if current.connectivity is Connectivity.UNKNOWN:
        return replace(current, silent_at=()), (), ()
    state = replace(
        without,
        condition=current.condition,
        condition_since=current.condition_since,
        condition_cause=current.condition_cause,
        faults=current.faults,
    )
    if current.connectivity is without.connectivity:
        return state, (), ()
    at = max(at, since + 1)
    change = StateChange(
        current.device_id, Axis.CONNECTIVITY, current.connectivity, without.connectivity, at, Cause.OWN_OUTAGE
    )
    correction = Correction(
        current.device_id, Axis.CONNECTIVITY, since, at, Connectivity.UNKNOWN, Cause.OWN_OUTAGE, author="vidnet"
    )
    state = replace(state, connectivity_since=at, connectivity_cause=Cause.OWN_OUTAGE)
    return state, (change,), (correction,)


def unseen(state: DeviceState, *, since: int) -> tuple[DeviceState, tuple[StateChange, ...]]:
    """Make a device unknown since its first silent look, where no sentinel can tell whether the failure is ours."""
    if state.connectivity is Connectivity.UNKNOWN:
        return replace(state, silent_at=()), ()
    change = StateChange(
        state.device_id,
        Axis.CONNECTIVITY,
        state.connectivity,
        Connectivity.UNKNOWN,
        since,
        Cause.OWN_OUTAGE,
        kept=state,
    )
    was_online = state.connectivity is Connectivity.ONLINE
    return (
        replace(
            state,
            connectivity=Connectivity.UNKNOWN,
            connectivity_since=since,
            connectivity_cause=Cause.OWN_OUTAGE,
            silent_at=(),
            last_online_until=since if was_online else state.last_online_until,
        ),
        (change,),
    )
