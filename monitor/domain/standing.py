"""How a device stands now: in service or not, exempt or not, and until when that is sure (RULES §5)."""

from __future__ import annotations

from monitor.domain.device import Device
from monitor.domain.exemption import ExemptionBook
from monitor.domain.history import DeviceVersion
from monitor.domain.policy import DAY_S
from monitor.domain.service_time import ServiceRules, service_life, window_spans
from monitor.domain.spans import EVER_AFTER, Span
from monitor.domain.values import dataclass

# Daily windows open or close every day; a clock change may swallow one of them, never two days' worth.
_WINDOWS_AHEAD_S = 3 * DAY_S


@dataclass(frozen=True, slots=True)
class Standing:
    """What snapshot tallies need beside a device's state.

    Attributes:
        alive: whether it is in its service life, daily hours aside; such a device belongs to its point (RULES §6).
        in_service: whether it counts at all.
        exempt: whether an exemption covers it; says nothing about a device out of service.
        next_boundary_at: the next instant at which any of it may change by the passing of time alone; None for never.
    """

    alive: bool
    in_service: bool
    exempt: bool
    next_boundary_at: int | None


class Standings:
    """Tells how devices stand; the service life of devices that are alike is found once.

    Args:
        rules: what decides over service.
        book: approved exemptions.
    """

    def __init__(self, rules: ServiceRules, book: ExemptionBook) -> None:
        self._rules = rules
        self._book = book
        self._lives: dict[tuple[str | None, int, int | None, int | None], Span | None] = {}

    def of(self, version: DeviceVersion, *, at: int) -> Standing:
        """Give how a device stands at the second that begins at `at`, from its newest version."""
        device = version.device
        life = self.life(device)
        if life is None:
            return _NEVER
        exempt = self._book.covering(version, self._rules.tree)
        alive = life[0] <= at < life[1]
        if alive and life[1] == EVER_AFTER and not exempt and not device.lifecycle.service_windows:
            return _FOR_GOOD  # nearly every device of a city
        in_service = alive
        edges = [edge for edge in life if at < edge < EVER_AFTER]
        if exempt:
            edges.extend(edge for span in exempt for edge in span if edge > at)
        if alive and device.lifecycle.service_windows:
            horizon = at + _WINDOWS_AHEAD_S
            spans = window_spans(device.lifecycle.service_windows, self._rules.zone, start=at, end=horizon)
            in_service = bool(spans) and spans[0][0] == at
            edges.extend(edge for span in spans for edge in span if at < edge < horizon)
        return Standing(
            alive=alive,
            in_service=in_service,
            exempt=any(start <= at < end for start, end in exempt),
            next_boundary_at=min(edges, default=None),
        )

    def life(self, device: Device) -> Span | None:
        """Give [from, until) of a device's service life, daily hours aside; None for never."""
        life = device.lifecycle
        key = (device.region, life.created_at, life.in_service_from, life.retired_at)
        if key not in self._lives:
            self._lives[key] = service_life(device, self._rules)
        return self._lives[key]


_NEVER = Standing(alive=False, in_service=False, exempt=False, next_boundary_at=None)
_FOR_GOOD = Standing(alive=True, in_service=True, exempt=False, next_boundary_at=None)
