"""What deep looks leave behind: a summary of each, what the device said of itself last, and who it is known as."""

from __future__ import annotations

from monitor.domain.login import Login
from monitor.domain.values import dataclass

LOOKS_KEPT = 10


@dataclass(frozen=True, slots=True)
class Note:
    """How one question ended where it did not end well: the question, its ending, one line for people."""

    step: str
    ending: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeepSummary:
    """One deep look, in a few words; the last ten of a device are kept.

    Attributes:
        device_id: the device.
        at: start of the look, epoch seconds.
        outcome: how the first question ended, as for a health look.
        login: what became of logging in.
        requests: how many requests were sent.
        duration_ms: how long it took.
        clock_offset: the device's clock minus ours, tenths of a second; None where it was not read.
        retention_days: whole days that its recordings reach back; None where it did not say.
        faults: codes of the faults that it showed.
        notes: the questions that did not end well.
    """

    device_id: str
    at: int
    outcome: str
    login: Login
    requests: int = 0
    duration_ms: int = 0
    clock_offset: int | None = None
    retention_days: int | None = None
    faults: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class SaidProfile:
    """One media profile as the device said it."""

    token: str
    name: str = ""
    encoding: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """What a device said of itself when it was last asked; empty where it said nothing.

    Attributes:
        at: when it said so, epoch seconds.
        macs: hardware addresses, upper case with colons.
        services: namespaces of its services.
        chosen: token of the profile that pictures are asked from.
        snapshot_uri, stream_uri: where its picture and stream are had, without user, password or anything like them.
    """

    at: int
    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    hardware: str = ""
    macs: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    profiles: tuple[SaidProfile, ...] = ()
    chosen: str = ""
    snapshot_uri: str = ""
    stream_uri: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a device is known as: its serial number and hardware addresses, "" and () while they were never heard."""

    serial: str = ""
    macs: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether anything of it is known."""
        return bool(self.serial or self.macs)

    def differs_from(self, other: Identity) -> bool:
        """Whether the two cannot be one device: other serial numbers, or not one hardware address in common.

        What either did not say says nothing. A serial number that ends with the other is the same: some devices put
        their model before it, and an archive writes what stands on the case.
        """
        one, two = self.serial.casefold(), other.serial.casefold()
        if one and two and not (one.endswith(two) or two.endswith(one)):
            return True
        return bool(self.macs and other.macs and not set(self.macs) & set(other.macs))

    def or_else(self, other: Identity) -> Identity:
        """Give the identity with what it lacks taken from another."""
        return Identity(self.serial or other.serial, self.macs or other.macs)


def mac_of(text: str) -> str:
    """Give a hardware address as it is compared: upper case with colons; "" for what is none."""
    digits = "".join(char for char in text.upper() if char in "0123456789ABCDEF")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)) if len(digits) == 12 else ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a device before a deep look.

    Attributes:
        recorded: who it is by its record in the inventory.
        heard: who it said to be when it was first asked, or when an operator last confirmed it.
        said: what it said of itself last; None before the first time.
        vendor: its vendor as the inventory writes it.
        retention_days: how many days its recordings must reach back by its record; None where that says nothing.
    """

    recorded: Identity = Identity()
    heard: Identity = Identity()
    said: Said | None = None
    vendor: str = ""
    retention_days: int | None = None

    @property
    def identity(self) -> Identity:
        """Who it is known as: by its record, and where that says nothing, as it was heard."""
        return self.recorded.or_else(self.heard)
