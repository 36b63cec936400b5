"""Picture looking: every camera's picture is judged once a day; numbers are kept of it and nothing else (RULES §3).

It goes round by `LookRounds` and shares `Logins` with the deep looks, whose answers say where a picture is had. A
recorder is asked for one picture at a time, and a link for a few.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from collectors.picture.look import PictureRequest, PictureResult
from monitor.domain.baseline import LightClass, learn, light_of
from monitor.domain.device import Device, DeviceKind, ParentRole
from monitor.domain.login import Login
from monitor.domain.observation import Observation
from monitor.domain.picture import CORRUPT_FAULT, Limits, PictureVerdict, judge
from monitor.domain.picture_look import PictureLook, PictureMemory, Stillness, still_after
from monitor.domain.policy import Policy
from monitor.domain.state import Connectivity, DeviceState
from monitor.ports import DeepStore, PictureStore, StoreBusyError
from monitor.services.ingest import Ingest
from monitor.services.logins import Logins, Noted
from monitor.services.look_rounds import LookRounds, RoundPace
from monitor.services.observe_picture import PICTURE_FAULTS, observe_picture
from monitor.services.polling import subnet_of

log = structlog.get_logger()

_ANCESTORS = 4
_OURS = frozenset({"ours", "killed", "died"})


class Taker(Protocol):
    """What takes a picture and gives numbers."""

    async def look(self, request: PictureRequest) -> PictureResult:
        """Look once; never an exception."""

    async def close(self) -> None:
        """Let go of everything."""


@dataclass(frozen=True, slots=True)
class PicturePace:
    """How often, how wide and how long picture looks are; all `_s` in seconds.

    Attributes:
        interval_s: pace of looks at a device.
        recheck_s: pace while a fault is shown and not yet confirmed, and after a failure of ours.
        faulty_s: pace while a counting fault of a picture stands.
        timeout_s: how long each step of a look may take.
        total_s: how long fetching a picture may take in all.
        concurrency: looks under way at once.
        per_link: looks under way at once behind one uplink, or in one /24 where no uplink is recorded.
        other_hosts: what to do with a URI that points at another host.
    """

    interval_s: int = 86_400
    recheck_s: int = 600
    faulty_s: int = 3_600
    timeout_s: float = 5.0
    total_s: float = 20.0
    concurrency: int = 60
    per_link: int = 4
    other_hosts: str = "refuse"


class PictureLooking:
    """The picture looks of one collector.

    Args:
        taker: takes a picture and gives numbers.
        ingest: where observations go.
        logins: what is logged in with.
        deep_store: what deep looks heard: where pictures are had.
        store: what is remembered of pictures.
        policy: the settings of the rules.
        limits: where scores become faults.
        pace: how often, how wide and how long.
        now: our time, epoch seconds.
        on_duration: told the duration of every look, seconds.
    """

    def __init__(
        self,
        *,
        taker: Taker,
        ingest: Ingest,
        logins: Logins,
        deep_store: DeepStore,
        store: PictureStore,
        policy: Policy,
        limits: Limits,
        pace: PicturePace,
        now: Callable[[], float],
        on_duration: Callable[[float], None],
    ) -> None:
        self.looks: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self._taker = taker
        self._ingest = ingest
        self._logins = logins
        self._deep_store = deep_store
        self._store = store
        self._policy = policy
        self._limits = limits
        self._pace = pace
        self._now = now
        self._on_duration = on_duration
        self._devices: dict[str, Device] = {}
        self._paths: dict[str, tuple[DeviceKind, tuple[str, ...]]] = {}
        self._store_lost = False
        self.rounds = LookRounds(
            "picture",
            RoundPace(pace.interval_s, pace.concurrency),
            look=self._look,
            may_look=self._may_look,
            limits=self._shared,
            now=now,
        )

    def assign(self, devices: Sequence[Device]) -> None:
        """Look at these devices' pictures, those of them that have one, from now on."""
        self._paths = {}
        self._devices = {}
        self._take(devices)
        self.rounds.assign(self._devices)

    def follow(self, devices: Sequence[Device]) -> None:
        """Take in devices that are new or have changed."""
        before = set(self._devices)
        self._take(devices)
        self.rounds.add([device.id for device in devices if device.id in self._devices and device.id not in before])

    async def close(self) -> None:
        """End every worker."""
        await self._taker.close()

    def _take(self, devices: Sequence[Device]) -> None:
        for device in devices:
            if device.kind in (DeviceKind.RECORDER, DeviceKind.GATEWAY, DeviceKind.OTHER, DeviceKind.PLATFORM):
                above = tuple(parent.device_id for parent in device.parents if parent.role is ParentRole.PATH)
                self._paths[device.id] = device.kind, above
            endpoint = device.endpoint
            if device.kind is DeviceKind.CAMERA and endpoint is not None and endpoint.protocol == "onvif":
                self._devices[device.id] = device
            else:
                self._devices.pop(device.id, None)

    def _may_look(self, device_id: str) -> bool:
        """Fetching a picture makes sense where the device answers."""
        state = self._ingest.states.get(device_id)
        if state is None or device_id not in self._devices:
            return False
        return state.connectivity is Connectivity.ONLINE and not state.silent_at

    def _shared(self, device_id: str) -> tuple[tuple[str, int], ...]:
        """Give what a look must not crowd: its recorder, its address (a recorder's channels share one), its link."""
        device = self._devices[device_id]
        address = device.endpoint.address if device.endpoint is not None else ""
        found = {f"host {urlsplit(address).hostname}": 1}
        above = [parent.device_id for parent in device.parents if parent.role is ParentRole.PATH]
        link = ""
        for _ in range(_ANCESTORS):
            if not above:
                break
            first, *_rest = above
            kind, above_it = self._paths.get(first, (DeviceKind.OTHER, ()))
            if kind is DeviceKind.RECORDER:
                found[f"recorder {first}"] = 1
            elif not link:
                link = first
            above = list(above_it)
        found[f"link {link or subnet_of(address)}"] = self._pace.per_link
        return tuple(found.items())

    async def _look(self, device_id: str) -> float | None:
        """Look once; give the seconds until a look out of turn, or None."""
        device = self._devices.get(device_id)
        if device is None or device.endpoint is None:
            return None
        pace = self._pace
        try:
            known = await self._deep_store.known(device_id)
            memory = await self._store.memory(device_id)
        except StoreBusyError:
            return pace.recheck_s
        said = known.said
        if said is None or not (said.snapshot_uri or said.stream_uri):
            return pace.interval_s / 4  # a deep look may say more by then
        ticket = self._logins.ticket(device, vendor=known.vendor)
        result: PictureResult | None = None
        at = int(self._now())
        request = PictureRequest(
            device.endpoint.address,
            said.snapshot_uri,
            said.stream_uri,
            ticket.secret,
            pace.timeout_s,
            pace.total_s,
            pace.other_hosts,
        )
        try:
            result = await self._taker.look(request)
        finally:
            login = Login.UNTRIED if result is None else Login(result.login)
            noted = self._logins.done(device_id, ticket, login, refusals=0 if result is None else result.refusals)
        self._on_duration(result.duration_s)
        self.looks[result.outcome] += 1
        return await self._take_in(device_id, memory, result, noted, at=at)

    async def _take_in(
        self, device_id: str, memory: PictureMemory, result: PictureResult, noted: Noted, *, at: int
    ) -> float | None:
        """Judge a look, keep its numbers, and give the seconds until a look out of turn, or None."""
        state = self._ingest.states.get(device_id)
        if state is None:
            return None
        light, verdict = judged(result, memory, self._limits)
        stillness = still_after(memory.last, result.scores, result.payload, at=at) if result.scores else None
        observation = observe_picture(
            state,
            result.outcome,
            verdict,
            stillness,
            at=at,
            interval_s=self._policy.interval_for(state, at=at),
            refuses=noted.refuses,
        )
        state = self._ingest.accept(observation)
        self.found.update(observation.faults)
        await self._keep(look_of(device_id, result, verdict, stillness, light, observation, at=at), memory, result)
        return self._again_in_s(state, observation, result)

    async def _keep(self, look: PictureLook, memory: PictureMemory, result: PictureResult) -> None:
        """Store a look; a picture with nothing wrong also teaches what the view usually is."""
        light, baseline = look.light, None
        if light is not None and not look.faults:
            baseline = learn(memory.baselines.get(light), result.signature)
        try:
            await self._store.keep(look, light, baseline)
        except StoreBusyError as error:
            # The observation is on its way by itself: what is lost are numbers of one look.
            if not self._store_lost:
                log.warning("picture_store.lost", error=str(error))
            self._store_lost = True
        else:
            self._store_lost = False

    def _again_in_s(self, state: DeviceState, observation: Observation, result: PictureResult) -> float | None:
        if result.outcome in _OURS:
            return self._pace.recheck_s
        theirs = [fault for fault in state.faults if fault.code in PICTURE_FAULTS]
        if not all(fault.confirmed for fault in theirs if fault.code in observation.faults):
            return self._pace.recheck_s
        if any(fault.code in self._policy.counting_faults for fault in theirs):
            return self._pace.faulty_s
        return None


def judged(
    result: PictureResult, memory: PictureMemory, limits: Limits
) -> tuple[LightClass | None, PictureVerdict | None]:
    """Judge what a look measured by the baseline of its light; None, None where there is nothing to judge."""
    if result.outcome == "corrupt":
        return None, PictureVerdict((CORRUPT_FAULT,), frozenset({CORRUPT_FAULT.code}))
    if result.outcome != "picture":
        return None, None
    light = light_of(result.scores)
    if result.damaged:
        return light, PictureVerdict((CORRUPT_FAULT,), frozenset({CORRUPT_FAULT.code}))
    return light, judge(result.scores, limits, memory.baselines.get(light), result.signature)


def look_of(
    device_id: str,
    result: PictureResult,
    verdict: PictureVerdict | None,
    stillness: Stillness | None,
    light: LightClass | None,
    observation: Observation,
    *,
    at: int,
) -> PictureLook:
    """Give what is kept of a look."""
    faults = () if verdict is None else verdict.faults
    return PictureLook(
        device_id=device_id,
        at=at,
        outcome=result.outcome,
        detail=result.detail,
        way=result.way,
        light=light,
        faults=observation.faults,
        reasons=tuple(f"{fault.reason_zh} · {fault.reason_en}" for fault in faults),
        scores=result.scores or None,
        payload=result.payload,
        stillness=stillness,
        width=result.width,
        height=result.height,
        duration_ms=round(result.duration_s * 1_000),
    )
