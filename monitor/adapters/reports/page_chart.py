"""The chart of the printed page: the counties' online rates as bars, each with its target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from html import escape

from monitor.services.report_table import Cell, Lang, Share, Sheet, Word, people_text

_MET, _MISSED, _NOT_VALID = "#3b6fb6", "#b00020", "#b9bec5"


def chart(sheet: Sheet, rows: Sequence[Sequence[Cell]], lang: Lang, zone: tzinfo) -> str:
    """Draw the counties' online rates as bars, from 80 % or the lowest rate on, with a line at each one's target.

    What is not valid is grey: it neither met nor missed anything.
    """
    index = {column.code: number for number, column in enumerate(sheet.columns)}
    found = []
    for row in rows:
        codes = ("region_name", "online_rate", "target_online", "online_met")
        name, rate, target, met = (row[index[code]] for code in codes)
        if isinstance(rate, Share) and rate.value is not None and isinstance(name, Word):
            goal = target.value if isinstance(target, Share) else None
            verdict = met.code if isinstance(met, Word) else ""
            found.append((name.zh if lang is Lang.ZH else name.en, rate, goal, verdict))
    if not found:
        return ""
    low = min(int(min(float(rate.value or 0) for _, rate, *_ in found) * 20) / 20, 0.8)
    height = 22 * len(found) + 30
    scale = 470 / (1 - low) if low < 1 else 470

    def x(value: float) -> float:
        return round(170 + (value - low) * scale, 1)

    title = "各县市区在线率" if lang is Lang.ZH else "Online rate by county"
    parts = [f'<svg viewBox="0 0 720 {height}" role="img" aria-label="{escape(title)}" font-size="11">']
    for number, (name, rate, goal, verdict) in enumerate(found):
        y = 22 * number + 10
        value = float(rate.value or 0)
        colour = _MISSED if rate.met is False else _NOT_VALID if verdict == "not_valid" else _MET
        width = max(0.0, x(value) - 170)
        parts.append(f'<text x="164" y="{y + 12}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="170" y="{y}" width="{width:.1f}" height="15" fill="{colour}"/>')
        label = escape(people_text(rate, sheet.columns[index["online_rate"]].kind, lang, zone=zone))
        parts.append(f'<text x="{x(value) + 4}" y="{y + 12}">{label}</text>')
        if goal is not None:
            at = x(float(goal))
            parts.append(f'<line x1="{at}" x2="{at}" y1="{y - 3}" y2="{y + 18}" stroke="#1b1f24" stroke-width="1.5"/>')
    parts.append("</svg>")
    return "".join(parts)
