"""PromQL that several boards ask: names beside codes, targets, and what the variables choose."""

from __future__ import annotations

HEADLINE = 'kind=~"camera|checkpoint"'
COUNTY, TOWN, CLASS = 'county=~"$county"', 'town=~"$town"', 'class=~"$class"'


def named_county(expr: str) -> str:
    """Put the names of its county beside each series that has a county."""
    return f"{expr} * on (county) group_left (name, name_en) max by (county, name, name_en) ({info('county')})"


def named_town(expr: str) -> str:
    """Put the names of its town beside each series that has a town."""
    return f"{expr} * on (town) group_left (name, name_en) max by (town, name, name_en) ({info('town')})"


def info(level: str) -> str:
    """Give the names of all counties or of all towns."""
    return 'vidnet_region_info{town=""}' if level == "county" else 'vidnet_region_info{town!=""}'


def target(indicator: str, point_class: str = "any") -> str:
    """Give the target in force for the whole city, or for a class of it."""
    return f'max(vidnet_target_ratio{{indicator="{indicator}",class="{point_class}"}})'


def met(value: str, threshold: str) -> str:
    """Give 1 where a value reaches a threshold, else 0; nothing where there is no value."""
    return f"{value} >= bool scalar({threshold})"


MET_SIGN, MISSED_SIGN = "✔", "✘"


def signed(value: str, threshold: str, *, on: str) -> str:
    """Put the label `sign` beside each value: whether it reaches the target; without a target there is no sign.

    Args:
        value: rates.
        threshold: the target that is in force.
        on: the labels of the rates.
    """
    met_one = f'label_replace({value} >= scalar({threshold}), "sign", "{MET_SIGN}", "", "")'
    missed_one = f'label_replace({value} < scalar({threshold}), "sign", "{MISSED_SIGN}", "", "")'
    return f"({met_one} or on ({on}) {missed_one} or on ({on}) {value})"


def devices(state: str, *, by: str = "", where: str = "") -> str:
    """Count devices of headline kinds in a state (a regular expression)."""
    place = f",{where}" if where else ""
    grouping = f" by ({by})" if by else ""
    return f'sum{grouping} (vidnet_devices{{{HEADLINE},state=~"{state}"{place}}})'
