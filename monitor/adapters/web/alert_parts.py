"""What alerts, incidents, silences and work orders share over HTTP: whose they are, and what happened to them."""

from __future__ import annotations

import msgspec

from monitor.adapters.web.figures import Code
from monitor.adapters.web.route import Call
from monitor.domain.alert import Alert, Happening

PAST_S = 7 * 86_400
MOST_MEMBERS = 500


class OpenQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which: only what lasts, or that of the last seven days, too."""

    region: Code | None = None
    past: bool = False


class HappeningOut(msgspec.Struct, frozen=True):
    """One entry of a timeline."""

    at: int
    kind: str
    author: str
    note: str


def is_within(call: Call, region: str | None, within: tuple[str, ...]) -> bool:
    """Tell whether a region lies within some; what is the city's own only whoever sees all of it sees."""
    if region is None or region not in call.tree:
        return call.sees(None) and set(within) == {root.code for root in call.tree.children(None)}
    return not set(within).isdisjoint(call.tree.lineage(region))


def region_of_alert(found: Alert) -> str | None:
    """Give the region that an alert is about, None for the city."""
    return found.subject.region or found.subject.county or None


async def timeline(call: Call, subject: str) -> list[HappeningOut]:
    """Give what happened to a subject, the oldest first."""
    found: list[Happening] = await call.parts.alerts.timeline(subject)
    return [HappeningOut(each.at, each.kind, each.author, each.note) for each in found]
