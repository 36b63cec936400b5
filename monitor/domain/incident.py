"""Incidents 事件: many devices that fail for one reason, as one thing with a timeline, a party and a cost."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from monitor.domain.facts import Party
from monitor.domain.values import dataclass


class IncidentKind(StrEnum):
    """Why devices are one incident: a dead parent, a shared attribute, or our own network."""

    PARENT = "parent"
    SHARED = "shared"
    OWN_NETWORK = "own_network"


class Shared(StrEnum):
    """What devices may share, the most telling first; where two are as unlikely, the first wins."""

    UPLINK = "uplink"
    PARENT = "parent"
    POINT = "point"
    SUBNET = "subnet"
    CONTRACT = "contract"
    MAINTAINER = "maintainer"
    CARRIER = "carrier"
    TOWN = "town"
    COUNTY = "county"
    CITY = "city"

    @property
    def text_zh(self) -> str:
        """Its Chinese word."""
        return _WORDS[self][0]

    @property
    def text_en(self) -> str:
        """Its English word."""
        return _WORDS[self][1]


_WORDS = {
    Shared.UPLINK: ("同一上联", "behind the uplink"),
    Shared.PARENT: ("同一上级设备", "behind"),
    Shared.POINT: ("同一杆位或机箱", "at the pole or cabinet"),
    Shared.SUBNET: ("同一网段", "in the subnet"),
    Shared.CONTRACT: ("同一合同", "under the contract"),
    Shared.MAINTAINER: ("同一运维单位", "kept by the contractor"),
    Shared.CARRIER: ("同一运营商", "on the carrier"),
    Shared.TOWN: ("同一乡镇街道", "in the town"),
    Shared.COUNTY: ("同一县市区", "in the county"),
    Shared.CITY: ("全市", "in the whole city"),
}


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as it stands.

    Attributes:
        id: such as I12.
        kind: why its devices are one incident.
        shared: what they share; PARENT for those of a dead parent; None for our own network.
        value: the parent's id, the subnet, the pole's id … that they share.
        name: the same as people know it.
        county: the code of the county that most of its devices stand in, "" for several.
        began_at: since when its first device failed.
        opened_at: when it became known.
        closed_at: when it ended, None while it lasts.
        ours: whether the cause is ours: a parent of ours, or our own network.
        party: who is responsible; undecided until a person says, the city for what is ours.
        devices: how many devices it ever took along.
        down: how many of them are down now.
        peak: how many were down at once at worst.
        cost_s: device-seconds lost until `costed_at`, of devices that are assessed.
        costed_at: until when the cost is counted.
        points: the share of the county's (or city's) online rate that the peak took away.
        log_p: how unlikely it is by chance (a natural logarithm); 0 where it is known by its parent.
    """

    id: str
    kind: IncidentKind
    value: str
    name: str
    began_at: int
    opened_at: int
    shared: Shared | None = None
    county: str = ""
    closed_at: int | None = None
    ours: bool = False
    party: Party = Party.UNDECIDED
    devices: int = 0
    down: int = 0
    peak: int = 0
    cost_s: int = 0
    costed_at: int = 0
    points: Fraction = Fraction(0)
    log_p: float = 0.0

    def cost_at(self, at: int) -> int:
        """Give the device-seconds lost until an instant, or until it ended."""
        until = at if self.closed_at is None else self.closed_at
        return self.cost_s + self.down * max(0, until - self.costed_at)

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.closed_at is None

    @property
    def fault(self) -> str:
        """What is broken: the same whenever it breaks again."""
        return f"{self.kind}:{self.shared}:{self.value}"


@dataclass(frozen=True, slots=True)
class Member:
    """A device of an incident: down with it from `joined_at` until `left_at` (None while it is)."""

    incident: str
    device_id: str
    joined_at: int
    left_at: int | None = None


def title_of(incident: Incident) -> tuple[str, str]:
    """Give an incident's name in Chinese and English, without figures."""
    if incident.kind is IncidentKind.OWN_NETWORK:
        return "本系统自身网络中断（不计入各地）", "our own network is down (nobody's rate suffers)"
    name = incident.name or incident.value
    if incident.kind is IncidentKind.PARENT:
        ours_zh, ours_en = ("本市自管", "our own ") if incident.ours else ("", "")
        return f"{ours_zh}上联 {name} 中断", f"{ours_en}parent {name} is down"
    shared = incident.shared or Shared.COUNTY
    return f"{shared.text_zh} {name} 的设备集中离线", f"devices {shared.text_en} {name} fail together"
