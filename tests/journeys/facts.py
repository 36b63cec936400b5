"""What must hold of the facts and the states in a database, read from its rows by SQL of the tests' own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from monitor.adapters.db.engine import Database
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.domain.facts import Axis
from monitor.domain.timeline import build_timeline

UNKNOWN, CONNECTIVITY = 0, 0
CHANGES = "SELECT seq, device, axis, old, new, at, cause FROM state_change WHERE seq > :seq ORDER BY seq"
STATES = (
    "SELECT device, connectivity, connectivity_since, connectivity_cause, condition, condition_since, condition_cause "
    "FROM device_state"
)


async def select(database: Database, statement: str, **values: Any) -> Sequence[Any]:
    async with database.read() as connection:
        return (await connection.execute(text(statement), values)).all()


@dataclass
class Replay:
    """The changes read so far, played one after the other: last (new, at, cause) of every device's axis."""

    seq: int = 0
    count: int = 0
    axes: dict[tuple[int, int], tuple[int, int, int]] = field(default_factory=dict)
    unknowns: int = 0

    def play(self, changes: Sequence[Any]) -> None:
        """Take in changes; each must go on from where its axis stood, so that one lost or doubled shows."""
        for seq, device, axis, old, new, at, cause in changes:
            assert seq > self.seq, "each seq once, in order"
            stood, since, _ = self.axes.get((device, axis), (UNKNOWN, 0, 0))
            assert old == stood, f"change {seq} goes on from another state than the one before it left"
            assert new != old or new == 4, f"change {seq} changes nothing"  # 4: faulty, from an earlier instant
            assert at >= since or new == 4, f"change {seq} reaches behind the one before it"
            self.axes[device, axis] = (new, at, cause)
            self.seq, self.count = seq, self.count + 1
            self.unknowns += axis == CONNECTIVITY and new == UNKNOWN

    def equals(self, states: Sequence[Any]) -> None:
        """Hold the states against what the changes make of each device."""
        devices = [row[0] for row in states]
        assert len(devices) == len(set(devices)), "each device once"
        assert {device for device, _ in self.axes} <= set(devices), "no changed device without its state"
        for device, *stored in states:
            for axis, found in ((0, tuple(stored[:3])), (1, tuple(stored[3:]))):
                if (device, axis) in self.axes:
                    assert self.axes[device, axis] == found, f"device {device}, axis {axis}"
                else:
                    assert found[0] == UNKNOWN, f"device {device}, axis {axis}: a state without a change"


async def check(database: Database, replay: Replay) -> None:
    """Play the changes that are new, and hold the states against them, as of one instant."""
    async with database.read() as connection:
        changes = (await connection.execute(text(CHANGES), {"seq": replay.seq})).all()
        states = (await connection.execute(text(STATES))).all()
        count, newest = (await connection.execute(text("SELECT count(*), max(seq) FROM state_change"))).one()
        given = (await connection.execute(text("SELECT value FROM sequence WHERE name = 'fact'"))).scalar_one()
    replay.play(changes)
    replay.equals(states)
    assert count == replay.count, "no change that was there before is gone"
    assert (newest or 0) <= given


async def check_timelines(database: Database) -> None:
    """The same through the product's own words: the end of every timeline is the stored state."""
    states = await SqlStateStore(database).load_states()
    facts: dict[str, list[Any]] = {}
    for change in await SqlQueries(database).changes():
        facts.setdefault(change.device_id, []).append(change)
    for state in states:
        changes = facts.get(state.device_id, ())
        connectivity = build_timeline(Axis.CONNECTIVITY, changes)
        condition = build_timeline(Axis.CONDITION, changes)
        assert connectivity.states[-1] == state.connectivity
        assert condition.states[-1] == state.condition
        if len(connectivity.starts) > 1:
            assert connectivity.starts[-1] == state.connectivity_since
