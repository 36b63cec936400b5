"""The oracle for late evidence, RULES §4: what open seconds become once late looks are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.oracle_looks import (
    ANSWERED,
    CONFIRMED,
    NONE,
    OFFLINE,
    ONLINE,
    SILENT,
    UNKNOWN,
    Look,
    Pause,
    Policy,
    confirming_look,
    connectivity,
    evidence_of,
    runs_of,
)


def split_late(deliveries: Iterable[tuple[int, Sequence]], *, policy: Policy) -> tuple[list[Look], list[Look]]:
    """Split deliveries ``(delivered_at, look)``, in order of delivery, into (on time, late).

    Late: not newer than the last evidence on time, or delivered more than stale_after (of its own interval)
    after its at.
    """
    on_time: list[Look] = []
    late: list[Look] = []
    for delivered_at, item in deliveries:
        look = Look(*item)
        if look.outcome == NONE:
            continue
        old = bool(on_time) and look.at <= on_time[-1].at
        tardy = delivered_at - look.at > policy.stale_after(look.interval_s)
        (late if old or tardy else on_time).append(look)
    return on_time, late


def open_seconds(
    on_time: Iterable[Sequence], *, created_at: int, horizon: int, policy: Policy, pauses: Iterable[Pause] = ()
) -> list[bool]:
    """The seconds late evidence may fill, judged by the evidence on time alone: no batch closes them for another.

    Unknown ones; those from the instant a look was due to the next evidence; those from an unconfirmed silent
    look to the next evidence.
    """
    pauses = list(pauses)
    evidence = evidence_of(on_time, horizon=horizon)
    base = connectivity(evidence, created_at=created_at, horizon=horizon, policy=policy, pauses=pauses)
    opened = [state == UNKNOWN for state in base]
    for run in runs_of(evidence, horizon=horizon, policy=policy, pauses=pauses):
        for number, look in enumerate(run.evidence):
            until = run.evidence[number + 1].at if number + 1 < len(run.evidence) else run.end
            silent = look.outcome != ANSWERED
            unconfirmed = silent and confirming_look(run, number, policy=policy) is None
            for t in range(look.at, until):
                if unconfirmed or t >= look.at + look.interval_s:
                    opened[t - created_at] = True
    return opened


def _merge(on_time: Iterable[Look], late: Iterable[Look]) -> list[Look]:
    """One look a second, in order of at: the one on time, else a late answer, else a late silence."""
    chosen: dict[int, Look] = {}
    for look in late:
        if look.at not in chosen or look.outcome == ANSWERED:
            chosen[look.at] = look
    for look in on_time:
        chosen[look.at] = look
    return [chosen[at] for at in sorted(chosen)]


def _standing(pauses: Iterable[Pause], late: Iterable[Look]) -> list[Pause]:
    """The pauses no kept late look of the device disproves: who looked was not pausing."""
    ats = [look.at for look in late]
    return [(begin, end) for begin, end in pauses if not any(at >= begin and (end is None or at < end) for at in ats)]


def late_history(
    on_time: Iterable[Sequence],
    late_looks: Iterable[Sequence],
    *,
    created_at: int,
    horizon: int,
    policy: Policy,
    pauses: Iterable[Pause] = (),
    only_unknown: bool = False,
) -> list[str]:
    """§4 from the definition: the states of [created_at, horizon) with the late looks filled in.

    All evidence on time is at hand. Late looks at seconds that are not open are dropped; every open second
    takes what all kept evidence in order of at gives; the others keep what the evidence on time gave.
    ``only_unknown`` takes unknown seconds alone as open (what can be computed when nothing but changes to
    unknown store the state).
    """
    pauses = list(pauses)
    evidence = evidence_of(on_time, horizon=horizon)
    base = connectivity(evidence, created_at=created_at, horizon=horizon, policy=policy, pauses=pauses)
    if only_unknown:
        opened = [state == UNKNOWN for state in base]
    else:
        opened = open_seconds(evidence, created_at=created_at, horizon=horizon, policy=policy, pauses=pauses)
    given = [Look(*item) for item in late_looks]
    kept = [
        look
        for look in given
        if look.outcome != NONE and created_at <= look.at < horizon and opened[look.at - created_at]
    ]
    full = connectivity(
        _merge(evidence, kept), created_at=created_at, horizon=horizon, policy=policy, pauses=_standing(pauses, kept)
    )
    return [full[n] if opened[n] else base[n] for n in range(len(base))]


@dataclass(frozen=True)
class Stored:
    """The state a change to unknown stores.

    ``connectivity`` is the state before the unknown stretch: online, offline, or unknown (nothing but a silent
    streak, or nothing at all: ``last_at`` None). ``silent`` are the instants of the unconfirmed streak, empty
    if there is none.
    """

    last_at: int | None
    interval_s: int
    connectivity: str
    silent: tuple[int, ...] = ()


def late(
    stored: Stored,
    late_looks: Iterable[Sequence],
    closing: Iterable[Sequence],
    *,
    since: int,
    until: int,
    horizon: int,
    policy: Policy,
    pauses: Iterable[Pause] = (),
) -> list[str]:
    """The states of one unknown stretch [since, until) once late looks inside it are known.

    ``closing`` is all evidence on time after the stored state, up to the horizon: its first look may be silent
    and then only the following ones end the stretch. Without late looks inside, the stretch stays unknown.
    """
    before: list[Look] = []
    if stored.silent:
        if stored.connectivity == ONLINE:  # an answer just before the streak; its own second is not asked for
            before.append(Look(stored.silent[0] - 1, ANSWERED, stored.interval_s))
        before += [Look(at, SILENT, stored.interval_s) for at in stored.silent]
    elif stored.last_at is not None:
        outcome = {ONLINE: ANSWERED, OFFLINE: CONFIRMED}[stored.connectivity]
        before.append(Look(stored.last_at, outcome, stored.interval_s))
    kept = [Look(*item) for item in late_looks]
    kept = [look for look in kept if look.outcome != NONE and since <= look.at < until]
    if not kept:
        return [UNKNOWN] * (until - since)
    merged = _merge([*before, *evidence_of(closing, horizon=horizon)], kept)
    begin = min(since, merged[0].at)
    full = connectivity(merged, created_at=begin, horizon=horizon, policy=policy, pauses=_standing(pauses, kept))
    return full[since - begin : until - begin]
