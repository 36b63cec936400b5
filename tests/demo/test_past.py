"""The simulated city's past: four weeks of it, the same for the same seed, and nothing of the present."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from pathlib import Path

from monitor.adapters.files.regions import read_regions
from monitor.demo.city import City, build_city
from monitor.demo.past import WEEK_S, WEEKS, first_monday, past_of
from monitor.domain.facts import Axis

AT = 1_795_573_327
REGIONS = read_regions(Path(__file__).parents[2] / "config/weifang-regions.csv")


def city(seed: int = 7) -> City:
    return build_city(devices=400, seed=seed, port=18_080, regions=REGIONS, at=AT)


def test_the_past_begins_on_a_monday_four_weeks_before_this_one() -> None:
    start = first_monday(AT)

    begun = datetime.fromtimestamp(start, timezone(timedelta(hours=8)))
    assert (begun.weekday(), begun.hour, begun.minute) == (0, 0, 0)
    assert WEEKS * WEEK_S <= AT - start < (WEEKS + 1) * WEEK_S


def test_every_polled_device_has_a_whole_past_without_overlaps() -> None:
    past = past_of(city())

    assert past == past_of(city())
    assert past != past_of(city(seed=8))
    start = first_monday(AT)
    for axis in Axis:
        spans: dict[str, list[tuple[int, int]]] = {}
        for each in past:
            if each.axis is axis:
                spans.setdefault(each.device_id, []).append((each.start, each.end))
        assert len(spans) == 400
        for found in spans.values():
            edges = sorted(found)
            assert (edges[0][0], edges[-1][1]) == (start, AT)
            assert all(one[1] == other[0] for one, other in itertools.pairwise(edges))


def test_some_are_offline_and_most_are_not() -> None:
    past = [each for each in past_of(city()) if each.axis is Axis.CONNECTIVITY]

    offline = sum(each.end - each.start for each in past if each.state == "offline")
    assert 0.01 < offline / sum(each.end - each.start for each in past) < 0.08
