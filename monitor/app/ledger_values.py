"""The denominator's ledger as plain values: what `vidnet inventory diff --json` prints and the API answers."""

from __future__ import annotations

from datetime import tzinfo
from fractions import Fraction
from typing import Any

from monitor.adapters.files.instants import written_instant
from monitor.domain.ledger import Count, written_points
from monitor.domain.printing import percent
from monitor.services.inventory_diff import Entry, InventoryDiff, RegionDiff
from monitor.services.ledger_words import INSTANTS


def diff_values(found: InventoryDiff, zone: tzinfo) -> dict[str, Any]:
    """Give a diff of the inventory as plain values."""
    return {
        "from": written_instant(found.start, zone=zone),
        "to": written_instant(found.end, zone=zone),
        "regions": [_row_values(row) for row in found.rows],
        "entries": [_entry_values(entry, zone) for entry in found.entries],
    }


def _row_values(row: RegionDiff) -> dict[str, Any]:
    steps = row.steps
    return {
        "region": row.region.code,
        "name": row.region.name,
        "devices_from": row.devices[0],
        "devices_to": row.devices[1],
        "points_from": row.points[0],
        "points_to": row.points[1],
        "online_rate_from": _rate_values(row.at_start),
        "online_rate_unchanged": _rate_values(row.unchanged),
        "online_rate_to": _rate_values(row.at_end),
        **_effect_values(row.effect),
        "steps": [{"step": step, "devices": row.stepped[step], **_effect_values(steps[step])} for step in steps],
    }


def _rate_values(count: Count) -> dict[str, Any]:
    rate = count.rate
    return {
        "numerator": count.online,
        "denominator": count.assessed,
        "percent": None if rate is None else percent(rate),
    }


def _effect_values(effect: Fraction | None) -> dict[str, Any]:
    """Give an effect in points as it is printed, and exactly as a fraction of the rate."""
    return {
        "effect_points": None if effect is None else written_points(effect),
        "effect": None if effect is None else str(effect),
    }


def _entry_values(entry: Entry, zone: tzinfo) -> dict[str, Any]:
    change = entry.change
    recorded = change.recorded_at or change.at
    return {
        "who": change.author,
        "when": written_instant(change.at, zone=zone),
        "recorded": written_instant(recorded, zone=zone),
        "back_dated": recorded > change.at,
        "what": change.entity,
        "id": change.entity_id,
        "field": change.field,
        "from": written_value(change.entity, change.field, change.old, zone),
        "to": written_value(change.entity, change.field, change.new, zone),
        "why": change.reason,
        "approved_by": change.approved_by,
        "document": change.document,
        "request": change.request,
        "region": entry.region,
        **_effect_values(entry.effect),
    }


def written_value(entity: str, field: str, value: str, zone: tzinfo) -> str:
    """Give a value of the ledger as people read it."""
    if value and entity == "exemption":
        return " – ".join(written_instant(int(edge), zone=zone) for edge in value.split("-"))
    if value and field in INSTANTS:
        return written_instant(int(value), zone=zone)
    return value
