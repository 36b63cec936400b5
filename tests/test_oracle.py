"""The oracle itself, against the worked examples of RULES.md and what must hold of any history."""

from __future__ import annotations

import ast
import random
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from tests import oracle
from tests.oracle import ANSWERED, CONFIRMED, NONE, SILENT, Look, Policy, spans

ZONE = 8 * 3600
DAY = 86_400
MONDAY = 1_749_398_400  # 2025-06-09 00:00 in Asia/Shanghai
POLICY = Policy()


def at(text: str) -> int:
    """The instant of a time of the Monday."""
    parts = [*map(int, text.split(":")), 0]
    return MONDAY + parts[0] * 3600 + parts[1] * 60 + parts[2]


def looks(*items: str, interval_s: int = 300) -> list[Look]:
    """Looks written "+10:00:00" (answered), "-10:05:00" (silent), "!10:05" (pushed silence), "010:05" (set aside)."""
    outcome = {"+": ANSWERED, "-": SILENT, "!": CONFIRMED, "0": NONE}
    return [Look(at(item[1:]), outcome[item[0]], interval_s) for item in items]


def every(first: str, last: str, step: int = 300) -> list[str]:
    """Times from first to last."""
    texts = []
    for t in range(at(first) - MONDAY, at(last) - MONDAY + 1, step):
        texts.append(f"{t // 3600:02}:{t // 60 % 60:02}:{t % 60:02}")
    return texts


def seen(found: list[str], begin: str) -> list[tuple[str, str, str]]:
    """Spans as text, to compare with the examples."""

    def clock(t: int) -> str:
        t -= MONDAY
        return f"{t // 3600:02}:{t // 60 % 60:02}:{t % 60:02}"

    return [(clock(a), clock(b), state) for a, b, state in spans(found, begin=at(begin))]


def run(given: list[Look], *, end: str, begin: str = "10:00:00", **more) -> list[tuple[str, str, str]]:
    found = oracle.connectivity(given, created_at=at(begin), horizon=at(end), policy=POLICY, **more)
    return seen(found, begin)


def test_the_oracle_imports_nothing_of_the_product():
    for path in sorted(Path(__file__).parent.glob("oracle*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, path
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top in sys.stdlib_module_names or name.startswith("tests.oracle_"), (path, name)
        assert "import_module" not in path.read_text(encoding="utf-8")


def test_example_1_three_silent_looks_are_offline_since_the_first():
    given = looks("+10:00", "-10:05:00", "-10:05:30", "-10:06:00", "+10:11:00")
    assert run(given, end="10:12") == [
        ("10:00:00", "10:05:00", "online"),
        ("10:05:00", "10:11:00", "offline"),
        ("10:11:00", "10:12:00", "online"),
    ]


def test_example_2_two_silent_looks_change_nothing():
    given = looks("+10:00", "-10:05:00", "-10:05:30", "+10:06")
    assert run(given, end="10:12") == [("10:00:00", "10:12:00", "online")]


def test_example_3_a_gap_is_unknown_since_the_next_look_was_due():
    assert run(looks("+10:00", "+12:00:10"), end="12:05") == [
        ("10:00:00", "10:05:00", "online"),
        ("10:05:00", "12:00:10", "unknown"),
        ("12:00:10", "12:05:00", "online"),
    ]
    assert run(looks("+10:00", "+10:10"), end="10:15") == [("10:00:00", "10:15:00", "online")]


def test_example_3_is_the_same_when_the_monitor_says_it_paused():
    pauses = oracle.pauses_of(
        [(at("10:00"), at("10:00"), at("10:05")), (at("12:00"), at("12:00:05"), at("12:00:10"))], policy=POLICY
    )
    assert pauses[0] == (at("10:05"), at("12:00"))
    assert run(looks("+10:00", "+12:00:10"), end="12:05", pauses=pauses) == [
        ("10:00:00", "10:05:00", "online"),
        ("10:05:00", "12:00:10", "unknown"),
        ("12:00:10", "12:05:00", "online"),
    ]


@pytest.mark.parametrize("paused", [False, True])
def test_example_4_late_looks_fill_the_unknown_stretch(paused):
    on_time = looks("+10:00", "+12:00:10")
    late = looks(*("+" + t for t in every("10:05", "11:55")))
    random.Random(4).shuffle(late)
    pauses = [(at("10:05"), at("12:00"))] if paused else []
    found = oracle.late_history(
        on_time, late, created_at=at("10:00"), horizon=at("12:30"), policy=POLICY, pauses=pauses
    )
    found = found[: at("12:05") - at("10:00")]
    assert seen(found, "10:00") == [("10:00:00", "12:05:00", "online")]
    stretch = oracle.late(
        oracle.Stored(at("10:00"), 300, "online"),
        late,
        looks("+12:00:10"),
        since=at("10:05"),
        until=at("12:00:10"),
        horizon=at("12:05"),
        policy=POLICY,
        pauses=pauses,
    )
    assert stretch == ["online"] * (7200 + 10 - 300)


def test_example_5_a_gap_drops_the_streak():
    given = looks("+10:00", "-10:05", "-10:05:30", "-11:00:00", "-11:00:30", "-11:01:00")
    assert run(given, end="11:05") == [
        ("10:00:00", "10:05:00", "online"),
        ("10:05:00", "11:00:00", "unknown"),
        ("11:00:00", "11:05:00", "offline"),
    ]


def week_of(*offline: tuple[str, str], exemptions: list) -> dict[str, int]:
    """The sums of a week whose Monday is counted by the second and whose other six days are intact throughout."""
    states = ["online"] * DAY
    for begin, end in offline:
        for t in range(at(begin), at(end)):
            states[t - MONDAY] = "offline"
    device = oracle.Device("cam", created_at=MONDAY)
    row = oracle.buckets(device, states, ["intact"] * DAY, begin=MONDAY, end=MONDAY + DAY, exemptions=exemptions)
    total = oracle.sums([(device, row)], begin=MONDAY)
    assert list(total) == [("city", None, None, None)]
    n = total["city", None, None, None]
    n["intact"] += 6 * DAY
    return dict(n)


def test_example_6_exempt_seconds_leave_the_rate():
    n = week_of(("2:00", "6:00"), exemptions=[oracle.Exemption("device", "cam", at("3:00"), at("5:00"))])
    assert n == {"offline": 7200, "exempt_offline": 7200, "intact": 590_400}
    rates = oracle.figures(n)
    assert rates["online"] == Fraction(590_400, 597_600)
    assert rates["raw_online"] == Fraction(590_400, 604_800)


def test_example_7_an_exempt_day_online_is_nowhere_a_loss():
    rates = oracle.figures(week_of(exemptions=[oracle.Exemption("region", "city", MONDAY, MONDAY + DAY)]))
    assert rates["online"] == rates["raw_online"] == rates["measured_share"] == 1


def test_example_9_the_intact_rate_has_bounds():
    rates = oracle.figures({"intact": 19, "condition_unknown": 76, "offline": 5})
    assert rates["intact"] == Fraction(19, 24)
    assert rates["judged_share"] == Fraction(24, 100)
    assert (rates["intact_low"], rates["intact_high"]) == (Fraction(19, 100), Fraction(95, 100))
    assert oracle.figures({})["intact"] is None


def deep(time: str, shown: str = "", could: str = "") -> Look:
    return Look(at(time), ANSWERED, 7200, "deep", frozenset(shown), frozenset(shown + could))


def test_example_13_a_fault_confirmed_later_makes_an_earlier_instant_faulty():
    given = [
        deep("5:00", could="AB"),
        deep("6:00", "A"),
        deep("8:00", "B"),
        deep("9:00", "B"),
        deep("10:00", could="B"),
    ]
    policy = Policy(intact_requires=("deep",))
    more = {"created_at": at("5:00"), "horizon": at("13:00"), "policy": policy}
    assert seen(oracle.condition(given, **more), "5:00") == [
        ("05:00:00", "08:00:00", "intact"),
        ("08:00:00", "10:00:00", "faulty"),
        ("10:00:00", "13:00:00", "intact"),
    ]
    assert seen(oracle.condition([*given, deep("12:00", "A")], **more), "5:00") == [
        ("05:00:00", "06:00:00", "intact"),
        ("06:00:00", "13:00:00", "faulty"),
    ]


def test_a_fault_seen_once_counts_for_nothing_once_a_look_could_have_shown_it():
    given = [deep("6:00", "A"), deep("7:00", could="A"), deep("8:00", "A"), deep("9:00", could="B")]
    found = oracle.condition(given, created_at=at("6:00"), horizon=at("10:00"), policy=Policy(intact_requires=()))
    assert set(found) == {"intact"}
    informing = Policy(intact_requires=(), counting=frozenset("B"))
    found = oracle.condition(
        [deep("6:00", "A"), deep("7:00", "A")], created_at=at("6:00"), horizon=at("10:00"), policy=informing
    )
    assert set(found) == {"intact"}


def test_a_person_clears_a_fault_that_refused_looks_do_not():
    given = [deep("6:00", "A"), deep("7:00", "A"), *looks("-8:00", "-8:00:30", "-8:01")]
    more = {"created_at": at("6:00"), "horizon": at("10:00"), "policy": Policy(intact_requires=())}
    assert set(oracle.condition(given, **more)) == {"faulty"}
    assert seen(oracle.condition(given, **more, clears=[(at("9:00"), "A")]), "6:00") == [
        ("06:00:00", "09:00:00", "faulty"),
        ("09:00:00", "10:00:00", "intact"),
    ]


def test_the_age_of_evidence_stands_still_from_the_confirming_look_to_the_next_answer():
    policy = Policy(evidence_max_age_s=1000, intact_requires=("deep",))
    given = looks("+10:00", "-10:05", "-10:05:30", "-10:06:00", "-10:11", "-10:16")
    given[0] = Look(*given[0])._replace(kind="deep")
    more = {"created_at": at("10:00"), "policy": policy}
    assert set(oracle.condition(given, horizon=at("12:00"), **more)) == {"intact"}
    given = [*given, Look(at("10:20"), ANSWERED, 300)]  # an answer, but no evidence of kind deep
    assert seen(oracle.condition(given, horizon=at("11:00"), **more), "10:00") == [
        ("10:00:00", "10:30:40", "intact"),  # 360 s before the stop, 640 s after 10:20
        ("10:30:40", "11:00:00", "unknown"),
    ]
    # an age that ends with the very second of the confirming look has ended
    short = {"created_at": at("10:00"), "horizon": at("10:30")}
    found = oracle.condition(given[:5], **short, policy=Policy(evidence_max_age_s=360))
    assert seen(found, "10:00")[0] == ("10:00:00", "10:06:00", "intact")
    assert set(oracle.condition(given[:5], **short, policy=Policy(evidence_max_age_s=361))) == {"intact"}
    # without confirmation it runs on
    assert seen(oracle.condition(given[:3], horizon=at("11:00"), **more), "10:00") == [
        ("10:00:00", "10:16:40", "intact"),
        ("10:16:40", "11:00:00", "unknown"),
    ]


@pytest.mark.parametrize(("gap", "found"), [(959, {"online"}), (960, {"online"}), (961, {"online", "unknown"})])
def test_staleness_begins_after_three_intervals_and_a_minute(gap, found):
    more = {"created_at": MONDAY, "policy": POLICY}
    assert set(oracle.connectivity([(MONDAY, ANSWERED, 300)], horizon=MONDAY + gap, **more)) == found
    both = [(MONDAY, ANSWERED, 300), (MONDAY + gap, ANSWERED, 300)]
    states = oracle.connectivity(both, horizon=MONDAY + gap + 1, **more)
    assert set(states) == found
    assert states.count("unknown") == (661 if gap == 961 else 0)


def test_an_unconfirmed_streak_that_ends_in_silence_is_unknown_from_its_first_look():
    given = looks("+10:00", "-10:04:50", "-10:05:20")
    assert run(given, end="10:21:20") == [("10:00:00", "10:21:20", "online")]
    assert run(given, end="10:21:21")[1] == ("10:04:50", "10:21:21", "unknown")


def test_a_device_that_never_answered_is_unknown_until_its_silence_is_confirmed():
    assert run(looks("-10:01", "-10:02"), end="10:05") == [("10:00:00", "10:05:00", "unknown")]
    assert run(looks("-10:01", "-10:02", "010:02:30", "-10:03"), end="10:05") == [
        ("10:00:00", "10:01:00", "unknown"),
        ("10:01:00", "10:05:00", "offline"),
    ]
    assert run(looks("-10:01", "-10:02", "+10:03"), end="10:05")[0] == ("10:00:00", "10:03:00", "unknown")


def test_evidence_not_newer_never_counts():
    given = looks("+10:00", "-10:05", "-10:05", "-10:04", "+10:05", "-10:05:30", "-10:05:30")
    assert run(given, end="10:10") == [("10:00:00", "10:10:00", "online")]


def test_a_pushed_offline_is_confirmed_at_once():
    assert run(looks("+10:00", "-10:05", "!10:05:10"), end="10:10")[1] == ("10:05:00", "10:10:00", "offline")


def test_a_pause_of_ours_weighs_alike_on_the_dead_and_the_living():
    pauses = [(at("10:05"), at("10:50"))]
    living = looks("+9:57", "+10:51")
    dead = looks("-9:00", "-9:00:30", "-9:01", "-9:31", "-10:00", interval_s=1800) + looks("-10:52", "-10:53", "-10:54")
    assert run(living, begin="9:57", end="10:55", pauses=pauses) == [
        ("09:57:00", "10:05:00", "online"),
        ("10:05:00", "10:51:00", "unknown"),
        ("10:51:00", "10:55:00", "online"),
    ]
    assert run(dead, begin="9:00", end="10:55", pauses=pauses) == [
        ("09:00:00", "10:05:00", "offline"),
        ("10:05:00", "10:52:00", "unknown"),
        ("10:52:00", "10:55:00", "offline"),
    ]


@pytest.mark.parametrize(("length", "unknown"), [(660, 0), (661, 700)])
def test_a_pause_counts_once_it_has_lasted_more_than_two_intervals_and_a_minute(length, unknown):
    dead = looks("-9:00", "-9:00:30", "-9:01", "-10:00", interval_s=1800)
    dead += [Look(at("10:05") + 700 + n, SILENT, 300) for n in (0, 30, 60)]
    pauses = [(at("10:05"), at("10:05") + length)]
    states = oracle.connectivity(dead, created_at=at("9:00"), horizon=at("10:30"), policy=POLICY, pauses=pauses)
    assert states.count("unknown") == unknown


def test_a_pause_takes_an_unconfirmed_streak_from_its_first_look():
    given = looks("+9:59", "-10:04", "-10:04:30", "-11:00", "+11:01")
    assert run(given, begin="9:59", end="11:02", pauses=[(at("10:09:30"), at("10:59"))]) == [
        ("09:59:00", "10:04:00", "online"),
        ("10:04:00", "11:01:00", "unknown"),
        ("11:01:00", "11:02:00", "online"),
    ]


def test_staleness_reached_before_a_pause_stays():
    given = looks("+9:00", "+11:00")
    assert run(given, begin="9:00", end="11:01", pauses=[(at("9:30"), at("10:30"))])[1][0] == "09:05:00"


def test_late_silence_in_an_unknown_stretch_makes_it_offline_and_known_seconds_stay():
    on_time = looks("+10:00", "-11:00", "+11:04")
    late = looks("-10:50", "-10:55", "+11:05", "+10:02")
    found = oracle.late_history(on_time, late, created_at=at("10:00"), horizon=at("11:06"), policy=POLICY)
    assert seen(found, "10:00") == [
        ("10:00:00", "10:05:00", "online"),
        ("10:05:00", "10:50:00", "unknown"),
        ("10:50:00", "11:04:00", "offline"),
        ("11:04:00", "11:06:00", "online"),
    ]


def test_deliveries_are_split_by_age_and_delay():
    given = [
        (10, (10, ANSWERED, 300)),
        (1000, (900, SILENT, 300)),
        (1000, (900, SILENT, 300)),
        (3000, (2039, SILENT, 300)),
    ]
    on_time, late = oracle.split_late(given, policy=POLICY)
    assert [look.at for look in on_time] == [10, 900]
    assert [look.at for look in late] == [900, 2039]


def test_a_change_replaces_what_stood_later_and_a_persons_correction_stands():
    changes = [oracle.Change(1, 0, "online"), oracle.Change(2, 60, "unknown"), oracle.Change(4, 40, "offline")]
    mine = oracle.Correction(3, 50, 70, "online", by_person=True, withdrawn_seq=9)
    robot = oracle.Correction(5, 45, 60, "unknown")
    more = {"begin": 0, "end": 100}
    assert spans(oracle.overlay(changes, [mine, robot], **more, known_at=8), begin=0) == [
        (0, 40, "online"),
        (40, 45, "offline"),
        (45, 50, "unknown"),
        (50, 70, "online"),
        (70, 100, "offline"),
    ]
    assert spans(oracle.overlay(changes, [mine, robot], **more), begin=0)[2:] == [
        (45, 60, "unknown"),
        (60, 100, "offline"),
    ]
    assert spans(oracle.overlay(changes, [mine, robot], **more, known_at=2), begin=0)[1:] == [(60, 100, "unknown")]


def test_in_service_follows_dates_hours_region_and_retirement():
    device = oracle.Device(
        "cam",
        created_at=at("10:00"),
        commissioning_days=1,
        retired_at=MONDAY + 3 * DAY,
        hours=((22 * 3600, 6 * 3600),),
        region=((0, None), (MONDAY + DAY + 3600, "town")),
    )
    city = oracle.City(tree=((0, {"city": None, "town": "city"}),), assessed_from={"town": MONDAY + DAY + 7200})
    states = [oracle.in_service(device, city, t) for t in range(MONDAY, MONDAY + 4 * DAY)]
    assert spans(["in" if state else "out" for state in states], begin=0) == [
        (0, DAY + 7200, "out"),
        (DAY + 7200, DAY + 6 * 3600, "in"),
        (DAY + 6 * 3600, DAY + 22 * 3600, "out"),
        (DAY + 22 * 3600, 2 * DAY + 6 * 3600, "in"),
        (2 * DAY + 6 * 3600, 2 * DAY + 22 * 3600, "out"),
        (2 * DAY + 22 * 3600, 3 * DAY, "in"),
        (3 * DAY, 4 * DAY, "out"),
    ]


def test_exemptions_reach_down_the_tree_and_the_path():
    device = oracle.Device(
        "cam",
        created_at=MONDAY,
        region=((0, "town"), (MONDAY + 50, "city")),
        point=((0, "p"),),
        path_ancestors=((0, frozenset({"switch"})),),
    )
    city = oracle.City(tree=((0, {"city": None, "town": "city"}),))
    exemptions = [
        oracle.Exemption("point", "p", MONDAY + 10, MONDAY + 20),
        oracle.Exemption("device", "switch", MONDAY + 15, MONDAY + 30),
        oracle.Exemption("region", "town", MONDAY + 40, MONDAY + 60),
        oracle.Exemption("device", "other", MONDAY, MONDAY + 100),
    ]
    states = (["online"] * 25 + ["offline"] * 20 + ["unknown"] * 55, ["faulty"] * 50 + ["unknown"] * 50)
    row = oracle.buckets(device, *states, begin=MONDAY, end=MONDAY + 100, city=city, exemptions=exemptions)
    assert spans(row, begin=0) == [
        (0, 10, "faulty"),
        (10, 25, "exempt_online"),
        (25, 30, "exempt_offline"),
        (30, 40, "offline"),
        (40, 45, "exempt_offline"),
        (45, 50, "exempt_unknown"),
        (50, 100, "unknown"),
    ]
    total = oracle.sums([(device, row)], begin=MONDAY, city=city)
    assert sum(total["city", None, None, None].values()) == 100
    assert sum(total["town", None, None, None].values()) == 50


@pytest.mark.parametrize("seed", range(12))
def test_any_history_obeys_what_every_reading_of_the_rules_shares(seed):
    history = oracle.random_history(random.Random(seed), with_pauses=seed % 2 == 1)
    more = {
        "created_at": history.created_at,
        "horizon": history.horizon,
        "policy": history.policy,
        "pauses": history.pauses,
    }
    states = oracle.connectivity(history.looks, **more)
    assert len(states) == history.horizon - history.created_at
    evidence = oracle.evidence_of(history.looks, horizon=history.horizon)
    outcome = {look.at: look.outcome for look in evidence}
    before = "unknown"
    for number, state in enumerate(states):
        what = outcome.get(history.created_at + number)
        if what == ANSWERED:
            assert state == "online"
        if what == SILENT and before == "offline":
            assert state == "offline"
        if state == "online" and before != "online":
            assert what == ANSWERED  # nothing but an answer brings online
        if state == "offline" and before != "offline":
            assert what == SILENT  # offline begins at a silent look
        if state == "unknown":
            assert what != ANSWERED
        before = state
    fitness = oracle.condition(history.looks, **more)
    assert len(fitness) == len(states)
    again = oracle.connectivity([look for look in history.looks for _ in (1, 2)], **more)
    assert again == states  # delivery twice changes nothing


@pytest.mark.parametrize("seed", range(10))
def test_late_looks_fill_stretches_from_the_stored_state_as_from_all_evidence(seed):
    rng = random.Random(seed)
    history = oracle.random_history(rng)
    policy, begin = history.policy, history.created_at
    more = {"horizon": history.horizon, "policy": policy}
    late = oracle.random_late(rng, created_at=begin, **more)
    evidence = oracle.evidence_of(history.looks, horizon=history.horizon)
    base = oracle.connectivity(evidence, created_at=begin, **more)
    full = oracle.late_history(evidence, late, created_at=begin, only_unknown=True, **more)
    for since, until, state in spans(base, begin=begin):
        if state != "unknown":
            assert full[since - begin : until - begin] == [state] * (until - since)
            continue
        silent: list[Look] = []
        prior = [look for look in evidence if look.at < since]
        if prior:
            if any(look.at == since for look in evidence):  # an unconfirmed streak begins the stretch
                for look in evidence:
                    row = silent[-1] if silent else None
                    close = row is None or look.at - row.at <= policy.stale_after(row.interval_s)
                    if look.at >= since and look.outcome == SILENT and close and look.at < until:
                        silent.append(look)
                    elif look.at >= since:
                        break
            was = base[prior[-1].at - begin]
            last = silent[-1] if silent else prior[-1]
            stored = oracle.Stored(last.at, last.interval_s, was, tuple(look.at for look in silent))
        else:
            stored = oracle.Stored(None, policy.interval_s, "unknown")
        closing = [look for look in evidence if look.at >= since and look not in silent]
        found = oracle.late(stored, late, closing, since=since, until=until, **more)
        assert found == full[since - begin : until - begin]


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_late_batches_does_not_matter(seed):
    rng = random.Random(seed)
    history = oracle.random_history(rng, with_pauses=True)
    more = {"created_at": history.created_at, "horizon": history.horizon, "policy": history.policy}
    late = oracle.random_late(rng, **more)
    more["pauses"] = history.pauses
    found = oracle.late_history(history.looks, late, **more)
    rng.shuffle(late)
    assert oracle.late_history(history.looks, late, **more) == found
    assert oracle.late_history(history.looks, [], **more) == oracle.connectivity(history.looks, **more)


@pytest.mark.parametrize("seed", range(6))
def test_random_inventories_put_each_second_in_one_bucket(seed):
    rng = random.Random(seed)
    device, city, exemptions = oracle.random_inventory(rng)
    changes, corrections = oracle.random_facts(rng)
    period = {"begin": oracle.START, "end": oracle.START + 5000}
    states = oracle.overlay(changes, corrections, **period)
    row = oracle.buckets(device, states, ["unknown"] * 5000, city=city, exemptions=exemptions, **period)
    assert set(row) <= set(oracle.BUCKETS)
    total = oracle.sums([(device, row)], begin=oracle.START, city=city, subtree=False)
    assert sum(sum(counter.values()) for counter in total.values()) == 5000


def step_by_step(history: oracle.History) -> list[oracle.Change]:
    """The changes of a device that is advanced look by look, as a check of the oracle's backward-looking definition.

    Staleness and pauses are noticed at the next look or at the horizon.
    """
    policy, facts = history.policy, []
    state, last, streak = "unknown", None, []

    def change(t: int, new: str) -> None:
        nonlocal state
        facts.append(oracle.Change(len(facts), t, new))
        state = new

    counting = oracle.counting_pauses(history.pauses, horizon=history.horizon, policy=policy)
    for look in [*history.looks, Look(history.horizon, "end")]:
        if look.outcome == NONE or (last and look.at <= last.at and look.outcome != "end"):
            continue
        if last:
            stale_at = last.at + policy.stale_after(last.interval_s)
            began = [begin for begin, _ in counting if last.at < begin < look.at and begin <= stale_at]
            if began or look.at > stale_at:
                unconfirmed = streak and len(streak) < policy.offline_after
                change(streak[0] if unconfirmed else min(began, default=last.at + last.interval_s), "unknown")
                streak = []
        last = look
        if look.outcome == ANSWERED:
            streak = []
            if state != "online":
                change(look.at, "online")
        elif look.outcome == SILENT:
            streak.append(look.at)
            if len(streak) == policy.offline_after:
                change(streak[0], "offline")
    return facts


@pytest.mark.parametrize("seed", range(20))
def test_the_definition_agrees_with_advancing_look_by_look(seed):
    history = oracle.random_history(random.Random(seed), with_pauses=seed % 2 == 1)
    period = {"created_at": history.created_at, "horizon": history.horizon}
    states = oracle.connectivity(history.looks, **period, policy=history.policy, pauses=history.pauses)
    facts = step_by_step(history)
    assert oracle.overlay(facts, begin=history.created_at, end=history.horizon) == states
