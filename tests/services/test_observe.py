"""RULES §1 as a table: every outcome, for a device whose identity is fresh or not and whose realm is known or not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectors.base import PROOF_OF, ClockReading, Outcome, PollResult, Proof
from monitor.domain.fault import FAULTS
from monitor.domain.observation import Evidence, LookKind, Origin
from monitor.domain.policy import DAY_S, Policy
from monitor.domain.state import initial_state
from monitor.services.observe import clock_faults, clock_offset_s, observe

AT = 1_767_225_600
POLICY = Policy()
FRESH, STALE = AT - 30 * DAY_S, AT - 30 * DAY_S - 1
WIRE = frozenset({"not_itself", "tls", "slow", "odd_answer"})
ALL = WIRE | {"clock_off", "clock_zone", "clock_1970"}
NONE = frozenset()


def look(result: PollResult, *, identity_at: int | None = FRESH, realm: str = "", trusted: bool = True):
    state = replace(initial_state("d", created_at=AT - 90 * DAY_S), identity_at=identity_at, realm=realm)
    return observe(state, result, at=AT, interval_s=300, policy=POLICY, own_clock_trusted=trusted)


def clock(offset_s: float, *, zone: str = "CST-8") -> PollResult:
    """A clean answer of a device whose clock is ahead by so much."""
    return PollResult(Outcome.CLEAN, clock=ClockReading(int(AT + offset_s), None, zone, "NTP", AT + 0.5))


ALIKE = [
    # outcome, shaped body → evidence, faults, could show, proves itself: whatever is known of the device
    (Outcome.CLEAN, True, Evidence.ANSWERED, (), WIRE, True),
    (Outcome.FAULT, True, Evidence.ANSWERED, (), WIRE, True),
    (Outcome.AUTH, True, Evidence.ANSWERED, (), WIRE, True),
    (Outcome.ODD, True, Evidence.ANSWERED, ("odd_answer",), WIRE, True),
    (Outcome.TOO_LARGE, True, Evidence.ANSWERED, ("odd_answer",), WIRE, True),
    (Outcome.BROKEN, False, Evidence.ANSWERED, ("slow",), {"slow"}, False),
    (Outcome.STALLED, False, Evidence.ANSWERED, ("slow",), {"slow"}, False),
    (Outcome.TLS, False, Evidence.ANSWERED, ("tls",), {"tls"}, False),
    (Outcome.TIMEOUT, False, Evidence.SILENT, (), NONE, True),
    (Outcome.REFUSED, False, Evidence.SILENT, (), NONE, True),
    (Outcome.UNREACHABLE, False, Evidence.SILENT, (), NONE, True),
    (Outcome.UNRESOLVED, False, Evidence.SILENT, (), NONE, True),
    (Outcome.RESET, False, Evidence.SILENT, (), NONE, True),
    (Outcome.GATEWAY, False, Evidence.SILENT, (), NONE, True),
    (Outcome.OURS, False, Evidence.NONE, (), NONE, True),
]


@pytest.mark.parametrize("realm", ["", "camera"])
@pytest.mark.parametrize("identity_at", [FRESH, STALE, None])
@pytest.mark.parametrize(("outcome", "shaped", "evidence", "faults", "could_show", "itself"), ALIKE)
def test_an_outcome_means_the_same_whatever_is_known_of_the_device(
    outcome, shaped, evidence, faults, could_show, itself, identity_at, realm
):
    seen = look(PollResult(outcome, realm="camera", shaped_body=shaped), identity_at=identity_at, realm=realm)
    assert (seen.evidence, seen.faults, seen.could_show) == (evidence, faults, could_show)
    assert (seen.device_id, seen.at, seen.interval_s) == ("d", AT, 300)
    assert (seen.kind, seen.origin, seen.confirmed) == (LookKind.HEALTH, Origin.MEASURED, False)
    if evidence is Evidence.ANSWERED:
        assert seen.proves_itself is itself


@pytest.mark.parametrize(
    ("identity_at", "evidence", "faults"),
    [
        (FRESH, Evidence.ANSWERED, ("not_itself",)),
        (STALE, Evidence.SILENT, ()),
        (None, Evidence.SILENT, ()),
    ],
)
def test_something_else_at_the_address_is_the_device_only_while_its_identity_is_fresh(identity_at, evidence, faults):
    seen = look(PollResult(Outcome.FOREIGN), identity_at=identity_at)
    assert (seen.evidence, seen.faults, seen.could_show) == (evidence, faults, set(faults))
    if evidence is Evidence.ANSWERED:
        assert not seen.proves_itself


@pytest.mark.parametrize(
    ("known", "named", "itself"),
    [("camera", "camera", True), ("camera", "printer", False), ("", "camera", False), ("camera", "", False)],
)
def test_a_bare_demand_for_a_password_proves_the_device_only_by_the_realm_that_is_known(known, named, itself):
    seen = look(PollResult(Outcome.AUTH, realm=named), realm=known)
    assert seen.evidence is Evidence.ANSWERED
    assert seen.proves_itself is itself
    assert seen.realm == (named if itself else "")
    assert seen.could_show == (WIRE if itself else WIRE - {"not_itself"})
    assert seen.faults == ()


def test_a_realm_is_learnt_from_an_answer_of_the_protocol():
    assert look(PollResult(Outcome.AUTH, realm="camera", shaped_body=True)).realm == "camera"
    assert look(PollResult(Outcome.STALLED, realm="camera")).realm == ""


def test_the_table_is_complete_and_names_known_faults():
    assert {row[0] for row in ALIKE} | {Outcome.FOREIGN} == set(Outcome) == set(PROOF_OF)
    assert all(set(row[3]) <= set(FAULTS) and row[4] <= set(FAULTS) for row in ALIKE)
    assert set(FAULTS) >= ALL
    assert {row[0] for row in ALIKE if row[2] is Evidence.ANSWERED} == {
        outcome for outcome, proof in PROOF_OF.items() if proof is Proof.PROTOCOL
    }


@pytest.mark.parametrize(
    ("offset_s", "faults"),
    [
        (0, ()),
        (10, ()),
        (-10, ()),
        (11, ("clock_off",)),
        (-11, ("clock_off",)),
        (1_800, ("clock_off",)),
        (3_600, ("clock_zone",)),
        (-3_600 - 60, ("clock_zone",)),
        (3_600 + 61, ("clock_off",)),
        (8 * 3_600, ("clock_zone",)),  # UTC filled with the city's local time
        (14 * 3_600, ("clock_zone",)),
        (15 * 3_600, ("clock_off",)),
        (-AT, ("clock_1970",)),
        (-AT + 8 * 3_600, ("clock_1970",)),
    ],
)
def test_a_clock_that_is_off_is_told_from_one_in_the_wrong_zone(offset_s, faults):
    seen = look(clock(offset_s))
    assert seen.faults == faults
    assert seen.could_show == ALL
    assert seen.evidence is Evidence.ANSWERED
    assert seen.proves_itself


@pytest.mark.parametrize("offset_s", [0, 11, 8 * 3_600, -AT])
def test_a_clock_of_ours_that_is_not_known_to_be_right_judges_no_other(offset_s):
    seen = look(clock(offset_s), trusted=False)
    assert seen.faults == ()
    assert seen.could_show == WIRE
    assert seen.evidence is Evidence.ANSWERED


def test_the_limit_is_the_policys_and_half_a_second_is_added_to_whole_seconds():
    reading = ClockReading(AT + 12, None, "", "", AT + 2.0)
    assert clock_offset_s(reading) == 10.5
    assert clock_faults(reading, limit_s=10) == ("clock_off",)
    assert clock_faults(reading, limit_s=11) == ()
