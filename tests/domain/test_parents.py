"""Parents (RULES §2): one alert, not one excuse."""

from __future__ import annotations

from monitor.domain.advance import expire
from monitor.domain.parents import own_path_fell, parent_fell, parent_rose
from monitor.domain.policy import Policy
from monitor.domain.state import Cause, Connectivity
from tests.domain.histories import answered, clock, run, silent, spans

FELL = {"since": clock("10:02:00"), "confirmed_at": clock("10:03:00")}


def test_a_child_is_offline_with_its_parent_and_unknown_after_it():
    child, _ = run([answered("10:00:00")])
    child, changes = parent_fell(child, **FELL)
    assert spans(changes) == [("10:02:00", "offline")]
    assert child.connectivity_cause is Cause.PARENT_DOWN
    assert child.age_stopped_at == clock("10:03:00")

    child, changes = expire(child, at=clock("12:00:00"), policy=Policy())
    assert changes == ()

    child, changes = parent_rose(child, at=clock("12:00:00"))
    assert spans(changes) == [("12:00:00", "unknown")]
    assert child.connectivity is Connectivity.UNKNOWN


def test_a_childs_own_later_answer_counts():
    child, _ = run([answered("10:02:30")])

    assert spans(parent_fell(child, **FELL)[1]) == [("10:02:30", "offline")]


def test_a_child_dead_before_stays_dead_after_with_staleness_running_from_then():
    dead, _ = run([silent("09:00:00"), silent("09:00:30"), silent("09:01:00")])
    held, changes = parent_fell(dead, **FELL)
    assert changes == ()
    assert parent_fell(held, **FELL) == (held, ())

    freed, changes = parent_rose(held, at=clock("12:00:00"))
    assert (changes, freed.connectivity, freed.last_evidence_at) == ((), Connectivity.OFFLINE, clock("12:00:00"))
    _, changes = expire(freed, at=clock("12:16:01"), policy=Policy())
    assert spans(changes) == [("12:05:00", "unknown")]


def test_behind_a_path_of_ours_everything_is_unknown():
    online, _ = run([answered("10:00:00")])
    unknown, changes = own_path_fell(online, since=clock("10:02:00"))

    assert spans(changes) == [("10:02:00", "unknown")]
    assert changes[0].kept == online
    assert own_path_fell(unknown, since=clock("10:02:00")) == (unknown, ())
    assert parent_rose(unknown, at=clock("10:10:00")) == (unknown, ())
