"""GA/T 1400 (视图库), the asked side: devices and platforms register, keep alive, and push the status of their devices.

Only what is about devices is taken. A path or a body of faces, persons, vehicles, plates, images or dispositions is
refused with 403; a forbidden path's body is not even read, and nothing of any refused body is parsed, kept or logged.

Registration is by HTTP Digest. Later calls name themselves by `User-Identify`, as the standard has it, so they are
taken only from the address that registered. Three missed keepalives are silence, confirmed, since the first that was
due; if we stood still meanwhile, they say nothing.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
from aiohttp import web
from msgspec import Struct, field

from collectors.deep import Secret
from collectors.pushed import Message, Receipt, Report, Sink
from collectors.viid.gate import Gate
from collectors.viid.objects import CHINA_S, BadAnswerError, read_apes, read_statuses

PROTOCOL = "viid"
JSON_TYPE = "application/VIID+JSON"
SMALL_BODY, LARGE_BODY = 4 * 1024, 4 * 1024 * 1024
TOGETHER = 500
TICK_S = 1.0
MISSED = 3
_ID = re.compile(r"[0-9A-Za-z]{1,20}")
_REGISTERED = 200_000
_WAITING = 20_000

# GA/T 1400.4, ResponseStatus: in order, other, busy, invalid operation, JSON format invalid, JSON content invalid.
OK, OTHER, BUSY, INVALID, NOT_JSON, BAD_CONTENT = 0, 1, 2, 4, 7, 8

_PEOPLE_WORDS = "Face|Person|MotorVehicle|NonMotorVehicle|Plate|Image|SubImage|Disposition|VideoSlice|Video|File"
_PEOPLE = re.compile(rb'"(?:' + _PEOPLE_WORDS.encode() + rb')[A-Za-z]*"\s*:', re.IGNORECASE)
# Possessive, so that a body made of nothing but escapes is read once. A Latin letter is hidden by an escape that
# begins with two zeros; Chinese text, which many write in escapes, never is.
_KEY = re.compile(rb'"((?:[^"\\]|\\.)*+)"[ \t\r\n]*+:')
_HIDING = b"\\u00"
_PEOPLE_PATH = re.compile(rf"/VIID/(?:{_PEOPLE_WORDS})", re.IGNORECASE)
_FOR_PEOPLE = (
    "设备以外的数据不接收 · faces, persons, vehicles, plates, images and dispositions are not taken: devices only"
)


class _Named(Struct):
    id: Any = field(default=None, name="DeviceID")


class _Who(Struct):
    register: _Named | None = field(default=None, name="RegisterObject")
    keepalive: _Named | None = field(default=None, name="KeepaliveObject")
    unregister: _Named | None = field(default=None, name="UnRegisterObject")


_who = msgspec.json.Decoder(_Who)
_WHO_KEY = {"Register": "register", "Keepalive": "keepalive", "UnRegister": "unregister"}


@dataclass(slots=True)
class _Registered:
    """Who is registered: from which address, and when it was last heard (epoch and monotonic seconds)."""

    remote: str
    heard_at: int
    heard: float


class _RefusedError(Exception):
    """A request is not taken: the HTTP status, the standard's code, and why, for whoever sent it."""

    def __init__(self, status: int, code: int, reason: str, *, challenge: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason
        self.challenge = challenge


class ViidListener:
    """The routes below `/VIID/`, and what brings them to the sink.

    Args:
        identity: our own 20-digit id.
        secret: gives what a device logs in with, by its id; None for one that may not register.
        keepalive_s: how often a registered device keeps alive.
        wall_clock: our own time, epoch seconds.
    """

    def __init__(
        self,
        *,
        identity: str,
        secret: Callable[[str], Secret | None],
        keepalive_s: int = 90,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.refused: Counter[str] = Counter()
        self._identity = identity
        self._secret = secret
        self._keepalive_s = keepalive_s
        self._wall_clock = wall_clock
        self._gate = Gate(time.monotonic)
        self._registered: dict[str, _Registered] = {}
        self._waiting: list[tuple[Message, asyncio.Future[Receipt] | None]] = []
        self._under_way: list[tuple[Message, asyncio.Future[Receipt] | None]] = []
        self._ended = False
        self._wake = asyncio.Event()

    @property
    def registered(self) -> int:
        """How many are registered now."""
        return len(self._registered)

    def mount(self, application: web.Application) -> None:
        """Add the routes to the monitor's HTTP server."""
        for name in _WHO_KEY:
            application.router.add_post(f"/VIID/System/{name}", self._answering(self._system))
        application.router.add_get("/VIID/System/Time", self._time)
        for method in ("PUT", "POST"):
            application.router.add_route(method, "/VIID/APEs", self._answering(self._apes))
            application.router.add_route(method, "/VIID/APEStatuses", self._answering(self._statuses))
            application.router.add_route(method, "/VIID/SubscribeNotifications", self._answering(self._notified))
        application.router.add_route("*", "/VIID/{rest:.*}", self._answering(self._other))

    async def run(self, sink: Sink) -> NoReturn:
        """Bring what comes to the sink, many requests at a time, and notice who keeps silent; until cancelled."""
        try:
            await self._run(sink)
        finally:
            self._ended = True
            for _, waiter in (*self._under_way, *self._waiting):
                if waiter is not None and not waiter.done():
                    waiter.set_exception(_RefusedError(503, BUSY, "stopping, try again later"))

    async def _run(self, sink: Sink) -> NoReturn:
        ticked = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(TICK_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            while self._waiting:
                self._under_way = part = self._waiting[:TOGETHER]
                self._waiting = self._waiting[TOGETHER:]
                receipts = await sink([message for message, _ in part])
                for (_, waiter), receipt in zip(part, receipts, strict=True):
                    if waiter is not None and not waiter.done():
                        waiter.set_result(receipt)
                self._under_way = []
            now = time.monotonic()
            if now - ticked >= TICK_S:
                await self._notice_silence(sink, stood_still=now - ticked > self._keepalive_s)
                ticked = time.monotonic()

    async def _notice_silence(self, sink: Sink, *, stood_still: bool) -> None:
        now, at = time.monotonic(), int(self._wall_clock())
        gone: list[Message] = []
        for device_id, known in list(self._registered.items()):
            if stood_still:
                known.heard = now  # nobody could be heard: their silence says nothing
            elif now - known.heard > MISSED * self._keepalive_s:
                del self._registered[device_id]
                since = known.heard_at + self._keepalive_s
                said = [Report(device_id, at, online=False)]
                gone.append(Message(PROTOCOL, device_id, said, alive=False, since=since, topic="keepalive"))
        for start in range(0, len(gone), TOGETHER):
            await sink(gone[start : start + TOGETHER])

    def _answering(self, handler: Callable[[web.Request], Awaitable[web.Response]]) -> Any:
        """Turn refusals into the standard's answers, and count them."""

        async def answer(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except _RefusedError as refused:
                self._note(request, refused)
                response = self._status(request, refused.code, refused.reason, http=refused.status)
                if refused.challenge:
                    response.headers["WWW-Authenticate"] = refused.challenge
                else:
                    response.force_close()  # what is left of a body is not read
                return response

        return answer

    async def _system(self, request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        device_id = self._identity_of(request)
        body = await _read(request, SMALL_BODY)
        try:
            named = getattr(_who.decode(body), _WHO_KEY[name])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise _RefusedError(400, NOT_JSON, "not JSON") from None
        if named is None:
            raise _RefusedError(400, BAD_CONTENT, f"{name}Object is missing")
        if str(named.id) != device_id:
            raise _RefusedError(403, INVALID, "DeviceID is not that of User-Identify")
        if name == "Register":
            self._log_in(request, device_id)
        elif self._known(request, device_id) == int(self._wall_clock()) and name == "UnRegister":
            await asyncio.sleep(1)  # evidence of one second is one: its keepalive would stand
        said = Report(device_id, int(self._wall_clock()), online=name != "UnRegister")
        interval_s = self._keepalive_s
        receipt = await self._bring(
            Message(PROTOCOL, device_id, [said], alive=False, interval_s=interval_s, topic=name, size=len(body))
        )
        if receipt.refused_count:
            raise _RefusedError(403, INVALID, receipt.refused[0][1])
        if name == "Register":
            if len(self._registered) >= _REGISTERED:
                raise _RefusedError(503, OTHER, "too many are registered")
            self._registered[device_id] = _Registered(request.remote or "", said.at, time.monotonic())
        elif name == "UnRegister":
            self._registered.pop(device_id, None)
        return self._status(request, OK, "OK", device_id=device_id)

    async def _apes(self, request: web.Request) -> web.Response:
        at = int(self._wall_clock())
        return await self._told(
            request, lambda body: [Report(name, at, online) for name, online in read_apes(body).items]
        )

    async def _statuses(self, request: web.Request) -> web.Response:
        at = int(self._wall_clock())
        return await self._told(request, lambda body: read_statuses(body, at=at))

    async def _notified(self, request: web.Request) -> web.Response:
        at = int(self._wall_clock())
        return await self._told(request, lambda body: _notification(body, at=at))

    async def _told(self, request: web.Request, read: Callable[[bytes], list[Report]]) -> web.Response:
        """Take what a registered device or platform says of its devices, and say of each what became of it."""
        sender = self._identity_of(request)
        self._known(request, sender)
        body = await _read(request, LARGE_BODY)
        if _is_about_people(body):
            raise _RefusedError(403, INVALID, _FOR_PEOPLE)
        try:
            reports = read(body)
        except BadAnswerError as error:
            raise _RefusedError(400, NOT_JSON if "JSON" in str(error) else BAD_CONTENT, str(error)) from None
        if not reports:
            raise _RefusedError(400, BAD_CONTENT, "no device in it")
        receipt = await self._bring(
            Message(
                PROTOCOL,
                sender,
                reports,
                interval_s=self._keepalive_s,
                sent_at=reports[0].at,
                topic=request.path,
                size=len(body),
            )
        )
        if receipt.refused and not receipt.refused[0][0]:
            raise _RefusedError(429, OTHER, receipt.refused[0][1])
        why = dict(receipt.refused)
        listed = [
            self._status_object(request, INVALID if each.device in why else OK, why.get(each.device, "OK"), each.device)
            for each in reports[:1_000]
        ]
        return _json({"ResponseStatusListObject": {"ResponseStatusObject": listed}})

    async def _other(self, request: web.Request) -> web.Response:
        """Everything else below `/VIID/`: refused with its body unread."""
        if _PEOPLE_PATH.match(request.path):
            raise _RefusedError(403, INVALID, _FOR_PEOPLE)
        raise _RefusedError(404, INVALID, "not served here")

    async def _time(self, _request: web.Request) -> web.Response:
        local = time.strftime("%Y%m%d%H%M%S", time.gmtime(self._wall_clock() + CHINA_S))
        said = {"VIIDServerID": self._identity, "TimeMode": "1", "LocalTime": local, "TimeZone": "+08:00"}
        return _json({"SystemTimeObject": said})

    def _identity_of(self, request: web.Request) -> str:
        device_id = request.headers.get("User-Identify", "")
        if not _ID.fullmatch(device_id):
            raise _RefusedError(400, INVALID, "User-Identify is missing or is no id")
        return device_id

    def _log_in(self, request: web.Request, device_id: str) -> None:
        secret = self._secret(device_id)
        if secret is None:
            raise _RefusedError(403, INVALID, "no login is set up here for this device")
        header = request.headers.get("Authorization", "")
        verdict = self._gate.check(header, secret, method=request.method, path=request.path_qs) if header else None
        if verdict is None or not verdict.ok:
            challenge = self._gate.challenge(stale=verdict is not None and verdict.stale)
            raise _RefusedError(
                401, INVALID, "login wanted" if verdict is None else "login refused", challenge=challenge
            )

    def _known(self, request: web.Request, device_id: str) -> int:
        """Note that a registered device lives, and give when it was heard before, epoch seconds.

        Whoever has not registered from this address is refused with 401, so that it registers again.
        """
        known = self._registered.get(device_id)
        if known is None or known.remote != (request.remote or ""):
            raise _RefusedError(401, INVALID, "not registered", challenge=self._gate.challenge())
        before = known.heard_at
        known.heard, known.heard_at = time.monotonic(), int(self._wall_clock())
        return before

    async def _bring(self, message: Message) -> Receipt:
        """Give a message to the sink and wait until it is stored."""
        if self._ended or len(self._waiting) >= _WAITING:
            raise _RefusedError(503, BUSY, "busy, try again later")
        waiter: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, waiter))
        self._wake.set()
        return await waiter

    def _note(self, request: web.Request, refused: _RefusedError) -> None:
        """Count a refusal, and have it recorded where somebody named itself; a demand for a login is none."""
        if refused.challenge and "Authorization" not in request.headers:
            return
        self.refused[refused.reason] += 1
        sender = request.headers.get("User-Identify", "")
        if _ID.fullmatch(sender) and len(self._waiting) < _WAITING:
            reason = f"{request.method} {request.match_info.get_info().get('path', '/VIID/…')}: {refused.reason}"
            size = request.content_length or 0
            note = Message(PROTOCOL, sender, alive=False, refusal=reason, size=min(size, 2**31 - 1))
            self._waiting.append((note, None))
            self._wake.set()

    def _status(
        self, request: web.Request, code: int, words: str, *, http: int = 200, device_id: str = ""
    ) -> web.Response:
        return _json({"ResponseStatusObject": self._status_object(request, code, words, device_id)}, status=http)

    def _status_object(self, request: web.Request, code: int, words: str, device_id: str) -> dict[str, object]:
        local = time.strftime("%Y%m%d%H%M%S", time.gmtime(self._wall_clock() + CHINA_S))
        path = request.path if len(request.path) <= 100 else "/VIID/"
        return {"Id": device_id, "RequestURL": path, "StatusCode": code, "StatusString": words, "LocalTime": local}


def _is_about_people(body: bytes) -> bool:
    """Say whether a body has keys of faces, persons, vehicles and the like, or keys that hide what they are."""
    if _PEOPLE.search(body):
        return True
    return _HIDING in body and any(_HIDING in key[1] for key in _KEY.finditer(body))


_NOTHING = msgspec.Raw(b"")


class _Inside(Struct):
    devices: msgspec.Raw = field(default=_NOTHING, name="DeviceList")
    statuses: msgspec.Raw = field(default=_NOTHING, name="APEStatusObjectList")
    status: msgspec.Raw = field(default=_NOTHING, name="APEStatusListObject")


class _Inner(Struct):
    objects: _Inside | list[_Inside] | None = field(default=None, name="SubscribeNotificationObject")


class _Notification(Struct):
    outer: _Inner | None = field(default=None, name="SubscribeNotificationListObject")


_notice = msgspec.json.Decoder(_Notification)


def _notification(body: bytes, *, at: int) -> list[Report]:
    """Give what a notification of a subscription says of devices.

    Raises:
        BadAnswerError: it is no such notification.
    """
    try:
        outer = _notice.decode(body).outer
    except msgspec.ValidationError:
        raise BadAnswerError("does not follow the standard") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadAnswerError("is not JSON") from None
    objects = outer.objects if outer is not None else None
    reports: list[Report] = []
    for each in objects if isinstance(objects, list) else [objects]:
        if each is None:
            continue
        if bytes(each.devices):
            reports += [
                Report(name, at, online) for name, online in read_apes(_wrapped("APEListObject", each.devices)).items
            ]
        for raw in (each.statuses, each.status):
            if bytes(raw):
                reports += read_statuses(_wrapped("APEStatusListObject", raw), at=at)
    return reports


def _wrapped(key: str, raw: msgspec.Raw) -> bytes:
    return b'{"' + key.encode() + b'":' + bytes(raw) + b"}"


async def _read(request: web.Request, most: int) -> bytes:
    """Read a body up to a limit.

    Raises:
        _RefusedError: it is longer; the rest is not read.
    """
    too_long = _RefusedError(413, INVALID, f"more than {most} bytes")
    if (request.content_length or 0) > most:
        raise too_long
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > most:
            raise too_long
    return bytes(body)


def _json(content: object, *, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), status=status, content_type=JSON_TYPE)
