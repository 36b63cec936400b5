"""The check of the records as plain values: what `vidnet inventory check --json` prints and the API answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.domain.archive import Finding, FindingKind
from monitor.domain.printing import percent
from monitor.domain.rate import Rate
from monitor.services.record_check import Checked, Part


def record_values(checked: Checked, findings: Sequence[Finding]) -> dict[str, Any]:
    """Give what was found of the records as plain values."""
    return {
        **_part_values(checked.whole),
        "classes": [_part_values(part) for part in checked.classes],
        "parts": [_part_values(part) for part in checked.parts],
        "counts": {kind.value: checked.counts[kind] for kind in FindingKind},
        "findings": [
            {
                "device": each.device_id,
                "region": each.region,
                "kind": each.kind.value,
                "field": each.field,
                "recorded": each.recorded,
                "found": each.found,
            }
            for each in findings
        ],
    }


def _part_values(part: Part) -> dict[str, Any]:
    assessment = part.assessment
    return {
        "region": part.region.code,
        "name": part.region.name,
        "class": part.point_class.value if part.point_class else None,
        "archived": _rate_values(part.archived),
        "complete": _rate_values(part.complete)
        | {
            "target": percent(assessment.target.value) if assessment else None,
            "verdict": assessment.verdict.value if assessment else None,
        },
    }


def _rate_values(rate: Rate) -> dict[str, Any]:
    return {"numerator": rate.numerator, "denominator": rate.denominator, "rate": percent(rate.value)}
