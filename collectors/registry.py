"""The one place that knows protocol names: a line each, loaded when first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from collectors.base import Poller
from collectors.deep import DeepPoller, Secret


@dataclass(frozen=True, slots=True)
class Entry:
    """A protocol that is known: where its poller is made, and its words; `deep_maker` where it looks deeper, too.

    `logs_in` says that its poller takes our own identity and secrets.
    """

    maker: str
    text_zh: str
    text_en: str
    deep_maker: str = ""
    logs_in: bool = False


COLLECTORS: dict[str, Entry] = {
    "onvif": Entry(
        "collectors.onvif:OnvifPoller",
        "ONVIF 摄像机（HTTP/HTTPS 轮询）",
        "ONVIF cameras (polled over HTTP/HTTPS)",
        deep_maker="collectors.onvif.deep:OnvifDeepPoller",
    ),
    "http": Entry(
        "collectors.http:HttpPoller",
        "HTTP 可达性（任何 HTTP 应答即在线）",
        "plain reachability by HTTP: any HTTP answer is one",
    ),
    "tcp": Entry(
        "collectors.tcp:TcpPoller",
        "TCP 端口可达性（HOST:PORT）",
        "plain reachability by TCP: the port takes a connection",
    ),
    "viid": Entry(
        "collectors.viid:ViidPoller",
        "GA/T 1400 视图库平台（轮询其设备、卡口与车道）",
        "GA/T 1400 platforms: asked for their devices, tollgates and lanes",
        logs_in=True,
    ),
}


LISTENERS: dict[str, Entry] = {
    "mqtt": Entry(
        "collectors.mqtt:MqttListener",
        "MQTT 5（网关与设备推送的状态）",
        "MQTT 5: status pushed by gateways and devices",
    ),
}
"""Protocols by which we are told; what they need is their own, so the composition root makes them."""


def make_poller(
    protocol: str,
    *,
    wall_clock: Callable[[], float],
    identity: str = "",
    secret: Callable[[str], Secret | None] = lambda _: None,
) -> Poller:
    """Make the poller of a protocol.

    Args:
        protocol: its name in `COLLECTORS`.
        wall_clock: gives our own time, epoch seconds.
        identity: our own 20-digit id, for protocols that want one.
        secret: gives what a credential reference stands for, for pollers that log in.

    Raises:
        KeyError: no collector of that name is known.
    """
    entry = COLLECTORS[protocol]
    maker: Callable[..., Poller] = _find(entry.maker)
    if entry.logs_in:
        return maker(wall_clock=wall_clock, identity=identity, secret=secret)
    return maker(wall_clock=wall_clock)


def make_deep_poller(protocol: str, *, wall_clock: Callable[[], float]) -> DeepPoller | None:
    """Make the deep poller of a protocol; None where it has none.

    Args:
        protocol: its name in `COLLECTORS`.
        wall_clock: gives our own time, epoch seconds.

    Raises:
        KeyError: no collector of that name is known.
    """
    where = COLLECTORS[protocol].deep_maker
    if not where:
        return None
    maker: Callable[..., DeepPoller] = _find(where)
    return maker(wall_clock=wall_clock)


def _find(where: str) -> Callable[..., Any]:
    module, _, name = where.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found
