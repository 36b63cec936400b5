"""Indicators 指标: what is measured against targets (RULES §7)."""

from __future__ import annotations

from enum import StrEnum


class Indicator(StrEnum):
    """What a target is set for; `text_zh` and `text_en` are its words."""

    ONLINE = "online"
    INTACT = "intact"
    NETWORKED = "networked"
    EFFECTIVE = "effective"
    COMMUNITIES = "communities"
    CONNECTED = "connected"
    CLOCK = "clock"
    ARCHIVE = "archive"

    @property
    def text_zh(self) -> str:
        """Its Chinese words."""
        return _WORDS[self][0]

    @property
    def text_en(self) -> str:
        """Its English words."""
        return _WORDS[self][1]

    @property
    def scopes(self) -> frozenset[str]:
        """The dimensions of a `Scope` that a target of it may name."""
        return _SCOPES[self]

    @property
    def is_count(self) -> bool:
        """Whether its target is a number of devices instead of a share."""
        return self is Indicator.CONNECTED


_WORDS = {
    Indicator.ONLINE: ("在线率", "online rate"),
    Indicator.INTACT: ("完好率", "intact rate"),
    Indicator.NETWORKED: ("联网率", "networked coverage"),
    Indicator.EFFECTIVE: ("有效覆盖率", "effective coverage"),
    Indicator.COMMUNITIES: ("社区联网率", "networked communities"),
    Indicator.CONNECTED: ("联网设备数", "connected devices"),
    Indicator.CLOCK: ("校时合格率", "clock accuracy rate"),
    Indicator.ARCHIVE: ("档案完整率", "archive completeness"),
}

_DEVICES = frozenset(
    {"region", "point_class", "kind", "owner_unit", "maintainer", "contract", "police_station"},
)
_POINTS = frozenset({"region", "point_class", "ring", "site_kind"})

_SCOPES = {
    Indicator.ONLINE: _DEVICES,
    Indicator.INTACT: _DEVICES,
    Indicator.NETWORKED: _POINTS,
    Indicator.EFFECTIVE: _POINTS,
    Indicator.COMMUNITIES: frozenset({"region"}),
    Indicator.CONNECTED: frozenset({"region"}),
    Indicator.CLOCK: frozenset({"region", "point_class", "kind"}),
    Indicator.ARCHIVE: frozenset({"region", "point_class"}),
}
