"""The oracle for looks: RULES §2 (connectivity), §3 (condition) and §4 (late evidence), second by second.

Written from RULES.md alone; imports nothing of the product. Slow and plain on purpose: every second is decided
by looking at the evidence around it. All lists of states are indexed by ``t - created_at``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

ONLINE, OFFLINE, UNKNOWN = "online", "offline", "unknown"
INTACT, FAULTY = "intact", "faulty"
ANSWERED, SILENT, CONFIRMED, NONE = "answered", "silent", "silent_confirmed", "none"

Pause = tuple[int, int | None]  # (begin, end); end None: still going on


class Look(NamedTuple):
    """One look. A plain ``(at, outcome, interval_s)`` may be given wherever only connectivity is asked.

    ``outcome`` is "answered", "silent", "none", or "silent_confirmed" (a pushed offline, §1). ``interval_s`` is
    the interval in force when the look was scheduled. ``kind`` is the kind of evidence an *answered* look is; a
    look that was answered but could tell nothing of its kind is given with kind "".
    """

    at: int
    outcome: str
    interval_s: int = 300
    kind: str = "health"
    faults: frozenset[str] = frozenset()
    could_show: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Policy:
    """The settings the rules name, with their defaults."""

    offline_after: int = 3
    interval_s: int = 300
    recheck_s: int = 30
    fault_after: int = 2
    evidence_max_age_s: int = 48 * 3600
    intact_requires: tuple[str, ...] = ("health",)
    counting: frozenset[str] = frozenset({"A", "B"})

    def stale_after(self, interval_s: int) -> int:
        """3 intervals + 60 s, of the interval of the look that was last."""
        return 3 * interval_s + 60

    @property
    def pause_counts_after(self) -> int:
        """A pause counts once it has lasted more than this."""
        return 2 * self.interval_s + 60


def evidence_of(looks: Iterable[Sequence], *, horizon: int) -> list[Look]:
    """The looks that are evidence, in the order given.

    Left out: looks set aside ("none"), looks not newer than the evidence before them (§1: they never count;
    filling open seconds is `late_history`'s business), and looks after the horizon (not known yet; one *at* the
    horizon is known).
    """
    kept: list[Look] = []
    for item in looks:
        look = Look(*item)
        if look.outcome == NONE or look.at > horizon:
            continue
        if kept and look.at <= kept[-1].at:
            continue
        kept.append(look)
    return kept


def counting_pauses(pauses: Iterable[Pause], *, horizon: int, policy: Policy) -> list[tuple[int, int]]:
    """The pauses that count as known at the horizon: lasted (so far) more than 2 x interval + 60."""
    known = [(begin, horizon if end is None else min(end, horizon)) for begin, end in pauses]
    return [(begin, end) for begin, end in known if end - begin > policy.pause_counts_after]


def pauses_of(looks: Sequence[tuple[int, int, int]], *, policy: Policy) -> list[Pause]:
    """All pauses of one collector from its looks ``(started, finished, next_due)``, in order.

    The last one is still going on. ``next_due`` is when the collector's next look (at any device) was due as
    known when this one finished. Whether they count is `counting_pauses`.
    """
    pauses: list[Pause] = []
    for number, (_, finished, next_due) in enumerate(looks):
        begin = max(finished + policy.interval_s, next_due)
        end = looks[number + 1][0] if number + 1 < len(looks) else None
        if end is None or end > begin:
            pauses.append((begin, end))
    return pauses


@dataclass(frozen=True)
class Run:
    """Evidence in a row without a break.

    ``lost`` is the instant from which the time after its last evidence is unknown. It is None only for the last
    run, when nothing has been missed by the horizon. ``end`` is the next run's first evidence, or the horizon.
    """

    evidence: list[Look]
    lost: int | None
    end: int


def _lost_after(look: Look, close: int, *, policy: Policy, pauses: list[tuple[int, int]]) -> int | None:
    """From when the time between this evidence and ``close`` (next evidence or horizon) is unknown, or None: no trace.

    - A counting pause that begins strictly between the two makes it unknown from the pause's beginning,
      whatever was due ("in place of staleness"), unless staleness had been reached before the pause began.
    - Otherwise a gap > stale_after makes it unknown since the instant the next look was due.
    """
    stale_at = look.at + policy.stale_after(look.interval_s)
    begins = [begin for begin, _ in pauses if look.at < begin < close and begin <= stale_at]
    if begins:
        return min(begins)
    if close > stale_at:
        return look.at + look.interval_s
    return None


def runs_of(evidence: list[Look], *, horizon: int, policy: Policy, pauses: Iterable[Pause]) -> list[Run]:
    """Split the evidence at every gap that leaves a trace: a streak never reaches over one (§2, 'drops it')."""
    counting = counting_pauses(pauses, horizon=horizon, policy=policy)
    runs: list[Run] = []
    row: list[Look] = []
    for number, look in enumerate(evidence):
        row.append(look)
        last = number + 1 == len(evidence)
        close = horizon if last else evidence[number + 1].at
        lost = _lost_after(look, close, policy=policy, pauses=counting)
        if lost is not None or last:
            runs.append(Run(row, lost, close))
            row = []
    return runs


def silent_row(run: Run, number: int) -> tuple[int, int]:
    """First and last index of the silent looks in a row that this silent look belongs to."""
    first = last = number
    while first > 0 and run.evidence[first - 1].outcome != ANSWERED:
        first -= 1
    while last + 1 < len(run.evidence) and run.evidence[last + 1].outcome != ANSWERED:
        last += 1
    return first, last


def confirming_look(run: Run, number: int, *, policy: Policy) -> Look | None:
    """The look that confirms the silent row of this silent look, or None: never confirmed (as known at the horizon)."""
    first, last = silent_row(run, number)
    for index in range(first, last + 1):
        if run.evidence[index].outcome == CONFIRMED or index - first + 1 >= policy.offline_after:
            return run.evidence[index]
    return None


def _state_in_run(run: Run, t: int, *, policy: Policy) -> str:
    number = max(index for index, look in enumerate(run.evidence) if look.at <= t)
    lost = run.lost is not None and t >= run.lost
    if run.evidence[number].outcome == ANSWERED:
        return UNKNOWN if lost else ONLINE
    if confirming_look(run, number, policy=policy) is not None:
        # Offline since the first silent look of the row, so all of the row's seconds.
        return UNKNOWN if lost else OFFLINE
    first, last = silent_row(run, number)
    if run.lost is not None and last == len(run.evidence) - 1:
        return UNKNOWN  # the gap dropped an unconfirmed streak: unknown since its first silent look
    # Unconfirmed: the state stays. Before it, in the same run, can only stand an answer; else the run began unknown.
    return ONLINE if first > 0 else UNKNOWN


def connectivity(
    looks: Iterable[Sequence], *, created_at: int, horizon: int, policy: Policy, pauses: Iterable[Pause] = ()
) -> list[str]:
    """§2: the state of every second of [created_at, horizon), as known at the horizon."""
    evidence = evidence_of(looks, horizon=horizon)
    if evidence and evidence[0].at < created_at:
        raise ValueError("a look before the record was created")
    states = [UNKNOWN] * (horizon - created_at)
    for run in runs_of(evidence, horizon=horizon, policy=policy, pauses=pauses):
        for t in range(run.evidence[0].at, run.end):
            states[t - created_at] = _state_in_run(run, t, policy=policy)
    return states


# --- §3 ---


def fault_spans(
    evidence: list[Look], fault: str, *, horizon: int, policy: Policy, clears: Iterable[tuple[int, str]] = ()
) -> list[tuple[int, int]]:
    """The spans [from, to) in which one fault stands confirmed, as known at the horizon.

    A look that shows it counts one; a look that could have shown it and did not, or a person, clears it and its
    count. Looks that could not have shown it (all silent ones) and gaps of any length change nothing.
    """
    events: list[tuple[int, int, bool]] = []  # at, order within the second, shown?
    for look in evidence:
        if look.outcome == ANSWERED and fault in look.faults | look.could_show:
            events.append((look.at, 0, fault in look.faults))
    events += [(at, 1, False) for at, cleared in clears if cleared == fault and at <= horizon]
    spans: list[tuple[int, int]] = []
    seen: list[int] = []
    for at, _, shown in sorted(events):
        if shown:
            seen.append(at)
            continue
        if len(seen) >= policy.fault_after:
            spans.append((seen[0], at))
        seen = []
    if len(seen) >= policy.fault_after:
        spans.append((seen[0], horizon))
    return spans


def still_seconds(
    evidence: list[Look],
    *,
    created_at: int,
    horizon: int,
    policy: Policy,
    pauses: Iterable[Pause] = (),
    parent_confirmed: Iterable[int] = (),
) -> list[bool]:
    """The seconds in which the age of evidence stands still.

    From the look that *confirms* the device offline (not the first silent one), or from the instants in
    ``parent_confirmed``, to the device's next answer, whatever the connectivity is in between.
    """
    starts = list(parent_confirmed)
    for run in runs_of(evidence, horizon=horizon, policy=policy, pauses=pauses):
        for number, look in enumerate(run.evidence):
            if look.outcome != ANSWERED:
                confirming = confirming_look(run, number, policy=policy)
                if confirming is not None:
                    starts.append(confirming.at)
    still = [False] * (horizon - created_at)
    for start in starts:
        answers = [look.at for look in evidence if look.outcome == ANSWERED and look.at >= start]
        for t in range(start, min([*answers, horizon])):
            still[t - created_at] = True
    return still


def condition(
    looks: Iterable[Sequence],
    *,
    created_at: int,
    horizon: int,
    policy: Policy,
    pauses: Iterable[Pause] = (),
    clears: Iterable[tuple[int, str]] = (),
    parent_confirmed: Iterable[int] = (),
) -> list[str]:
    """§3: "intact", "faulty" or "unknown" for every second of [created_at, horizon), as known at the horizon.

    ``clears`` are a person's approved clearings, ``(at, fault)``; one comes after a look of the same second.
    """
    evidence = evidence_of(looks, horizon=horizon)
    clears = list(clears)
    seconds = horizon - created_at
    faulty = [False] * seconds
    for fault in policy.counting:
        for begin, end in fault_spans(evidence, fault, horizon=horizon, policy=policy, clears=clears):
            for t in range(begin, end):
                faulty[t - created_at] = True
    still = still_seconds(
        evidence,
        created_at=created_at,
        horizon=horizon,
        policy=policy,
        pauses=pauses,
        parent_confirmed=parent_confirmed,
    )
    fresh = [True] * seconds
    for kind in policy.intact_requires:
        # Whoever answers a deep look answers its first question too, which is that of a health look.
        at_second = {look.at for look in evidence if look.outcome == ANSWERED and kind in (look.kind, "health")}
        age: int | None = None
        for number in range(seconds):
            if created_at + number in at_second:
                age = 0
            elif age is not None and not still[number - 1]:
                age += 1
            fresh[number] &= age is not None and age < policy.evidence_max_age_s
    return [FAULTY if faulty[n] else INTACT if fresh[n] else UNKNOWN for n in range(seconds)]
