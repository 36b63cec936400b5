"""Late evidence: what a queue delivers afterwards fills the unknown seconds, and only these (RULES §4).

No row is kept per look, so what stood before an unknown stretch comes from the state kept with its change, and what
ended it from the change that closed it. The looks are run in order of `at`, so the order of batches does not matter.
A silent look that came on time while the device was unknown already, and confirmed nothing, left no fact: it is the one
kind of evidence that the run does not know.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from monitor.domain.advance import advance, expire
from monitor.domain.facts import Axis, Correction, StateChange
from monitor.domain.observation import Evidence, Observation
from monitor.domain.policy import Policy, stale_after
from monitor.domain.state import Cause, Connectivity, DeviceState, initial_state
from monitor.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class UnknownStretch:
    """Seconds [start, end) in which a device was unknown.

    Attributes:
        before: the state kept with the change to unknown.
        start: since when it was unknown.
        end: when it stopped being unknown, or now while it still is.
        closed_by: online or offline, whichever ended it; None while it is still unknown.
    """

    before: DeviceState
    start: int
    end: int
    closed_by: Connectivity | None


def is_late(state: DeviceState, observation: Observation, *, received_at: int) -> bool:
    """Tell whether evidence is late: not newer than the last, or delivered too long after its `at`."""
    last = state.last_evidence_at
    if last is not None and observation.at <= last:
        return True
    return received_at - observation.at > stale_after(observation.interval_s)


def unknown_stretches(
    device_id: str, changes: Iterable[StateChange], *, created_at: int, at: int
) -> list[UnknownStretch]:
    """Give the stretches in which a device's connectivity was unknown up to `at`, the first from its creation.

    Args:
        device_id: the device.
        changes: its changes, in seq order.
        created_at: when its record was made.
        at: now.
    """
    stretches: list[UnknownStretch] = []
    before: DeviceState | None = initial_state(device_id, created_at=created_at)
    since = created_at
    for change in changes:
        if change.axis is not Axis.CONNECTIVITY:
            continue
        if before is not None and change.at > since:
            stretches.append(UnknownStretch(before, since, change.at, Connectivity(change.new)))
        before, since = (change.kept, change.at) if change.new == Connectivity.UNKNOWN else (None, 0)
    if before is not None and at > since:
        stretches.append(UnknownStretch(before, since, at, None))
    return stretches


def fill(stretch: UnknownStretch, looks: Iterable[Observation], *, policy: Policy) -> list[Correction]:
    """Give the corrections that late looks make of an unknown stretch.

    Looks outside of it are for known seconds and are dropped (RULES §4), also those after the last evidence but before
    the next look was due.
    """
    inside = sorted((look for look in looks if stretch.start <= look.at < stretch.end), key=lambda look: look.at)
    state = stretch.before
    spans: list[tuple[int, Connectivity]] = [(stretch.start, state.connectivity)]
    for look in inside:
        state, changes = advance(state, look, policy)
        _replay(spans, changes)
    spans = _closed(spans, state, stretch, policy)
    return _corrections(spans, stretch)


def _closed(
    spans: list[tuple[int, Connectivity]], state: DeviceState, stretch: UnknownStretch, policy: Policy
) -> list[tuple[int, Connectivity]]:
    """End the run at the stretch's end: by what closed it, or as far as the last evidence reaches."""
    if stretch.closed_by is None:
        # Still unknown: evidence supports the state until its next look was due.
        due = (state.last_evidence_at or stretch.start) + state.interval_s
        if state.silent_at:
            due = state.silent_at[0]
        _put(spans, min(due, stretch.end), Connectivity.UNKNOWN)
        return spans
    state, changes = expire(state, at=stretch.end, policy=policy)
    _replay(spans, changes)
    if stretch.closed_by is Connectivity.OFFLINE:
        # The looks that confirmed it came on time; an unbroken streak began with the late ones.
        closing = Observation(state.device_id, stretch.end, Evidence.SILENT, state.interval_s)
        streak_policy = replace(policy, offline_after=1)
        state, changes = advance(state, closing, streak_policy)
        _replay(spans, changes)
    return spans


def _replay(spans: list[tuple[int, Connectivity]], changes: Iterable[StateChange]) -> None:
    for change in changes:
        if change.axis is Axis.CONNECTIVITY:
            _put(spans, change.at, Connectivity(change.new))


def _put(spans: list[tuple[int, Connectivity]], at: int, new: Connectivity) -> None:
    """From `at` on the state is `new`; whatever stood later is replaced."""
    while spans and spans[-1][0] >= at:
        spans.pop()
    spans.append((at, new))


def _corrections(spans: list[tuple[int, Connectivity]], stretch: UnknownStretch) -> list[Correction]:
    corrections = []
    ends = [start for start, _ in spans[1:]] + [stretch.end]
    for (start, connectivity), end in zip(spans, ends, strict=True):
        start, end = max(start, stretch.start), min(end, stretch.end)
        if start < end and connectivity is not Connectivity.UNKNOWN:
            corrections.append(
                Correction(stretch.before.device_id, Axis.CONNECTIVITY, start, end, connectivity, Cause.LATE_EVIDENCE)
            )
    return corrections


def difference(stretch: UnknownStretch, wanted: Iterable[Correction], known: Iterable[Correction]) -> list[Correction]:
    """Give the corrections that bring an unknown stretch from what is known of it to what is wanted.

    Evidence that is delivered twice makes no difference; evidence that changes what earlier batches had said makes one,
    back to unknown too.

    Args:
        stretch: the stretch.
        wanted: what `fill` gives for all looks kept.
        known: the corrections by late evidence that are stored, in seq order; those of other seconds don't matter.
    """
    is_known = _pieces(stretch, known)
    is_wanted = _pieces(stretch, wanted)
    edges = sorted({edge for start, end, _ in (*is_known, *is_wanted) for edge in (start, end)})
    corrections: list[Correction] = []
    for start, end in pairwise(edges):
        new = _piece_at(is_wanted, start)
        if new == _piece_at(is_known, start):
            continue
        before = corrections[-1] if corrections else None
        if before is not None and before.end == start and before.state == new:
            corrections[-1] = replace(before, end=end)
        else:
            device_id = stretch.before.device_id
            corrections.append(Correction(device_id, Axis.CONNECTIVITY, start, end, new, Cause.LATE_EVIDENCE))
    return corrections


def _pieces(stretch: UnknownStretch, corrections: Iterable[Correction]) -> list[tuple[int, int, str]]:
    """Give (from, to, state) of what corrections say of a stretch, the later ones last."""
    pieces = [(stretch.start, stretch.end, str(Connectivity.UNKNOWN))]
    for each in corrections:
        start, end = max(each.start, stretch.start), min(each.end, stretch.end)
        if start < end:
            pieces.append((start, end, each.state))
    return pieces


def _piece_at(pieces: list[tuple[int, int, str]], at: int) -> str:
    return next(state for start, end, state in reversed(pieces) if start <= at < end)
