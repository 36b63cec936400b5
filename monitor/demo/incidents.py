"""What goes wrong in the simulated city, second by second since the fleet's start: a script from the seed.

An uplink dies with all its devices at +2 min and returns at +10 min, some devices flap, some clocks jump. Nothing
happens in the first minute, so that a first look shows the city as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.demo.behaviour import Behaviour, Behaviours
from monitor.demo.dice import Dice
from monitor.demo.layout import Block, Layout

OUTAGE_START_S, OUTAGE_END_S = 120, 600
FLAPS_START_S = 60
CLOCKS_START_S, CLOCKS_END_S = 180, 900
_FLAP_SHARE, _FLAP_MAX = 0.003, 300
_FLAP_PERIODS_S = (60, 180)
_CLOCK_SHARE, _CLOCK_MAX = 0.004, 300
_CLOCK_SHIFT_S = (20, 600)
_MIN_OUTAGE = 40  # devices that an outage should take along, so that a county feels it


@dataclass(frozen=True, slots=True)
class Flap:
    """A device that is down for the last `down_s` of every `period_s`."""

    index: int
    period_s: int
    phase_s: int
    down_s: int

    def is_down(self, t: int) -> bool:
        """Say whether it is down at `t` seconds after the fleet's start."""
        return t >= FLAPS_START_S and (t + self.phase_s) % self.period_s >= self.period_s - self.down_s


@dataclass(frozen=True, slots=True)
class ScriptState:
    """How things stand in one second: the indexes of devices that are down, and seconds by which clocks are shifted."""

    down: frozenset[int]
    clock_shifts: dict[int, int]


@dataclass(frozen=True, slots=True)
class Script:
    """All incidents of one run.

    Attributes:
        outage: the block whose uplink dies; None where no block has a known uplink.
        flaps: devices that come and go.
        clock_shifts: seconds by which a device's clock jumps while clocks are wrong, by device index.
    """

    outage: Block | None
    flaps: tuple[Flap, ...]
    clock_shifts: dict[int, int]

    def state_at(self, t: int) -> ScriptState:
        """Give the state at `t` seconds after the fleet's start; cheap enough to ask every second."""
        down = {flap.index for flap in self.flaps if flap.is_down(t)}
        if self.outage and OUTAGE_START_S <= t < OUTAGE_END_S:
            down.update(range(self.outage.first, self.outage.first + self.outage.count))
        shifted = CLOCKS_START_S <= t < CLOCKS_END_S
        return ScriptState(down=frozenset(down), clock_shifts=self.clock_shifts if shifted else {})


def write_script(layout: Layout, behaviours: Behaviours, *, seed: int) -> Script:
    """Choose what goes wrong; equal arguments give an equal script."""
    rng = Dice(seed, "incidents")
    outage = _block_to_lose(layout)
    spared = range(outage.first, outage.first + outage.count) if outage else range(0)
    clean = [index for index, code in enumerate(behaviours.codes) if code == Behaviour.CLEAN and index not in spared]
    flapping = _count(_FLAP_SHARE, _FLAP_MAX, layout.devices, len(clean) // 2)
    jumping = _count(_CLOCK_SHARE, _CLOCK_MAX, layout.devices, len(clean) // 2)
    chosen = rng.sample(clean, flapping + jumping)
    return Script(
        outage=outage,
        flaps=tuple(_flap(index, rng) for index in chosen[:flapping]),
        clock_shifts={index: rng.choice((-1, 1)) * rng.randint(*_CLOCK_SHIFT_S) for index in chosen[flapping:]},
    )


def _count(share: float, most: int, devices: int, available: int) -> int:
    return min(max(2, round(share * devices)), most, available)


def _flap(index: int, rng: Dice) -> Flap:
    period_s = rng.randint(*_FLAP_PERIODS_S)
    return Flap(
        index=index, period_s=period_s, phase_s=rng.randrange(period_s), down_s=round(period_s * rng.uniform(0.4, 0.6))
    )


def _block_to_lose(layout: Layout) -> Block | None:
    """Choose the known uplink whose loss its county feels most, among those with enough devices."""
    uplinks = [block for block in layout.blocks if block.has_uplink]
    if not uplinks:
        return None
    enough = min(_MIN_OUTAGE, max(block.count for block in uplinks))
    sizes = {county: sum(block.count for block in blocks) for county, blocks in layout.counties().items()}
    return max(
        (block for block in uplinks if block.count >= enough),
        key=lambda block: (block.count / sizes[block.county], -block.first),
    )
