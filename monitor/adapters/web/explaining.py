"""Explanations over HTTP: why a rate is what it is, down to looks, and what to repair to reach the target."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from monitor.adapters.web.fields import Id
from monitor.adapters.web.figures import Code
from monitor.adapters.web.finding import find_device
from monitor.adapters.web.problem import invalid
from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right

HOUR_S = 3_600
Indicators = Literal["online", "intact"]


class ExplainQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to explain: a week or month (last week by default), a region, one device, one indicator or both."""

    region: Code | None = None
    week: Annotated[str, msgspec.Meta(min_length=4, max_length=30)] | None = None
    device: Id | None = None
    indicator: Indicators | None = None


class PlanQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For which region, by how many hours from now repairs take effect, for one indicator or both."""

    region: Code | None = None
    within: Annotated[int, msgspec.Meta(ge=0, le=168)] = 24
    indicator: Indicators | None = None


class PartOut(msgspec.Struct, frozen=True):
    """The rates of a region right below, or of one class; decimals."""

    region: str
    point_class: str
    online_rate: str | None
    intact_rate: str | None
    offline_s: int
    faulty_s: int


class IntervalOut(msgspec.Struct, frozen=True):
    """A stretch in which a device was lost: its state, why, and the looks (epoch seconds) that confirmed it."""

    state: str
    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    cause: str
    fault: str
    looks: list[int]


class StoryOut(msgspec.Struct, frozen=True):
    """One device: what it lost, when and why, day by day, and what was decided about it; instants as ISO 8601."""

    device_id: str
    name: str
    lost_s: int
    lost_share: str | None
    seconds: dict[str, int]
    days: list[dict[str, Any]]
    intervals: list[IntervalOut]
    incident: dict[str, str] | None
    exemptions: list[dict[str, str]]
    corrections: list[dict[str, str]]


class LossesOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """One indicator: the exact seconds behind its rate, how it stands to its target, and who lost most."""

    indicator: str
    printed: str
    assessed_s: int
    target: str | None
    verdict: str | None
    devices_short: int | None
    devices_with_losses: int
    lost_s: int
    devices: list[StoryOut]
    online_rate: str | None = None
    online_s: int | None = None
    intact_rate: str | None = None
    intact_s: int | None = None
    judged_s: int | None = None


class ExplainOut(LossesOut, frozen=True, kw_only=True, omit_defaults=True):
    """Why a region's rate is what it is; with both indicators those of the intact rate stand below `intact`.

    `revision` names the published report whose figures these are, "" for those known now.
    """

    period: str
    region: str
    revision: str
    seq: int
    end: int
    seconds: dict[str, int]
    regions: list[PartOut]
    classes: list[PartOut]
    intact: LossesOut | None = None


class RepairOut(msgspec.Struct, frozen=True):
    """One thing to repair, what it regains by the end of the week, and the rate with it and all before it."""

    target: str
    name: str
    fault: str
    devices: list[str]
    maintainer: str
    gain_s: int
    rate_then: str | None


class MaintainerOut(msgspec.Struct, frozen=True):
    """What one maintainer is to do."""

    repairs: int
    devices: int
    gain_s: int


class RepairsOut(msgspec.Struct, frozen=True):
    """A plan for one indicator; the rates are decimals."""

    target: str | None
    rate_now: str | None
    rate_without_repairs: str | None
    rate_with_all_repairs: str | None
    suffices: bool
    repairs: list[RepairOut]
    maintainers: dict[str, MaintainerOut]


class PlanOut(RepairsOut, frozen=True, kw_only=True, omit_defaults=True):
    """The shortest list of repairs that reaches the target by Sunday; that of the intact rate below `intact`."""

    region: str
    week: str
    until: str
    mended_at: str
    intact: RepairsOut | None = None


async def explain(call: Call) -> ExplainOut:
    """Explain a region's rates as published, else as known now."""
    query: ExplainQuery = call.query
    region = call.regions(query.region)[0]
    if query.device is not None:
        found, _ = await find_device(call, query.device)
        if region not in call.tree.lineage(found.region or ""):
            raise invalid([f"{query.device} 不在 {region} · is not in that region"])
    order = {"region": region, "period": query.week, "device": query.device, "indicator": query.indicator}
    return msgspec.convert(await call.parts.tools.ask("explain", order), ExplainOut)


async def plan(call: Call) -> PlanOut:
    """Plan how a region reaches its targets by the end of this week."""
    query: PlanQuery = call.query
    region = call.regions(query.region)[0]
    order = {"region": region, "mended_in_s": query.within * HOUR_S, "indicator": query.indicator}
    return msgspec.convert(await call.parts.tools.ask("plan", order), PlanOut)


ROUTES = (
    Route("GET", "/explain", explain, Right.READ, "why a rate is what it is", query=ExplainQuery, answer=ExplainOut),
    Route("GET", "/plan", plan, Right.READ, "what to repair to reach the target", query=PlanQuery, answer=PlanOut),
)
