"""What comes over MQTT: two topics, their JSON, and what becomes of anything else.

`vidnet/v1/gateways/<id>/batch` holds what a gateway says of the devices behind it, `vidnet/v1/devices/<id>/status` what
a device says of itself, its last will too. docs/protocols.md has both schemas with examples. A payload may be zlib:
JSON begins with a brace, zlib with 0x78.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from collectors.pushed import Codes, Instant, Message, Records, Report

PROTOCOL = "mqtt"
BATCHES, STATUSES = "vidnet/v1/gateways/+/batch", "vidnet/v1/devices/+/status"
CHECKS = ("vidnet/v1/gateways/vidnet-check/batch", "vidnet/v1/devices/vidnet-check/status")
"""Where `vidnet mqtt check` publishes; nobody is called so, and what comes here is passed over."""

ANSWERS = "vidnet/v1/{kind}/{id}/refused"
"""Where a sender reads why something was refused."""

MAX_BYTES = 256 * 1024
"""A payload as it comes."""

MAX_JSON_BYTES = 2 * 1024 * 1024
"""A payload once it is unpacked."""

MAX_REPORTS = 500

_TOPIC = re.compile(
    r"vidnet/v1/(gateways/([^/#+\x00-\x1f\x7f]{1,64})/batch|devices/([^/#+\x00-\x1f\x7f]{1,64})/status)"
)
_ZLIB = b"\x78"
_STRANGE_FIELD = re.compile(r"unknown field `(?![A-Za-z_]{1,24}`)[^`]*`", re.DOTALL)

# Whoever sends what belongs to people is told so, and nothing of it is read further (DESIGN, the boundary).
_PEOPLE = re.compile(
    rb'"(?:Face|Person|MotorVehicle|NonMotorVehicle|Plate|Image|SubImage|Disposition|face|person|plate|image)[A-Za-z]*"\s*:'
)


class _Batch(Struct, forbid_unknown_fields=True):
    """What a gateway sends."""

    observations: Annotated[list[Report], Meta(max_length=MAX_REPORTS)]
    sent_at: Instant | None = None
    interval_s: Annotated[int, Meta(ge=0, le=86_400)] = 0


class _Status(Struct, forbid_unknown_fields=True):
    """What a device says of itself."""

    online: bool
    at: Instant | None = None
    asleep: bool = False
    clock_s: Instant | None = field(default=None, name="clock")
    faults: Codes = ()
    checked: Codes = ()
    records: Records | None = None
    interval_s: Annotated[int, Meta(ge=0, le=86_400)] = 0


_batch = msgspec.json.Decoder(_Batch)
_status = msgspec.json.Decoder(_Status)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks on a topic: a gateway or a device, and its id."""

    kind: str
    id: str


def sender_of(topic: str) -> Sender | None:
    """Give who speaks on a topic, None for a topic that is none of ours."""
    match = _TOPIC.fullmatch(topic)
    if match is None:
        return None
    return Sender("gateways", match[2]) if match[2] else Sender("devices", match[3])


def read_message(topic: str, payload: bytes, *, retained: bool, received_at: int) -> Message:
    """Read one message; one that cannot be used has a refusal, and nothing of its content in it.

    Args:
        topic: where it was published.
        payload: its bytes.
        retained: it is one that the broker kept, so that it says nothing of the present by itself.
        received_at: our time, epoch seconds.
    """
    sender = sender_of(topic)
    if sender is None:
        return _refused("", topic, "topic is not one of ours", payload)
    if len(payload) > MAX_BYTES:
        return _refused(sender.id, topic, f"payload of more than {MAX_BYTES} bytes", payload)
    try:
        text = _unpacked(payload) if payload[:1] == _ZLIB else payload
    except zlib.error:
        return _refused(sender.id, topic, "payload is neither JSON nor zlib", payload)
    if text is None:
        return _refused(sender.id, topic, f"payload unpacks to more than {MAX_JSON_BYTES} bytes", payload)
    try:
        if sender.kind == "gateways":
            return _of_batch(_batch.decode(text), sender, topic, len(payload))
        return _of_status(_status.decode(text), sender, topic, len(payload), retained=retained, received_at=received_at)
    except msgspec.ValidationError as error:
        if _PEOPLE.search(text):
            return _refused(sender.id, topic, "payload holds what belongs to people or vehicles: devices only", payload)
        return _refused(sender.id, topic, f"does not follow the schema: {_words(error)}", payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _refused(sender.id, topic, "payload is not JSON", payload)


def _of_batch(batch: _Batch, sender: Sender, topic: str, size: int) -> Message:
    return Message(
        PROTOCOL,
        sender.id,
        batch.observations,
        topic=topic,
        interval_s=batch.interval_s,
        sent_at=batch.sent_at,
        size=size,
    )


def _of_status(status: _Status, sender: Sender, topic: str, size: int, *, retained: bool, received_at: int) -> Message:
    """A status without an instant (a last will has none) is of now, or of nothing where the broker kept it."""
    reports: Iterable[Report] = ()
    at = status.at if status.at is not None else (None if retained else received_at)
    if at is not None:
        reports = (
            Report(
                sender.id,
                at,
                status.online,
                asleep=status.asleep,
                clock_s=status.clock_s,
                faults=status.faults,
                checked=status.checked,
                records=status.records,
            ),
        )
    return Message(
        PROTOCOL, sender.id, tuple(reports), topic=topic, interval_s=status.interval_s, alive=False, size=size
    )


def _unpacked(payload: bytes) -> bytes | None:
    """Unpack a payload; None where it is more than we take."""
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(payload, MAX_JSON_BYTES)
    if unpacker.unconsumed_tail:
        return None
    if not unpacker.eof:
        raise zlib.error("cut short")
    return text


def refused_message(topic: str, refusal: str, payload: bytes) -> Message:
    """Give a message of which nothing can be used: who sent it, why, and no content."""
    sender = sender_of(topic)
    return _refused(sender.id if sender else "", topic, refusal, payload)


def _refused(sender: str, topic: str, refusal: str, payload: bytes) -> Message:
    digest = hashlib.sha256(payload).hexdigest()
    return Message(PROTOCOL, sender, topic=topic, alive=False, refusal=refusal, size=len(payload), digest=digest)


def _words(error: msgspec.ValidationError) -> str:
    """Give msgspec's own words, which name the field and what was expected, but never a value."""
    return _STRANGE_FIELD.sub("unknown field", str(error))[:200]
