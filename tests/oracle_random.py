"""Random histories for the oracle: realistic and nasty looks, late batches, facts and inventories, over a few hours."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.oracle_looks import ANSWERED, NONE, SILENT, Look, Pause, Policy
from tests.oracle_seconds import DAY, Change, City, Correction, Device, Exemption

START = 1_750_000_000
DEEP_FAULTS = frozenset({"A", "C"})
HEALTH_FAULTS = frozenset({"B"})


@dataclass(frozen=True)
class History:
    """One random history: `looks` in order of delivery; the gap of every pause holds no look."""

    created_at: int
    horizon: int
    policy: Policy
    looks: list[Look]
    pauses: list[Pause]


def random_policy(rng: random.Random, *, defaults: bool = False) -> Policy:
    """Mostly the defaults, but with ages of evidence that end within a few hours."""
    if defaults:
        return Policy()
    return Policy(
        offline_after=rng.choice([1, 2, 3, 3, 3, 4]),
        interval_s=rng.choice([300, 300, 300, 120, 600]),
        fault_after=rng.choice([1, 2, 2, 3]),
        evidence_max_age_s=rng.choice([900, 3000, 7200, 48 * 3600]),
        intact_requires=rng.choice([("health",), ("health", "deep"), ("deep",), ()]),
    )


def _step(rng: random.Random, *, interval_s: int, recheck: bool, policy: Policy) -> int:
    """Seconds to the next look: as scheduled, with jitter, or a nasty gap near what decides."""
    stale = policy.stale_after(interval_s)
    nasty = rng.random()
    if nasty < 0.06:
        return max(1, stale + rng.choice([-1, 0, 1]))
    if nasty < 0.09:
        return max(1, interval_s + rng.choice([-1, 0, 1]))
    if nasty < 0.12:
        return stale + rng.randint(2, 2 * stale)
    if nasty < 0.14:
        return rng.randint(1, 3)
    usual = policy.recheck_s if recheck else interval_s
    return max(1, usual + rng.choice([0, 0, 0, 1, 2, -1, 7]))


def _faults(rng: random.Random, kind: str, ill: set[str]) -> tuple[frozenset[str], frozenset[str]]:
    could = DEEP_FAULTS if kind == "deep" else HEALTH_FAULTS
    if rng.random() < 0.15:  # the look could tell less this time
        could = frozenset(fault for fault in could if rng.random() < 0.5)
    shown = frozenset(fault for fault in could if (fault in ill) != (rng.random() < 0.1))
    return shown, could


def random_looks(
    rng: random.Random,
    *,
    created_at: int = START,
    horizon: int = START + 20_000,
    policy: Policy | None = None,
    with_pauses: bool = False,
    nasty_order: bool = True,
) -> tuple[list[Look], list[Pause]]:
    """Looks (and pauses) of one device in [created_at, horizon), in order of delivery.

    The device has up and down times, three silent looks in a row sometimes broken just before the last; the
    interval grows to 1,800 while it is down; some looks are set aside; ``nasty_order`` delivers some twice,
    some older ones and some of the same second with another outcome. Pauses last around
    2 x interval + 60, begin one interval or a little more after the device's look (before its next one was due
    if its interval has grown), and hold no look.
    """
    policy = policy or Policy()
    looks: list[Look] = []
    pauses: list[Pause] = []
    at = created_at + rng.choice([0, 1, rng.randint(0, 1500)])
    down = rng.random() < 0.3
    ill: set[str] = set()
    interval_s, silent = policy.interval_s, 0
    while at < horizon:
        if rng.random() < (0.15 if not down else 0.12):
            down = not down
        ill ^= {fault for fault in "ABC" if rng.random() < 0.08}
        outcome = SILENT if down != (rng.random() < 0.07) else ANSWERED
        if rng.random() < 0.05:
            outcome = NONE
        kind = "deep" if rng.random() < 0.25 else "health"
        shown, could = _faults(rng, kind, ill) if outcome == ANSWERED else (frozenset(), frozenset())
        looks.append(Look(at, outcome, interval_s, kind, shown, could))
        if outcome != NONE:
            silent = silent + 1 if outcome == SILENT else 0
        if nasty_order and rng.random() < 0.06:
            again = rng.choice(looks)
            if rng.random() < 0.5:
                again = Look(again.at, rng.choice([ANSWERED, SILENT]), again.interval_s)
            looks.append(again)
        if nasty_order and rng.random() < 0.03:
            looks.append(Look(max(created_at, at - rng.randint(1, 900)), rng.choice([ANSWERED, SILENT, NONE])))
        recheck = 0 < silent < policy.offline_after
        if silent > policy.offline_after and rng.random() < 0.3:
            interval_s = min(1800, interval_s * 2)  # stands for "offline longer than a day"
        elif silent == 0:
            interval_s = policy.interval_s
        if with_pauses and rng.random() < 0.08:
            begin = at + policy.interval_s + rng.choice([0, 0, 0, 1, 2, 40, 250])
            length = policy.pause_counts_after + rng.choice([-1, 0, 1, 2, 300, 3000])
            pauses.append((begin, begin + length))
            at = begin + length + rng.randint(0, policy.interval_s)
        else:
            at += _step(rng, interval_s=looks[-1].interval_s, recheck=recheck, policy=policy)
    return looks, pauses


def random_history(rng: random.Random, *, with_pauses: bool = False, defaults: bool = False) -> History:
    """A random policy, horizon (up to 20,000 s) and looks; the horizon often ends just around staleness."""
    policy = random_policy(rng, defaults=defaults)
    horizon = START + rng.randint(2_000, 20_000)
    looks, pauses = random_looks(rng, created_at=START, horizon=horizon, policy=policy, with_pauses=with_pauses)
    evidence = [look for look in looks if look.outcome != NONE]
    if evidence and not with_pauses and rng.random() < 0.4:
        last = max(evidence, key=lambda look: look.at)
        horizon = last.at + policy.stale_after(last.interval_s) + rng.choice([-1, 0, 1, 2])
    return History(START, horizon, policy, looks, pauses)


def random_late(rng: random.Random, *, created_at: int, horizon: int, policy: Policy, count: int = 12) -> list[Look]:
    """Late looks anywhere in [created_at, horizon), in bursts, in no order; no two of the same second differ."""
    chosen: dict[int, Look] = {}
    while len(chosen) < count:
        at = rng.randint(created_at, horizon - 1)
        outcome = rng.choice([ANSWERED, SILENT])
        for _ in range(rng.randint(1, 6)):
            if created_at <= at < horizon:
                chosen.setdefault(at, Look(at, outcome, rng.choice([policy.interval_s, policy.interval_s, 1800])))
            at += rng.choice([policy.recheck_s, policy.interval_s, policy.stale_after(policy.interval_s) + 1])
    looks = list(chosen.values())
    rng.shuffle(looks)
    return looks


def random_facts(
    rng: random.Random,
    *,
    begin: int = START,
    end: int = START + 5_000,
    states: tuple[str, ...] = ("online", "offline", "unknown"),
) -> tuple[list[Change], list[Correction]]:
    """Changes (some at an earlier instant than those before) and overlapping corrections, with one common seq."""
    changes: list[Change] = []
    corrections: list[Correction] = []
    at = begin
    for seq in range(1, rng.randint(3, 25)):
        if rng.random() < 0.6:
            at = max(begin - 50, at + rng.choice([rng.randint(0, 600), 0, -rng.randint(1, 300)]))
            changes.append(Change(seq, at, rng.choice(states)))
            continue
        first = rng.randint(begin - 100, end - 1)
        last = min(end, first + rng.randint(1, 1500))
        by_person = rng.random() < 0.5
        withdrawn = seq + 100 + rng.randint(0, 5) if by_person and rng.random() < 0.3 else None
        corrections.append(Correction(seq, first, last, rng.choice(states), by_person, withdrawn))
    return changes, corrections


def random_inventory(
    rng: random.Random, *, begin: int = START, end: int = START + 5_000
) -> tuple[Device, City, list[Exemption]]:
    """One device with moves, service hours and everything else near the period, and exemptions of every scope."""

    def near() -> int:
        return rng.randint(begin - 500, end + 500)

    def steps(values: list) -> tuple:
        instants = sorted({begin - DAY, *(near() for _ in range(rng.randint(0, 2)))})
        return tuple((at, rng.choice(values)) for at in instants)

    city = City(
        zone_offset_s=8 * 3600,
        tree=((0, {"city": None, "county1": "city", "county2": "city", "town1": "county1", "town2": "county2"}),),
        assessed_from={region: near() for region in ("county1", "town2") if rng.random() < 0.3},
    )
    second_of_day = (begin + city.zone_offset_s) % DAY
    edge = (second_of_day + rng.randint(0, end - begin)) % DAY
    hours = rng.choice([(), (), ((edge, (edge + 1000) % DAY),), ((edge, DAY),), ((0, max(1, edge)),)])
    device = Device(
        ident="cam",
        created_at=rng.choice([begin - 2 * DAY, begin - DAY, near()]),
        in_service_from=rng.choice([None, begin - DAY, near()]),
        commissioning_days=rng.choice([0, 0, 1, 2]),
        retired_at=rng.choice([None, None, near()]),
        hours=hours,
        region=steps(["town1", "town2", "county1", "town1", None]),
        point=steps(["p1", "p2", None]),
        path_ancestors=steps([frozenset(), frozenset({"switch"}), frozenset({"switch", "recorder"})]),
        dimensions={
            "class": steps(["first", "second", "third"]),
            "kind": steps(["camera", "checkpoint"]),
            "organisation": steps(["org1", "org2"]),
        },
    )
    scopes = [
        ("device", "cam"), ("device", "other"), ("device", "switch"), ("device", "recorder"), ("point", "p1"),
        ("region", "city"), ("region", "county1"), ("region", "town2"),
    ]  # fmt: skip
    exemptions = []
    for _ in range(rng.randint(0, 4)):
        first = near()
        exemptions.append(Exemption(*rng.choice(scopes), first, first + rng.randint(1, 1500)))
    return device, city, exemptions
