"""What every collector has in common: the look asked for, the result given, and the protocols of both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from collectors.pushed import Crossing, Report, Tollgate

MAX_ANSWER_BYTES = 64 * 1024


class Proof(StrEnum):
    """What the bytes of one look prove: the protocol's own, some other host's, nothing; `ours`: there was no look."""

    PROTOCOL = "protocol"
    HOST = "host"
    NOTHING = "nothing"
    OURS = "ours"


class Outcome(StrEnum):
    """How one look ended, in wire terms; `PROOF_OF` says what each proves."""

    CLEAN = "clean"
    FAULT = "fault"
    AUTH = "auth"
    ODD = "odd"
    TOO_LARGE = "too_large"
    BROKEN = "broken"
    STALLED = "stalled"
    TLS = "tls"
    FOREIGN = "foreign"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNRESOLVED = "unresolved"
    RESET = "reset"
    GATEWAY = "gateway"
    OURS = "ours"


PROOF_OF: dict[Outcome, Proof] = {
    Outcome.CLEAN: Proof.PROTOCOL,  # the answer asked for
    Outcome.FAULT: Proof.PROTOCOL,  # a SOAP fault
    Outcome.AUTH: Proof.PROTOCOL,  # a password demanded: 401, or 400 with a fault
    Outcome.ODD: Proof.PROTOCOL,  # the protocol's shape, but not the answer asked for, or malformed
    Outcome.TOO_LARGE: Proof.PROTOCOL,  # the protocol's shape, but longer than the cap
    Outcome.BROKEN: Proof.PROTOCOL,  # a good start that ended or was reset
    Outcome.STALLED: Proof.PROTOCOL,  # a good start, then silence until the timeout
    Outcome.TLS: Proof.PROTOCOL,  # a TLS handshake that then failed
    Outcome.FOREIGN: Proof.HOST,  # an HTML page, garbage, a status without the protocol's body
    Outcome.TIMEOUT: Proof.NOTHING,  # no byte until the timeout
    Outcome.REFUSED: Proof.NOTHING,  # connection refused
    Outcome.UNREACHABLE: Proof.NOTHING,  # no route, network or host unreachable
    Outcome.UNRESOLVED: Proof.NOTHING,  # the name does not resolve
    Outcome.RESET: Proof.NOTHING,  # reset or end before a byte
    Outcome.GATEWAY: Proof.NOTHING,  # 502/503/504 without the protocol's body
    Outcome.OURS: Proof.OURS,  # our own side failed (no descriptor or port free, closed, a bug): set aside, no evidence
}


class Target(Protocol):
    """What a poller needs to know of an endpoint."""

    @property
    def address(self) -> str:
        """The address in the protocol's own form (for ONVIF: the device service's URL)."""

    @property
    def credential(self) -> str | None:
        """The reference of a credential, never the credential itself."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked of a poller: the kind of look and how long it may take in all."""

    kind: str = "health"
    timeout_s: float = 3.0


@dataclass(slots=True)
class ClockReading:
    """A device's own clock as it said it, without judgement; not frozen, which would cost ten times as much.

    Attributes:
        utc_s: its UTC time as epoch seconds (1 s resolution).
        local_s: its local time read as if it were UTC, epoch seconds; None where it gave none.
        zone: its POSIX time zone text, "" for none.
        source: "Manual" or "NTP" as it said, "" for neither.
        read_at: our own wall clock, epoch seconds, at half the round trip.
    """

    utc_s: int
    local_s: int | None
    zone: str
    source: str
    read_at: float


@dataclass(slots=True)
class PollResult:
    """Raw facts of one look, in wire terms; not frozen, which would cost ten times as much at every look.

    Attributes:
        outcome: how it ended.
        detail: one line for people, without credentials; "" for a clean answer.
        lane: "lean" or "full", the way it was looked at.
        duration_s: from start to end of the look.
        clock: the device's clock where it was read.
        realm: the authentication realm named by a 401, "" for none.
        shaped_body: the answer carried the protocol's own body (a bare 401 does not).
        reports: what a recorder or platform says of the devices that it tells about.
        complete: the reports are its whole list, so that a device that is not in it is missing; a partial list says
            nothing about those it lacks.
        tollgates: checkpoints as a platform describes them, where it was asked for them.
        lanes: their lanes.
    """

    outcome: Outcome
    detail: str = ""
    lane: str = "full"
    duration_s: float = 0.0
    clock: ClockReading | None = None
    realm: str = ""
    shaped_body: bool = False
    reports: Sequence[Report] = ()
    complete: bool = False
    tollgates: Sequence[Tollgate] = ()
    lanes: Sequence[Crossing] = ()


class Poller(Protocol):
    """A collector that asks: one look at one endpoint gives one or more results, and never an exception."""

    async def poll(self, target: Target, look: Look) -> list[PollResult]:
        """Look once; whatever the device sends becomes a result with a named outcome."""

    async def close(self) -> None:
        """Let go of every connection and task."""
