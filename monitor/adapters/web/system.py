"""The service itself over HTTP: how it does, its collectors and store."""

from __future__ import annotations

import msgspec

from monitor.adapters.web.route import Call, Route
from monitor.domain.account import Right


class LooksOut(msgspec.Struct, frozen=True):
    """Looks of one protocol that ended with one result."""

    protocol: str
    result: str
    count: int


class SystemOut(msgspec.Struct, frozen=True):
    """How the service does; `problems` is what keeps it from being ready, `refused` counts requests by why."""

    version: str
    now: int
    started_at: int
    last_look_at: int | None
    interval_s: int
    looks: list[LooksOut]
    under_way: int
    queue_lag_s: float
    loop_lag_s: float
    waiting_devices: int
    store: str
    store_ok: bool
    own_network_up: bool
    refused_logins: int
    throttled_logins: int
    refused: dict[str, int]
    problems: list[str]


async def system(call: Call) -> SystemOut:
    """Tell how the service does."""
    health = call.parts.health()
    return SystemOut(
        version=health.version,
        now=call.at,
        started_at=health.started_at,
        last_look_at=health.last_look_at,
        interval_s=health.interval_s,
        looks=[LooksOut(*key, count) for key, count in sorted(health.looks.items())],
        under_way=health.under_way,
        queue_lag_s=round(health.queue_lag_s, 3),
        loop_lag_s=round(health.loop_lag_s, 4),
        waiting_devices=health.waiting_devices,
        store=health.store,
        store_ok=health.store_ok,
        own_network_up=health.own_network_up,
        refused_logins=call.parts.accounts.refused_logins,
        throttled_logins=call.parts.accounts.throttled_logins,
        refused=dict(call.parts.refused),
        problems=list(health.problems),
    )


ROUTES = (Route("GET", "/system", system, Right.READ, "how the service does", answer=SystemOut, group="system"),)
