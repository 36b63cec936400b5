"""Explanations and plans as plain values: what `--json` prints and the API answers.

With both indicators the figures of the online rate stand on the first level and those of the intact rate below
`intact`; with one asked for, its figures stand on the first level. Shares are decimals to 9 places, seconds whole
numbers, instants ISO 8601.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from fractions import Fraction
from typing import Any

from monitor.domain.compliance import ComplianceRow, Judged
from monitor.domain.facts import Correction
from monitor.domain.indicator import Indicator
from monitor.domain.printing import percent
from monitor.domain.repair_plan import Plan
from monitor.domain.tally import BUCKETS
from monitor.services.counted_region import judged_of
from monitor.services.explaining import DeviceStory, Explanation, Losses
from monitor.services.planning import RegionPlan
from monitor.services.report_table import exact


def explanation_values(found: Explanation, zone: tzinfo) -> dict[str, Any]:
    """Give an explanation as plain values."""
    tally = found.row.sums.seconds
    common = {
        "period": found.period.name,
        "region": found.row.key.region,
        "name": found.names.get(found.row.key.region, ""),
        "revision": found.revision,
        "seq": found.seq,
        "end": found.end,
        "seconds": {bucket: getattr(tally, bucket) for bucket in BUCKETS},
        "regions": [_part(each, found) for each in found.parts],
        "classes": [_part(each, found) for each in found.classes],
    }
    first, *others = [(losses.indicator.value, _losses(losses, found.row, zone)) for losses in found.losses]
    return common | first[1] | dict(others)


def plan_values(found: RegionPlan, zone: tzinfo) -> dict[str, Any]:
    """Give a region's plans as plain values."""
    common = {
        "region": found.region,
        "week": found.period.name,
        "until": _iso(found.period.end, zone),
        "mended_at": _iso(found.mended_at, zone),
    }
    first, *others = [(indicator.value, _plan(made, found)) for indicator, made in found.plans.items()]
    return common | first[1] | dict(others)


def maintainers_of(made: Plan) -> dict[str, dict[str, int]]:
    """Give by maintainer how many repairs are its, of how many devices, and what they regain."""
    counts: dict[str, dict[str, int]] = {}
    for repair in made.repairs:
        one = counts.setdefault(repair.maintainer, {"repairs": 0, "devices": 0, "gain_s": 0})
        one["repairs"] += 1
        one["devices"] += len(repair.devices)
        one["gain_s"] += repair.gain_s
    return counts


def percent_of(judged: Judged) -> str:
    """Give a rate as it is printed: with as many places as it takes to stand to its target as it does."""
    return percent(judged.rate.value, judged.target.value if judged.target else None)


def _losses(losses: Losses, row: ComplianceRow, zone: tzinfo) -> dict[str, Any]:
    indicator, judged, tally = losses.indicator, losses.judged, row.sums.seconds
    if indicator is Indicator.ONLINE:
        parts = {"online_s": tally.online, "assessed_s": tally.assessed}
    else:
        parts = {"intact_s": tally.intact, "judged_s": tally.judged, "assessed_s": tally.assessed}
    return {
        "indicator": indicator.value,
        f"{indicator.value}_rate": _decimal(judged.rate.value),
        "printed": percent_of(judged),
        **parts,
        "target": None if judged.target is None else _decimal(judged.target.value),
        "verdict": judged.verdict.value if judged.verdict else None,
        "devices_short": judged.short,
        "devices_with_losses": losses.devices,
        "lost_s": losses.lost_s,
        "devices": [_story(story, zone) for story in losses.stories],
    }


def _part(row: ComplianceRow, found: Explanation) -> dict[str, Any]:
    return {
        "region": row.key.region,
        "name": found.names.get(row.key.region, ""),
        "point_class": row.key.point_class.value if row.key.point_class else "any",
        "online_rate": _decimal(judged_of(row, Indicator.ONLINE).rate.value),
        "intact_rate": _decimal(judged_of(row, Indicator.INTACT).rate.value),
        "offline_s": row.sums.seconds.offline,
        "faulty_s": row.sums.seconds.faulty,
    }


def _story(story: DeviceStory, zone: tzinfo) -> dict[str, Any]:
    incident = story.incident
    return {
        "device_id": story.device.id,
        "name": story.name,
        "lost_s": story.lost_s,
        "lost_share": _decimal(story.lost_share),
        "seconds": dict(zip(BUCKETS, story.seconds, strict=True)),
        "days": [{"day": _iso(at, zone)[:10]} | dict(zip(BUCKETS, day, strict=True)) for at, day in story.days],
        "intervals": [
            {
                "state": each.state,
                "from": _iso(each.start, zone),
                "to": _iso(each.end, zone),
                "cause": each.cause,
                "fault": each.fault,
                "looks": list(each.looks),
            }
            for each in story.intervals
        ],
        "incident": None
        if incident is None
        else {"id": incident.id, "zh": incident.zh, "en": incident.en, "party": incident.party.value},
        "exemptions": [
            {
                "id": each.id,
                "from": _iso(each.start, zone),
                "to": _iso(each.end, zone),
                "reason": each.reason,
                "document": each.document,
            }
            for each in story.exemptions
        ],
        "corrections": [_correction(each, zone) for each in story.corrections],
    }


def _correction(correction: Correction, zone: tzinfo) -> dict[str, Any]:
    return {
        "axis": correction.axis.value,
        "from": _iso(correction.start, zone),
        "to": _iso(correction.end, zone),
        "state": correction.state,
        "reason": correction.reason,
        "document": correction.document,
        "approved_by": correction.approved_by,
    }


def _plan(made: Plan, found: RegionPlan) -> dict[str, Any]:
    return {
        "target": _decimal(made.target),
        "rate_now": _decimal(made.now),
        "rate_without_repairs": _decimal(made.without),
        "rate_with_all_repairs": _decimal(made.best),
        "suffices": made.suffices,
        "repairs": [
            {
                "target": repair.target,
                "name": found.names.get(repair.target, ""),
                "fault": found.faults.get(repair.target, "") if repair.is_faulty else "offline",
                "devices": list(repair.devices),
                "maintainer": repair.maintainer,
                "gain_s": repair.gain_s,
                "rate_then": _decimal(rate),
            }
            for repair, rate in zip(made.repairs, made.reached, strict=True)
        ],
        "maintainers": maintainers_of(made),
    }


def _decimal(value: Fraction | None) -> str | None:
    return None if value is None else exact(value)


def _iso(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat()
