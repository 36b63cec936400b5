"""What is said of devices by others, and what listeners are: they are told, and acknowledge once it is stored.

`Report` is a msgspec struct so that a batch of hundreds is validated and made in one step, 0.3 µs each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from msgspec import Meta, Struct, field

LAST_INSTANT = 4_102_444_800
"""2100-01-01: an instant beyond it is no epoch seconds, but milliseconds as a rule."""

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f/#+]+$")]
Instant = Annotated[int, Meta(ge=0, le=LAST_INSTANT)]
Code = Annotated[str, Meta(pattern="^[a-z0-9_]{1,32}$")]
Codes = Annotated[tuple[Code, ...], Meta(max_length=16)]


class Records(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How many records a checkpoint device made in one full hour: a number, never the records.

    Attributes:
        hour: the hour's first instant, epoch seconds.
        count: how many.
    """

    hour: Instant
    count: Annotated[int, Meta(ge=0, le=10_000_000)]


class Report(Struct, forbid_unknown_fields=True):
    """What another system, or a device of itself, says of one device at one instant: wire terms, no judgement.

    Attributes:
        device: the device's id.
        at: the instant that it speaks of, epoch seconds.
        online: whether it says that the device works; None where it says neither.
        asleep: it is online, and switched off on purpose for now.
        clock_s: the device's clock as it was read at `at`, epoch seconds (`clock` in JSON); None where it was not.
        faults: codes of faults that were found.
        checked: codes of faults that would have been found.
        records: how many records it made; None where it says nothing of them.
    """

    device: Id
    at: Instant
    online: bool | None
    asleep: bool = False
    clock_s: Instant | None = field(default=None, name="clock")
    faults: Codes = ()
    checked: Codes = ()
    records: Records | None = None


class Tollgate(Struct, frozen=True, gc=False):
    """A checkpoint 卡口 as a platform describes it (GA/T 1400.3); codes are 0 where it says nothing.

    Attributes:
        status: 1 in order, 2 out of use, 9 other.
        category: 10 national, 20 provincial, 30 city border, 31 city district, 40 county border, 41 county, 99 other.
        usage: 80 public security, 81 traffic, 82 other.
        lanes: how many lanes it says to have.
    """

    id: str
    name: str = ""
    status: int = 0
    category: int = 0
    usage: int = 0
    lanes: int = 0
    place_code: str = ""


class Crossing(Struct, frozen=True, gc=False):
    """One lane of a tollgate: its number (the leftmost is 1), direction, and the unit that serves it.

    Attributes:
        city_pass: 1 into the city, 2 out of it, 3 neither, 4 both; 0 where it says nothing.
        device: the id of the unit, "" for none.
    """

    tollgate: str
    number: int = 0
    direction: str = ""
    city_pass: int = 0
    device: str = ""


@dataclass(slots=True)
class Message:
    """One message that was pushed to us: the reports in it, or why there are none.

    Attributes:
        protocol: the listener's name in the registry.
        sender: the id of the device that speaks: a gateway, a platform, or a device of itself.
        reports: what it says.
        topic: where it was said, in the protocol's own terms.
        interval_s: how often it means to say so, seconds; 0 where it does not say.
        sent_at: when it was sent by the sender's own clock, epoch seconds; None where it does not say.
        alive: the message itself shows that the sender works (a last will does not, nor one that waited in a queue).
        since: since when silence lasts that the listener itself noticed, epoch seconds; None means each report's `at`.
        refusal: why nothing in it can be used, one line without any of its content; "" for a message that is in order.
        size: its size, bytes.
        digest: the sha256 of a refused message, hexadecimal: what is recorded of it, in place of its content.
    """

    protocol: str
    sender: str
    reports: Sequence[Report] = ()
    topic: str = ""
    interval_s: int = 0
    sent_at: int | None = None
    alive: bool = True
    since: int | None = None
    refusal: str = ""
    size: int = 0
    digest: str = ""


@dataclass(slots=True)
class Receipt:
    """What became of one message, for its sender: how many reports were taken, and why others were not.

    `refused` holds (device id, reason) of the first of them, and `refused_count` counts them all.
    """

    taken: int = 0
    refused_count: int = 0
    refused: Sequence[tuple[str, str]] = ()


Sink = Callable[[Sequence[Message]], Awaitable[Sequence[Receipt]]]
"""Where a listener brings what it was told; it returns once everything is stored, with a receipt for each message."""


class Listener(Protocol):
    """A collector that is told; it acknowledges nothing before the sink has returned."""

    async def run(self, sink: Sink) -> None:
        """Bring everything that is pushed to the sink, until cancelled."""
