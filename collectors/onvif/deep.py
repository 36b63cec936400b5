"""A deep look at an ONVIF device: what it says of itself, its services, profiles, URIs and recordings.

Each question may be refused; the look then goes on with the next and notes it. The order matters: the clock first,
because a login needs it; what needs a login next, so that a wrong one is found out by one question.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from collectors.base import PROOF_OF, ClockReading, Outcome, Proof, Target
from collectors.deep import DeepRequest, DeepResult, Profile, Recordings, StepNote
from collectors.detail import one_line
from collectors.onvif.channel import Answer, Channel, Heard, Sitting
from collectors.onvif.soap import SoapKind, time_in
from collectors.onvif.typed import OddAnswerError
from collectors.urls import BadUrl, Url, checked, read_url, turned_to

_ENTRY_POINT = "/onvif/device_service"
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_TT = "{http://www.onvif.org/ver10/schema}"
_SEARCH = "http://www.onvif.org/ver10/search/wsdl"
_MAX_PROFILES = 64
_MAX_SERVICES = 64
_MAX_MACS = 8
_MAX_TEXT = 64
_MAX_TOKEN = 128


class OnvifDeepPoller:
    """Looks deeper at ONVIF devices, any number at a time; keeps nothing of a device between looks."""

    def __init__(self, *, wall_clock: Callable[[], float]) -> None:
        """Make a poller; it may be made before the event loop runs.

        Args:
            wall_clock: gives our own time, epoch seconds.
        """
        self._channel = Channel(wall_clock=wall_clock)

    async def prepare(self) -> None:
        """Read the WSDLs, half a second of work, away from the event loop."""
        await asyncio.to_thread(self._channel.typed.prepare)

    async def look(self, target: Target, request: DeepRequest) -> DeepResult:
        """Ask everything once; whatever the device sends becomes a result.

        Raises:
            asyncio.CancelledError: the caller cancelled the look; its connection is gone.
        """
        started = time.perf_counter()
        try:
            result = await self._look(target.address, request, started)
        except Exception as error:  # the edge: a fault of ours must neither stop a worker nor judge a device
            result = DeepResult(Outcome.OURS, one_line(f"our own fault: {type(error).__name__}: {error}"))
        result.duration_s = time.perf_counter() - started
        return result

    async def close(self) -> None:
        """End the looks in flight (their outcome is `ours`) and take no more."""
        await self._channel.close()

    async def _look(self, address: str, request: DeepRequest, started: float) -> DeepResult:
        try:
            own = read_url(address)
        except BadUrl as error:
            return DeepResult(Outcome.UNRESOLVED, f"bad address: {error}")
        if own.path == "/":
            own = own._replace(path=_ENTRY_POINT)
        sitting = Sitting(self._channel, own, request, ends_at=started + request.total_s)
        return await _Questions(self._channel, sitting, own, request).all()


class _Questions:
    """The questions of one look, in their order, and what came of them."""

    def __init__(self, channel: Channel, sitting: Sitting, own: Url, request: DeepRequest) -> None:
        self._typed = channel.typed
        self._sitting = sitting
        self._own = own
        self._request = request
        self._notes: list[StepNote] = []
        self._services: dict[str, Url] = {}
        self._silent = False
        self._result = DeepResult(Outcome.CLEAN)

    async def all(self) -> DeepResult:
        result, sitting = self._result, self._sitting
        if await self._clock():
            for question in (
                self._information,
                self._network,
                self._find_services,
                self._profiles,
                self._snapshot,
                self._stream,
                self._recordings,
            ):
                await question()
        result.login, result.refusals = sitting.login, sitting.refusals
        result.services = tuple(self._services)
        result.notes = tuple(self._notes)
        result.requests = sitting.requests
        return result

    async def _clock(self) -> bool:
        """Read the clock, unsigned first as ONVIF has it; say whether there is anybody to ask more."""
        sitting, result = self._sitting, self._result
        answer = await sitting.ask("device", "GetSystemDateAndTime", signed=False)
        result.outcome, result.detail = answer.outcome, answer.detail
        if PROOF_OF[answer.outcome] is not Proof.PROTOCOL or answer.heard is Heard.SILENT:
            return False
        if answer.heard is Heard.REFUSED and self._request.secret is not None:
            answer = await sitting.ask("device", "GetSystemDateAndTime")
        if answer.content is None:
            self._note("clock", answer)
            return True
        soap = time_in(answer.content)
        if soap.kind is not SoapKind.TIME or soap.reading is None:
            result.outcome, result.detail = Outcome.ODD, one_line(soap.words)
            self._notes.append(StepNote("clock", "odd", one_line(soap.words)))
            return True
        reading = soap.reading
        result.outcome, result.detail = Outcome.CLEAN, ""
        result.clock = ClockReading(reading.utc_s, reading.local_s, reading.zone, reading.source, answer.read_at)
        sitting.skew_s, sitting.skew_known = reading.utc_s + 0.5 - answer.read_at, True
        return True

    async def _information(self) -> None:
        found = await self._ask("information", "device", "GetDeviceInformation")
        if found is not None:
            result = self._result
            result.maker = _text(found, "Manufacturer")
            result.model = _text(found, "Model")
            result.firmware = _text(found, "FirmwareVersion")
            result.serial = _text(found, "SerialNumber")
            result.hardware = _text(found, "HardwareId")

    async def _network(self) -> None:
        found = await self._ask("network", "device", "GetNetworkInterfaces")
        macs: set[str] = set()
        for interface in _items(found)[:_MAX_MACS]:
            address = _text(_part(interface, "Info"), "HwAddress").upper().replace("-", ":")
            if _is_mac(address):
                macs.add(address)
        self._result.macs = tuple(sorted(macs))

    async def _find_services(self) -> None:
        """Ask for the services, and for the older capabilities where that is refused or not known."""
        found = await self._ask("services", "device", "GetServices", IncludeCapability=False)
        for service in _items(found)[:_MAX_SERVICES]:
            namespace = _text(service, "Namespace", longest=_MAX_TOKEN)
            if namespace:
                self._services.setdefault(namespace, turned_to(_text(service, "XAddr", longest=2_048), self._own))
        if self._services:
            return
        found = await self._ask("capabilities", "device", "GetCapabilities", Category="All")
        self._take_capability(_part(found, "Media"), _MEDIA)
        extension = _part(found, "Extension")
        self._take_capability(_part(extension, "Search"), _SEARCH)
        # The schema lets anything stand before the extension's own parts, so zeep takes these for anything, too.
        for element in _items(_part(extension, "_value_1")):
            if getattr(element, "tag", None) == _TT + "Search":
                self._take_service(_SEARCH, element.findtext(_TT + "XAddr") or "")

    def _take_capability(self, part: Any, namespace: str) -> None:
        self._take_service(namespace, _text(part, "XAddr", longest=2_048))

    def _take_service(self, namespace: str, address: str) -> None:
        if address.strip():
            self._services.setdefault(namespace, turned_to(address.strip(), self._own))

    async def _profiles(self) -> None:
        if not self._services:
            self._services[_MEDIA] = self._own  # many devices answer everything at their one address
        if _MEDIA not in self._services:
            self._notes.append(StepNote("profiles", "unsupported", "no media service of version 1"))
            return
        found = await self._ask("profiles", "media", "GetProfiles")
        if found is None:
            return
        profiles = []
        for each in _items(found)[:_MAX_PROFILES]:
            encoder = _part(each, "VideoEncoderConfiguration")
            size = _part(encoder, "Resolution")
            profiles.append(
                Profile(
                    _text(each, "token", longest=_MAX_TOKEN),
                    _text(each, "Name"),
                    _text(encoder, "Encoding"),
                    _number(size, "Width"),
                    _number(size, "Height"),
                )
            )
        self._result.profiles = tuple(profile for profile in profiles if profile.token)
        self._result.chosen = _choose(self._result.profiles)

    async def _snapshot(self) -> None:
        if self._result.chosen:
            found = await self._ask("snapshot", "media", "GetSnapshotUri", ProfileToken=self._result.chosen)
            self._result.snapshot_uri = self._uri("snapshot", found, ("http", "https"))

    async def _stream(self) -> None:
        if self._result.chosen:
            setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
            found = await self._ask(
                "stream", "media", "GetStreamUri", StreamSetup=setup, ProfileToken=self._result.chosen
            )
            self._result.stream_uri = self._uri("stream", found, ("rtsp", "rtsps"))

    async def _recordings(self) -> None:
        if _SEARCH not in self._services:
            return
        found = await self._ask("recordings", "search", "GetRecordingSummary")
        if found is None:
            return
        count = _number(found, "NumberRecordings")
        # RecordingSearch, 5.3: the dates mean nothing where there is no recording.
        since, until = (_instant(found, "DataFrom"), _instant(found, "DataUntil")) if count else (None, None)
        self._result.recordings = Recordings(count, since, until)

    async def _ask(self, step: str, service: str, operation: str, **values: Any) -> Any:
        """Ask one question and give its typed answer; None, with a note, where it did not end well."""
        if self._silent or self._sitting.is_over:
            self._notes.append(StepNote(step, "skipped", "" if self._silent else "the time for all questions is up"))
            return None
        namespace = {"media": _MEDIA, "search": _SEARCH}.get(service, "")
        answer = await self._sitting.ask(service, operation, url=self._services.get(namespace), **values)
        if answer.content is None:
            self._note(step, answer)
            return None
        try:
            return self._typed.answer(service, operation, answer.content)
        except OddAnswerError as error:
            self._notes.append(StepNote(step, "odd", one_line(str(error))))
            return None

    def _note(self, step: str, answer: Answer) -> None:
        ending = "odd" if answer.heard is Heard.FOREIGN else answer.heard.value
        self._notes.append(StepNote(step, ending, answer.detail))
        # A device that has fallen silent is left alone: the next look asks again.
        self._silent = answer.heard is Heard.SILENT and answer.outcome is not Outcome.BROKEN

    def _uri(self, step: str, found: Any, schemes: tuple[str, ...]) -> str:
        if found is None:
            return ""
        text = _text(found, "Uri", longest=2_049)
        if not text:
            self._notes.append(StepNote(step, "odd", "an empty URI"))
            return ""
        uri, problem = checked(
            text,
            self._own,
            schemes=schemes,
            other_hosts=self._request.other_hosts,
            also_own=self._sitting.peer,
        )
        if problem:
            self._notes.append(StepNote(step, "elsewhere" if "another host" in problem else "odd", one_line(problem)))
        return uri


def _choose(profiles: tuple[Profile, ...]) -> str:
    """Give the token of the smallest picture with a size: the sub-stream costs the link least."""
    sized = [profile for profile in profiles if profile.width and profile.height]
    if sized:
        return min(sized, key=lambda profile: profile.width * profile.height).token
    return profiles[0].token if profiles else ""


def _part(found: Any, name: str) -> Any:
    """Give a part of a typed answer; None where it has none, or is something else than the WSDL says."""
    if isinstance(found, dict):
        return found.get(name)
    return getattr(found, name, None)


def _items(found: Any) -> list[Any]:
    if found is None:
        return []
    return [each for each in found if each is not None] if isinstance(found, list) else [found]


def _text(found: Any, name: str, *, longest: int = _MAX_TEXT) -> str:
    value = _part(found, name)
    if not isinstance(value, str):
        return ""
    kept = "".join(char if char.isprintable() else " " for char in value[: longest * 2])
    return " ".join(kept.split())[:longest]


def _number(found: Any, name: str) -> int:
    value = _part(found, name)
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0


def _instant(found: Any, name: str) -> int | None:
    value = _part(found, name)
    if not isinstance(value, datetime):
        return None
    try:
        return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
    except (OverflowError, ValueError):
        return None


def _is_mac(text: str) -> bool:
    parts = text.split(":")
    return len(parts) == 6 and all(len(part) == 2 and set(part) <= set("0123456789ABCDEF") for part in parts)
