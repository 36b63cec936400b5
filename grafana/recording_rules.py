"""The recording rules: rates of city, counties and towns, whole, by class and by kind; counts stay the base.

Names follow `level:metric:operation`. A rate whose denominator is 0 has no sample: no data is neither 0 % nor 100 %
(RULES §5), and neither is data that is gone. Rates are snapshots in devices; the weekly report's are in seconds.
"""

from __future__ import annotations

from typing import Any

import yaml

HEADLINE = 'kind=~"camera|checkpoint"'
EVERY = "30s"

LEVELS = {"city": (), "county": ("county",), "town": ("county", "town")}
SPLITS = {"": (), "_class": ("class",), "_kind": ("kind",)}


def recording_rules() -> dict[str, Any]:
    """Give the content of the rules file."""
    return {"groups": [_devices(level) for level in LEVELS] + [_points(), _records(), _short()]}


def text() -> str:
    """Give the rules file as it is committed."""
    head = (
        "# Built by `make dashboards` from grafana/recording_rules.py: change it there.\n"
        "# 由 `make dashboards` 生成，请勿直接修改。\n"
    )
    return head + yaml.safe_dump(recording_rules(), sort_keys=False, allow_unicode=True, width=1_000)


def _devices(level: str) -> dict[str, Any]:
    rules = []
    for suffix, labels in SPLITS.items():
        by = ", ".join((*LEVELS[level], *labels))
        name = f"{level}{suffix}"
        # Gateways and recorders are counted by county only, and no headline counts them.
        kinds = HEADLINE if level == "town" or suffix != "_kind" else 'kind!=""'
        place = ',town!=""' if level == "town" else ""
        devices = f"vidnet_devices{{{kinds}{place},state=~"
        conditions = f"vidnet_devices_condition{{{HEADLINE}{place},condition=~"
        online = f'sum by ({by}) ({devices}"online"}})'
        offline = f'sum by ({by}) ({devices}"offline"}})'
        assessed = f'sum by ({by}) ({devices}"online|offline"}})'
        counted = f'sum by ({by}) ({devices}"online|offline|unknown"}})'
        intact = f'sum by ({by}) ({conditions}"intact"}})'
        judged = f'(sum by ({by}) ({conditions}"intact|faulty"}}) + {offline})'
        rules += [
            _rule(f"{name}:vidnet_assessed:sum", assessed),
            _rule(f"{name}:vidnet_online:ratio", f"{online} / ({assessed} > 0)"),
            _rule(f"{name}:vidnet_measured:ratio", f"{assessed} / ({counted} > 0)"),
            _rule(f"{name}:vidnet_intact:ratio", f"{intact} / ({judged} > 0)"),
            _rule(f"{name}:vidnet_judged:ratio", f"{judged} / ({assessed} > 0)"),
        ]
    return {"name": f"vidnet_{level}", "interval": EVERY, "rules": rules}


def _points() -> dict[str, Any]:
    rules = []
    for name, metric, by in (
        ("city_class", "vidnet_points", "class"),
        ("county_class", "vidnet_points", "county, class"),
        ("city_ring", "vidnet_ring_points", "ring"),
        ("city_site_kind", "vidnet_site_points", "site_kind"),
    ):
        for record, basis in (("networked", "networked"), ("effective", "now")):
            met = f'sum by ({by}) ({metric}{{basis="{basis}",coverage="covered"}})'
            required = f'sum by ({by}) ({metric}{{basis="{basis}"}})'
            rules.append(_rule(f"{name}:vidnet_{record}:ratio", f"{met} / ({required} > 0)"))
    for level in ("city", "county"):
        labels = ", ".join(LEVELS[level])
        met = f'sum by ({labels}) (vidnet_communities{{coverage="covered"}})'
        required = f"(sum by ({labels}) (vidnet_communities) > 0)"
        rules.append(_rule(f"{level}:vidnet_communities:ratio", f"{met} / {required}"))
    return {"name": "vidnet_points", "interval": EVERY, "rules": rules}


def _records() -> dict[str, Any]:
    """Which devices have a record, how much of it is filled, whose clocks are right, and the city's faults.

    The last is a sum only because its trend is asked for over weeks: summing hundreds of series there takes a second.
    """
    rules = [_rule("city_fault:vidnet_device_faults:sum", "sum by (fault) (vidnet_device_faults)")]
    for name, record, metric, good, by in (
        ("city", "archived", "vidnet_archive_devices", 'archived="yes"', ""),
        ("county", "archived", "vidnet_archive_devices", 'archived="yes"', "county"),
        ("city", "archive", "vidnet_archive_fields", 'filled="yes"', ""),
        ("city_class", "archive", "vidnet_archive_class_fields", 'filled="yes"', "class"),
        ("county", "archive", "vidnet_archive_fields", 'filled="yes"', "county"),
        ("city", "clock", "vidnet_device_clocks", 'clock="within"', ""),
        ("city_class", "clock", "vidnet_device_clocks", 'clock="within"', "class"),
        ("county", "clock", "vidnet_device_clocks", 'clock="within"', "county"),
        ("county_class", "clock", "vidnet_device_clocks", 'clock="within"', "county, class"),
    ):
        rate = f"sum by ({by}) ({metric}{{{good}}}) / (sum by ({by}) ({metric}) > 0)"
        rules.append(_rule(f"{name}:vidnet_{record}:ratio", rate))
    return {"name": "vidnet_records", "interval": EVERY, "rules": rules}


def _short() -> dict[str, Any]:
    """How many devices more must come online, or be mended, for the target to be met now (RULES §7).

    A millionth is taken off before rounding up, because 0.95 is no exact number here; the monitor's own figure is.
    """
    rules = []
    for level in ("city", "county"):
        by = ", ".join(LEVELS[level])
        online = f'sum by ({by}) (vidnet_devices{{{HEADLINE},state="online"}})'
        offline = f'sum by ({by}) (vidnet_devices{{{HEADLINE},state="offline"}})'
        intact = f'sum by ({by}) (vidnet_devices_condition{{{HEADLINE},condition="intact"}})'
        judged = f'(sum by ({by}) (vidnet_devices_condition{{{HEADLINE},condition=~"intact|faulty"}}) + {offline})'
        for indicator, good, of in (("online", online, f"{level}:vidnet_assessed:sum"), ("intact", intact, judged)):
            target = f'scalar(max(vidnet_target_ratio{{indicator="{indicator}",class="any"}}))'
            missing = f"{target} * {of} - {good} - 1e-6"
            rules.append(_rule(f"{level}:vidnet_{indicator}_short:sum", f"clamp_min(ceil({missing}), 0)"))
    return {"name": "vidnet_short", "interval": EVERY, "rules": rules}


def _rule(record: str, expr: str) -> dict[str, str]:
    return {"record": record, "expr": expr.replace(" by ()", "")}
