"""What each simulated device is like when it is asked more than the time: how it is logged in to, and its oddities.

All of it follows from the city's seed and the device's index, so that the devices' process and the city's inventory
agree without talking. What real devices do is in the facts on counterparts; the shares are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from monitor.demo.behaviour import Behaviour
from monitor.demo.dice import Dice, Weighted

DEMO_USER = "vidnet-demo"
DEMO_PASSWORD = "a-simulated-city"  # noqa: S105 - of devices that exist on loopback only
GROUP, TEXT_GROUP = "demo", "demo-text"

TURNS_AFTER_S = 120
"""Devices that are to refuse their login, or to be replaced, do so this long after the fleet's start."""


class Scheme(Enum):
    """How a device wants to be logged in to."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105
    TEXT = "text"
    MD5 = "md5"
    BOTH = "both"  # two Digest challenges, SHA-256 first


class Oddity(Enum):
    """What is special about a device."""

    PLAIN = "plain"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105
    TURNS_AWAY = "turns_away"
    REPLACED = "replaced"
    NO_PROFILE = "no_profile"
    NO_STREAM = "no_stream"
    ODD_STREAM = "odd_stream"
    ELSEWHERE = "elsewhere"
    SHORT = "short"
    STOPPED = "stopped"
    EMPTY = "empty"
    NO_RIGHTS = "no_rights"


class Addresses(Enum):
    """What a device writes for the addresses of its services."""

    OWN = "own"
    OTHER_HOST = "other_host"
    NO_PATH = "no_path"
    REFUSED = "refused"  # GetServices is; GetCapabilities is not


_SCHEMES = Weighted(
    [(Scheme.TOKEN, 0.46), (Scheme.BOTH, 0.22), (Scheme.MD5, 0.20), (Scheme.NONE, 0.10), (Scheme.TEXT, 0.02)]
)
_ODDITIES = Weighted(
    [
        (Oddity.PLAIN, 0.938),
        (Oddity.NO_RIGHTS, 0.015),
        (Oddity.EMPTY, 0.015),
        (Oddity.ELSEWHERE, 0.008),
        (Oddity.SHORT, 0.006),
        (Oddity.WRONG_PASSWORD, 0.005),
        (Oddity.TURNS_AWAY, 0.003),
        (Oddity.REPLACED, 0.003),
        (Oddity.NO_STREAM, 0.002),
        (Oddity.ODD_STREAM, 0.001),
        (Oddity.NO_PROFILE, 0.002),
        (Oddity.STOPPED, 0.002),
    ]
)
_ADDRESSES = Weighted(
    [(Addresses.OWN, 0.60), (Addresses.REFUSED, 0.20), (Addresses.OTHER_HOST, 0.15), (Addresses.NO_PATH, 0.05)]
)
_MAKERS = ("鸢安", "海岱", "渤视", "齐联", "青岚", "", "H264")  # some firmware names nobody, or a codec


@dataclass(frozen=True, slots=True)
class Persona:
    """One device.

    Attributes:
        scheme: how it wants to be logged in to.
        oddity: what is special about it.
        addresses: what it writes for the addresses of its services.
        maker, model, firmware: what it says of itself.
        serial, mac: who it is, and who it is after it was replaced.
        kept_days: how far its recordings reach back, where nothing is odd longer than any record of the city asks for
            (90 days); None where it has no search service.
    """

    scheme: Scheme
    oddity: Oddity
    addresses: Addresses
    maker: str
    model: str
    firmware: str
    serial: tuple[str, str]
    mac: tuple[str, str]
    kept_days: int | None


def hardware_address(index: int, *, replaced: bool = False) -> str:
    """Give the MAC of a device, or of the one that took its place."""
    number = f"{index:06d}"
    return f"02:{'1B' if replaced else '1A'}:{number[:2]}:{number[2:4]}:{number[4:]}:01"


def persona_of(seed: int, index: int, behaviour: Behaviour) -> Persona:
    """Give the persona of a device; equal arguments give an equal one."""
    dice = Dice(seed, f"persona:{index}")
    scheme = _SCHEMES.draw(dice)
    if behaviour is Behaviour.AUTH_400:
        scheme = Scheme.TOKEN
    elif behaviour is Behaviour.AUTH_401:
        scheme = Scheme.BOTH
    oddity = _ODDITIES.draw(dice)
    if scheme is Scheme.NONE and oddity in (Oddity.WRONG_PASSWORD, Oddity.TURNS_AWAY, Oddity.NO_RIGHTS):
        oddity = Oddity.PLAIN
    records = dice.random() < 0.6 or oddity in (Oddity.SHORT, Oddity.STOPPED, Oddity.EMPTY, Oddity.NO_RIGHTS)
    kept_days = None
    if records:
        kept_days = {Oddity.SHORT: dice.randint(2, 20), Oddity.EMPTY: 0}.get(oddity, dice.randint(91, 180))
    number = f"{index:06d}"
    build = 190_000 + dice.randint(0, 60_000)
    return Persona(
        scheme=scheme,
        oddity=oddity,
        addresses=_ADDRESSES.draw(dice),
        maker=dice.pick(_MAKERS),
        model=f"IPC-{dice.pick((200, 400, 800))}",
        firmware=f"V{dice.randint(3, 6)}.{dice.randint(0, 9)} build {build}",
        serial=(f"YA{number}A", f"YA{number}B"),
        mac=(hardware_address(index), hardware_address(index, replaced=True)),
        kept_days=kept_days,
    )
