"""Device states as rows and back: the path that 250,000 rows take at every start."""

from __future__ import annotations

from typing import Any

from monitor.adapters.db.codes import CAUSE_OF, CAUSES, CONDITION_OF, CONNECTIVITY_OF, STATES
from monitor.adapters.db.documents import decode_rest, encode_rest, fault_records, storable
from monitor.domain.state import DeviceState


def state_row(state: DeviceState, *, key: int) -> tuple[Any, ...]:
    """Give a state as a row of `device_state`."""
    return (
        key,
        STATES[state.connectivity],
        state.connectivity_since,
        CAUSES[state.connectivity_cause],
        STATES[state.condition],
        state.condition_since,
        CAUSES[state.condition_cause],
        state.last_evidence_at,
        state.interval_s,
        state.answered_at,
        state.identity_at,
        state.last_online_until,
        storable(state.realm),
        encode_rest(state),
        state.clock_offset,
    )


class StateReader:
    """Makes states of rows; equal instants and realms become one object, which halves what 250,000 states weigh.

    Last looks lie within one interval of each other, so few of their instants are distinct.
    """

    def __init__(self) -> None:
        self._instants: dict[int | None, int | None] = {}
        self._realms: dict[str, str] = {}

    def state(self, row: tuple[Any, ...], device_id: str) -> DeviceState:
        """Give the state of one row of `device_state`."""
        (
            _key,
            connectivity,
            connectivity_since,
            connectivity_cause,
            condition,
            condition_since,
            condition_cause,
            last_evidence_at,
            interval_s,
            answered_at,
            identity_at,
            last_online_until,
            realm,
            rest,
            clock_offset,
        ) = row
        shared = self._instants.setdefault
        fields = (
            device_id,
            CONNECTIVITY_OF[connectivity],
            connectivity_since,
            CAUSE_OF[connectivity_cause],
            CONDITION_OF[condition],
            connectivity_since if condition_since == connectivity_since else condition_since,
            CAUSE_OF[condition_cause],
            shared(last_evidence_at, last_evidence_at),
            shared(interval_s, interval_s) or 0,
            shared(answered_at, answered_at),
        )
        identity_at = shared(identity_at, identity_at)
        realm = self._realms.setdefault(realm, realm)
        if rest is None:
            return DeviceState(
                *fields, (), identity_at, realm, last_online_until, clock_offset=shared(clock_offset, clock_offset)
            )
        more = decode_rest(rest)
        return DeviceState(
            *fields,
            silent_at=more.silent_at,
            identity_at=identity_at,
            realm=realm,
            last_online_until=last_online_until,
            age_stopped_at=more.age_stopped_at,
            parent_down=more.parent_down,
            faults=fault_records(more.faults),
            evidence=more.evidence,
            clock_offset=shared(clock_offset, clock_offset),
        )
