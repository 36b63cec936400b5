"""What is asked of a picture look, and what comes of it: numbers, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass, field

from collectors.deep import Secret


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """One picture look.

    Attributes:
        address: the device's own address, that URIs are held against.
        snapshot_uri: where a JPEG is had, without userinfo; "" for none.
        stream_uri: where its stream is had, likewise.
        secret: what to log in with; None where there is nothing, or no login is allowed now.
        timeout_s: how long each step may take.
        total_s: how long fetching the picture may take in all.
        other_hosts: what to do with a URI that points at another host: "refuse", "rewrite" it to ours, "allow".
    """

    address: str
    snapshot_uri: str = ""
    stream_uri: str = ""
    secret: Secret | None = None
    timeout_s: float = 5.0
    total_s: float = 20.0
    other_hosts: str = "refuse"


@dataclass(frozen=True, slots=True)
class PictureResult:
    """What one picture look gave: numbers, or why there are none.

    Attributes:
        outcome: "picture"; "corrupt" (cut off or damaged), "too_large", "not_a_picture" (something else came),
            "no_stream" (nothing, or no video), "no_keyframe", "killed" (its worker was not done in time), "died" (its
            worker ended over it), "refused" (a login), "unsupported" (no such path), "silent", "elsewhere" (a URI of
            another host), "no_uri" (the device named none), "ours" (our own side failed).
        detail: one line for people, without credentials.
        way: "snapshot" or "stream", what was tried last; "" where nothing was.
        login: "not_asked", "accepted", "refused", "no_credential" or "untried".
        refusals: logins that it refused.
        scores: numbers by name; empty without a picture.
        signature: 768 bytes; b"" without a picture.
        width, height: of the picture as it was sent.
        payload: what tells the bytes that were decoded from others.
        damaged: the decoder says that data are missing.
        transport: "tcp" or "udp" for a stream.
        cpu_ms: CPU time of the worker.
        duration_s: from start to end.
    """

    outcome: str
    detail: str = ""
    way: str = ""
    login: str = "untried"
    refusals: int = 0
    scores: dict[str, float] = field(default_factory=dict)
    signature: bytes = b""
    width: int = 0
    height: int = 0
    payload: str = ""
    damaged: bool = False
    transport: str = ""
    cpu_ms: float = 0.0
    duration_s: float = 0.0
