"""What deep looks have in common: the secret they log in with, what they ask, and what a device said of itself.

A deep look is several questions in one sitting. A device may refuse any of them: each has its own ending, and the
look as a whole never fails because of one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from collectors.base import ClockReading, Outcome, Target


@dataclass(frozen=True, slots=True)
class Secret:
    """A user name and its password; neither is ever shown.

    Attributes:
        user: the user name.
        password: the password.
        plain_text: send it as it is (WS-UsernameToken PasswordText), for devices that understand nothing else.
    """

    user: str = field(repr=False)
    password: str = field(repr=False)
    plain_text: bool = False


@dataclass(slots=True)
class Session:
    """What was learnt of how a device wants to be asked: the small record that is kept between two deep looks.

    Attributes:
        scheme: how it wants to be logged in to: "" not known yet, "none", "token" (WS-UsernameToken) or "digest".
        challenge: the Digest challenge in force, as the device wrote it; "" for none.
        count: how often its nonce was used.
    """

    scheme: str = ""
    challenge: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class DeepRequest:
    """One deep look.

    Attributes:
        session: what earlier looks learnt; the look goes on learning in it.
        secret: what to log in with; None where there is no credential, or no login is allowed now.
        timeout_s: how long one question may take.
        total_s: how long all of them may take.
        other_hosts: what to do with a URI that points at another host: "refuse", "rewrite" it to ours, "allow".
    """

    session: Session
    secret: Secret | None = None
    timeout_s: float = 5.0
    total_s: float = 30.0
    other_hosts: str = "refuse"


@dataclass(frozen=True, slots=True)
class StepNote:
    """How one question ended where it did not end well.

    Attributes:
        step: the question, such as "profiles".
        ending: "refused" (not ours to ask), "unsupported", "fault", "odd", "too_large", "silent", "elsewhere" (a URI
            of another host), "skipped".
        detail: one line for people.
    """

    step: str
    ending: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One media profile: its token, and what its video encoder says of itself."""

    token: str
    name: str = ""
    encoding: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Recordings:
    """What a device says of its recordings: how many, and from when until when (epoch seconds, None for none)."""

    count: int
    since: int | None = None
    until: int | None = None


@dataclass(slots=True)
class DeepResult:
    """What one deep look heard, in wire terms.

    Attributes:
        outcome: how the first question ended, as for a health look: does the device answer at all.
        detail: one line for people, without credentials.
        login: "accepted", "refused", "not_asked", "no_credential" or "untried".
        refusals: logins that it refused, where `login` is "refused".
        clock: the device's clock.
        maker, model, firmware, serial, hardware: what it says of itself; "" where it says nothing.
        macs: its hardware addresses, upper case with colons.
        services: the namespaces of its services.
        profiles: its media profiles in its own order; None where it did not say.
        chosen: the token of the profile that pictures are asked from: the smallest of those with a video encoder.
        snapshot_uri: where a JPEG is had, checked and without userinfo; "" for none.
        stream_uri: where its stream is had, likewise.
        recordings: its recording summary; None where it has none or did not say.
        notes: the questions that did not end well.
        requests: how many requests were sent.
        duration_s: from start to end.
    """

    outcome: Outcome
    detail: str = ""
    login: str = "untried"
    refusals: int = 0
    clock: ClockReading | None = None
    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    hardware: str = ""
    macs: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    profiles: tuple[Profile, ...] | None = None
    chosen: str = ""
    snapshot_uri: str = ""
    stream_uri: str = ""
    recordings: Recordings | None = None
    notes: tuple[StepNote, ...] = ()
    requests: int = 0
    duration_s: float = 0.0


class DeepPoller(Protocol):
    """A collector that looks deeper: one sitting at one endpoint gives one result, and never an exception."""

    async def prepare(self) -> None:
        """Do what would hold up the first look, and everything else meanwhile."""

    async def look(self, target: Target, request: DeepRequest) -> DeepResult:
        """Ask everything once; whatever the device sends becomes a result."""

    async def close(self) -> None:
        """Let go of every connection and task."""
