"""A camera's RTSP server, as real ones are: Digest with or without qop, TCP or UDP, some that hide and some that hang.

It sends one H.264 picture again and again (RFC 2326, RFC 6184). It shares nothing with the collectors' client.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

_REQUEST_END = b"\r\n\r\n"
_FIELD = re.compile(r'(\w+)="?([^",]*)"?')
_CLIENT_PORTS = re.compile(r"client_port=(\d+)-\d+")
_PAYLOAD = 1_400
_CLOCK_HZ = 90_000
_EVERY_S = 0.2
_MAX_REQUEST = 16 * 1024


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream: its NAL units (SPS, PPS and one key frame's slices), and its server's manners.

    Attributes:
        units: NAL units without start codes, or what gives them to each viewer who comes.
        user, password: what it wants to be logged in with; "" for nobody.
        qop: its challenge offers qop="auth" (RFC 7616) or none (RFC 2617).
        transports: "tcp" and "udp", what it offers; others get 461.
        sha256: its challenge names SHA-256 (RFC 7616) and nothing else.
        hides: it answers 404 instead of 401 to whom it does not know, but says how to log in.
        silent: it accepts connections and says nothing.
        empty: it plays, and no packet comes.
    """

    units: tuple[bytes, ...] | Callable[[], tuple[bytes, ...]]
    user: str = ""
    password: str = ""
    qop: bool = True
    transports: tuple[str, ...] = ("tcp", "udp")
    sha256: bool = False
    hides: bool = False
    silent: bool = False
    empty: bool = False


def encode(image: Any) -> tuple[bytes, ...]:
    """Encode one picture (height × width × 3, blue, green, red) as the NAL units of an H.264 key frame."""
    import av

    h, w = image.shape[:2]
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = w - w % 2, h - h % 2, "yuv420p"
    context.time_base = Fraction(1, 25)
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "qp": "24"}
    frame = av.VideoFrame.from_ndarray(image[: context.height, : context.width], format="bgr24")
    data = b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
    parts = [unit for unit in re.split(rb"\x00\x00\x00?\x01", data) if unit]
    return tuple(unit.rstrip(b"\0") for unit in parts if unit[0] & 31 in (5, 7, 8))


class RtspServer:
    """Serves one stream, whatever the path; several viewers at a time."""

    def __init__(self, stream: Stream) -> None:
        self.requests: list[str] = []
        self._stream = stream
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self, *, sock: socket.socket | None = None) -> int:
        """Listen, on a socket that is there or on a free port of 127.0.0.1, and give the port."""
        if sock is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        else:
            self._server = await asyncio.start_server(self._accept, sock=sock)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.talk(reader, writer)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation until its end."""
        task = asyncio.current_task()
        if task is not None:
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        try:
            await _Talk(self._stream, self._encoded(), self.requests, reader, writer).run()
        except (ConnectionError, EOFError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.transport.abort()

    def _encoded(self) -> tuple[bytes, ...]:
        units = self._stream.units
        return units() if callable(units) else units


class _Talk:
    def __init__(
        self,
        stream: Stream,
        units: tuple[bytes, ...],
        requests: list[str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._stream, self._units, self._requests = stream, units, requests
        self._reader, self._writer = reader, writer
        self._nonce = os.urandom(12).hex()
        self._udp: tuple[asyncio.DatagramTransport, tuple[str, int]] | None = None
        self._sending: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            while True:
                head = await self._reader.readuntil(_REQUEST_END)
                if len(head) > _MAX_REQUEST:
                    return
                if self._stream.silent:
                    await self._reader.read()
                    return
                await self._answer(head.lstrip(b"\r\n$\0").decode("latin-1"))
        finally:
            if self._sending is not None:
                self._sending.cancel()
            if self._udp is not None:
                self._udp[0].close()

    async def _answer(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        method, url, _ = [*first.split(" "), "", ""][:3]
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._requests.append(method)
        sequence = fields.get("cseq", "0")
        if method == "OPTIONS":
            self._send(sequence, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif not self._is_known(method, url, fields.get("authorization", "")):
            status = "404 Not Found" if self._stream.hides else "401 Unauthorized"
            more = (', qop="auth"' if self._stream.qop else "") + (", algorithm=SHA-256" if self._stream.sha256 else "")
            self._send(sequence, status, f'WWW-Authenticate: Digest realm="camera", nonce="{self._nonce}"{more}')
        elif method == "DESCRIBE":
            body = self._description()
            self._send(sequence, "200 OK", f"Content-Base: {url}/", "Content-Type: application/sdp", body=body)
        elif method == "SETUP":
            await self._set_up(sequence, fields.get("transport", ""))
        elif method == "PLAY":
            self._send(sequence, "200 OK", "Session: 1234", "Range: npt=0.000-")
            if not self._stream.empty:
                self._sending = asyncio.get_running_loop().create_task(self._play())
        else:
            self._send(sequence, "200 OK", "Session: 1234")

    async def _set_up(self, sequence: str, transport: str) -> None:
        wanted = "tcp" if "/TCP" in transport else "udp"
        if wanted not in self._stream.transports:
            self._send(sequence, "461 Unsupported Transport")
            return
        if wanted == "udp":
            ports = _CLIENT_PORTS.search(transport)
            peer = self._writer.get_extra_info("peername")[0]
            own = self._writer.get_extra_info("sockname")[0]
            made, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                asyncio.DatagramProtocol, local_addr=(own, 0)
            )
            self._udp = made, (peer, int(ports[1]) if ports else 0)
            port = made.get_extra_info("sockname")[1]
            transport = f"{transport};server_port={port}-{port + 1}"
        self._send(sequence, "200 OK", "Session: 1234;timeout=60", f"Transport: {transport};ssrc=00000001")

    async def _play(self) -> None:
        number, stamp = 0, 0
        while True:
            packets = _packets(self._units)
            for place, payload in enumerate(packets):
                last = place == len(packets) - 1
                head = struct.pack(">BBHII", 0x80, 96 | (0x80 if last else 0), number & 0xFFFF, stamp & 0xFFFFFFFF, 1)
                number += 1
                if self._udp is None:
                    self._writer.write(struct.pack(">BBH", 0x24, 0, len(head) + len(payload)) + head + payload)
                else:
                    self._udp[0].sendto(head + payload, self._udp[1])
            await self._writer.drain()
            stamp += int(_EVERY_S * _CLOCK_HZ)
            await asyncio.sleep(_EVERY_S)

    def _is_known(self, method: str, url: str, authorization: str) -> bool:
        stream = self._stream
        if not stream.user:
            return True
        found = dict(_FIELD.findall(authorization.removeprefix("Digest ")))
        if found.get("nonce") != self._nonce or found.get("username") != stream.user:
            return False
        hashed = _sha256 if stream.sha256 else _md5
        who = hashed(f"{stream.user}:camera:{stream.password}")
        what = hashed(f"{method}:{found.get('uri', '')}")
        middle = f"{self._nonce}:{found.get('nc', '')}:{found.get('cnonce', '')}:auth" if stream.qop else self._nonce
        return found.get("response") == hashed(f"{who}:{middle}:{what}")

    def _description(self) -> str:
        sets = [unit for unit in self._units if unit[0] & 31 in (7, 8)]
        level = sets[0][1:4].hex() if sets else "42001e"
        sprop = ",".join(base64.b64encode(unit).decode() for unit in sets)
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
            f"a=fmtp:96 packetization-mode=1;profile-level-id={level};sprop-parameter-sets={sprop}\r\n"
            "a=control:track1\r\n"
        )

    def _send(self, sequence: str, status: str, *lines: str, body: str = "") -> None:
        head = [f"RTSP/1.0 {status}", f"CSeq: {sequence}", *lines]
        if body:
            head.append(f"Content-Length: {len(body)}")
        self._writer.write(("\r\n".join(head) + "\r\n\r\n" + body).encode())


def _packets(units: tuple[bytes, ...]) -> list[bytes]:
    """Give the RTP payloads of NAL units: whole where they fit, else fragments (FU-A)."""
    made = []
    for unit in units:
        if len(unit) <= _PAYLOAD:
            made.append(unit)
            continue
        indicator, kind = (unit[0] & 0xE0) | 28, unit[0] & 31
        parts = [unit[start : start + _PAYLOAD] for start in range(1, len(unit), _PAYLOAD)]
        for place, part in enumerate(parts):
            edge = (0x80 if place == 0 else 0) | (0x40 if place == len(parts) - 1 else 0)
            made.append(bytes([indicator, edge | kind]) + part)
    return made


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
