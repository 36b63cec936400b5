"""A camera that asks for a login and answers deep looks: a real server on loopback, written apart from the product."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from collectors.deep import DeepRequest, DeepResult, Secret, Session
from collectors.onvif.deep import OnvifDeepPoller
from tests.collectors.servers import Camera

SECRET = Secret("operator", 'pa"ss\\wörd')
SOAP = "http://www.w3.org/2003/05/soap-envelope"
NAMESPACES = (
    f'xmlns:e="{SOAP}" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"'
    ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tse="http://www.onvif.org/ver10/search/wsdl"'
    ' xmlns:ter="http://www.onvif.org/ver10/error"'
)


def enveloped(content: str) -> bytes:
    return f'<?xml version="1.0"?><e:Envelope {NAMESPACES}><e:Body>{content}</e:Body></e:Envelope>'.encode()


def fault(subcode: str, reason: str = "no") -> bytes:
    return enveloped(
        f"<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>{subcode}</e:Value></e:Subcode></e:Code>"
        f'<e:Reason><e:Text xml:lang="en">{reason}</e:Text></e:Reason></e:Fault>'
    )


@dataclass
class DeepCamera:
    """What the camera is like, and what it has seen.

    Attributes:
        scheme: "none", "token", "text", or the Digest algorithms it offers, such as "SHA-256,MD5".
        qop: whether its Digest challenges name one.
        offset_s: its clock minus ours.
        clock_needs_login: whether it tells even its time only to those who log in.
        stale_says: whether it says stale=true of a nonce that it no longer takes.
        answers: bodies by operation that replace its own; an int is a bare status.
    """

    scheme: str = "token"
    password: str = SECRET.password
    qop: bool = True
    offset_s: float = 0.0
    tolerance_s: float = 4.0
    clock_needs_login: bool = False
    stale_says: bool = True
    port: int = 0
    nonce: str = "n0"
    answers: dict[str, bytes | int | str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    refusals: int = 0
    seen_nonces: set[str] = field(default_factory=set)
    counts: set[tuple[str, str]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/onvif/device_service"

    def answer(self, head: str, body: str) -> bytes:
        operation = next(iter(re.findall(r"<(?:\w+:)?(Get\w+|FindRecordings)", body)), "?")
        self.asked.append(operation)
        open_to_all = self.scheme == "none" or (operation == "GetSystemDateAndTime" and not self.clock_needs_login)
        if not open_to_all:
            stale, good = self._login(head, body)
            if not good:
                self.refusals += 1
                return self._refusal(stale)
            self.signed.append(operation)
        mine = self.answers.get(operation, self._own(operation))
        if isinstance(mine, int):
            return f"HTTP/1.1 {mine} Odd\r\nContent-Length: 0\r\n\r\n".encode()
        return _http("200 OK", mine if isinstance(mine, bytes) else enveloped(mine))

    def _login(self, head: str, body: str) -> tuple[bool, bool]:
        if self.scheme in ("token", "text"):
            return False, "Authorization:" not in head and self._token(body)
        assert "UsernameToken" not in body or "Authorization:" not in head
        return self._digest(head)

    def _token(self, body: str) -> bool:
        created = re.search(r"Created[^>]*>([^<]+)<", body)
        if created is None:
            return False
        assert created[1].endswith("Z")
        at = datetime.fromisoformat(created[1].replace("Z", "+00:00")).timestamp()
        if abs(at - (time.time() + self.offset_s)) > self.tolerance_s:
            return False
        password = re.search(r"Password Type=\"[^\"]*#(\w+)\">([^<]+)<", body)
        assert password is not None
        if self.scheme == "text":
            return password[1] == "PasswordText" and password[2] == self.password
        nonce = re.search(r"Nonce[^>]*>([^<]+)<", body)
        if nonce is None or nonce[1] in self.seen_nonces:
            return False
        self.seen_nonces.add(nonce[1])
        material = base64.b64decode(nonce[1]) + created[1].encode() + self.password.encode()
        return (
            password[1] == "PasswordDigest"
            and password[2]
            == base64.b64encode(
                hashlib.sha1(material).digest()  # noqa: S324 - the token's own algorithm
            ).decode()
        )

    def _digest(self, head: str) -> tuple[bool, bool]:
        line = re.search(r"^Authorization: Digest (.*)\r$", head, re.MULTILINE)
        if line is None:
            return False, False
        fields = {
            name: re.sub(r"\\(.)", r"\1", quoted) if quoted else token
            for name, quoted, token in re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^,\s"]+))', line[1])
        }
        if fields["nonce"] != self.nonce:
            return True, False
        make = hashlib.sha256 if fields.get("algorithm") == "SHA-256" else hashlib.md5

        def hashed(text: str) -> str:
            return make(text.encode()).hexdigest()

        who = hashed(f"{SECRET.user}:{fields['realm']}:{self.password}")
        what = hashed(f"POST:{head.split()[1]}")
        middle = ""
        if self.qop:
            assert (fields["nonce"], fields["nc"]) not in self.counts, "a count is used once"
            self.counts.add((fields["nonce"], fields["nc"]))
            middle = f"{fields['nc']}:{fields['cnonce']}:auth:"
        return False, fields["response"] == hashed(f"{who}:{self.nonce}:{middle}{what}")

    def _refusal(self, stale: bool) -> bytes:
        if self.scheme in ("token", "text"):
            date = datetime.fromtimestamp(time.time() + self.offset_s, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
            return _http("400 Bad Request", fault("ter:NotAuthorized"), head=f"Date: {date}\r\n")
        challenges = "".join(
            f'WWW-Authenticate: Digest realm="IPC \\"7\\"", {"qop=auth, " if self.qop else ""}nonce="{self.nonce}"'
            f"{', stale=true' if stale and self.stale_says else ''}{f', algorithm={name}' if name else ''}\r\n"
            for name in self.scheme.split(",")
        )
        return _http("401 Unauthorized", b"<html>no</html>", head='WWW-Authenticate: Basic realm="x"\r\n' + challenges)

    def _own(self, operation: str) -> str | int:
        now = datetime.fromtimestamp(time.time() + self.offset_s, UTC)
        here = "http://192.168.1.64:80"
        return {
            "GetSystemDateAndTime": "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
            "<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
            f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}"
            f"</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month>"
            f"<tt:Day>{now.day}</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime>"
            "</tds:GetSystemDateAndTimeResponse>",
            "GetDeviceInformation": "<tds:GetDeviceInformationResponse><tds:Manufacturer>鸢安</tds:Manufacturer>"
            "<tds:Model>IPC-400</tds:Model><tds:FirmwareVersion>V5.2</tds:FirmwareVersion><tds:SerialNumber>SN-1"
            "</tds:SerialNumber><tds:HardwareId>88</tds:HardwareId></tds:GetDeviceInformationResponse>",
            "GetNetworkInterfaces": '<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0">'
            "<tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>44-19-b6-aa-bb-0c</tt:HwAddress>"
            "</tt:Info></tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>",
            "GetServices": "<tds:GetServicesResponse>"
            + "".join(
                f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tds:Namespace>"
                f"<tds:XAddr>{here}/onvif/{name}</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>0</tt:Minor>"
                "</tds:Version></tds:Service>"
                for name in ("device", "media", "search")
            )
            + "</tds:GetServicesResponse>",
            "GetCapabilities": "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media>"
            f"<tt:XAddr>{here}/onvif/media</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>",
            "GetProfiles": "<trt:GetProfilesResponse>"
            + "".join(
                f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name>'
                '<tt:VideoEncoderConfiguration token="v"><tt:Name>v</tt:Name><tt:UseCount>1</tt:UseCount>'
                f"<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}"
                "</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality></tt:VideoEncoderConfiguration></trt:Profiles>"
                for token, width, height in (("main", 1920, 1080), ("sub", 704, 576))
            )
            + "</trt:GetProfilesResponse>",
            "GetSnapshotUri": self._uri("GetSnapshotUri", f"http://127.0.0.1:{self.port}/snap?ch=1&amp;x=2"),
            "GetStreamUri": self._uri("GetStreamUri", "rtsp://me:secret@127.0.0.1:554/ch1/sub"),
            "GetRecordingSummary": "<tse:GetRecordingSummaryResponse><tse:Summary>"
            "<tt:DataFrom>2026-10-01T00:00:00Z</tt:DataFrom><tt:DataUntil>2026-11-24T00:00:00Z</tt:DataUntil>"
            "<tt:NumberRecordings>2</tt:NumberRecordings></tse:Summary></tse:GetRecordingSummaryResponse>",
        }.get(operation, 404)

    @staticmethod
    def _uri(operation: str, uri: str) -> str:
        return (
            f"<trt:{operation}Response><trt:MediaUri><tt:Uri>{uri}</tt:Uri><tt:InvalidAfterConnect>false"
            "</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
            f"</trt:MediaUri></trt:{operation}Response>"
        )

    def uri(self, operation: str, uri: str) -> None:
        """Let the camera give another URI."""
        self.answers[operation] = self._uri(operation, uri)


def _http(status: str, body: bytes, *, head: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\n{head}Content-Type: application/soap+xml\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@contextlib.asynccontextmanager
async def serving(camera: DeepCamera) -> AsyncIterator[DeepCamera]:
    """Serve the camera on loopback while the block runs."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(re.search(r"Content-Length: (\d+)", head)[1])  # type: ignore[index]
            writer.write(camera.answer(head, (await reader.readexactly(length)).decode()))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    camera.port = server.sockets[0].getsockname()[1]
    try:
        yield camera
    finally:
        server.close()
        await server.wait_closed()


async def deep_look(
    camera: DeepCamera,
    secret: Secret | None = SECRET,
    *,
    session: Session | None = None,
    url: str = "",
    other_hosts: str = "refuse",
    timeout_s: float = 20.0,
    total_s: float = 60.0,
) -> DeepResult:
    poller = OnvifDeepPoller(wall_clock=time.time)
    request = DeepRequest(session or Session(), secret, timeout_s, total_s, other_hosts)
    try:
        return await poller.look(Camera(url or camera.url), request)
    finally:
        await poller.close()
