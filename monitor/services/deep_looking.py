"""Deep looking: every device is looked at more deeply once in 6 h, with a login where there is one (RULES §3).

It goes round by `LookRounds` (see there for how another kind of look plugs in) and shares `Logins` with every other
look that logs in, so that two refusals are two whatever was looking. One look is: what is known of the device, a ticket
for the login, the questions, the judgement, and what is left of it in the book.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from collectors.base import PROOF_OF, Proof
from collectors.deep import DeepPoller, DeepRequest, DeepResult, Session
from collectors.urls import without_secrets
from monitor.domain.deep import DeepSummary, Identity, Known, Note, Said, SaidProfile
from monitor.domain.device import Device
from monitor.domain.facts import Axis, StateChange
from monitor.domain.login import Login
from monitor.domain.observation import LookKind, Observation
from monitor.domain.policy import Policy
from monitor.domain.state import Connectivity, DeviceState
from monitor.ports import DeepStore, StoreBusyError
from monitor.services.deep_book import DeepBook
from monitor.services.ingest import Ingest
from monitor.services.logins import Logins, Noted
from monitor.services.look_rounds import LookRounds, RoundPace
from monitor.services.observe import clock_offset_s, clock_tenths
from monitor.services.observe_deep import DEEP_FAULTS, observe_deep, retention_of
from monitor.services.polling import subnet_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeepPace:
    """How often, how wide and how long deep looks are; all `_s` in seconds.

    Attributes:
        interval_s: pace of looks at a device.
        recheck_s: pace while a fault is shown and not yet confirmed, and after a look that nobody answered.
        faulty_s: pace while a counting fault of theirs stands.
        timeout_s: how long one question may take.
        total_s: how long all questions of a look may take.
        concurrency: looks under way at once.
        per_subnet: looks under way at once in one /24.
        other_hosts: what to do with a URI that points at another host.
        retention_days: how many days recordings must reach back where the device's record says nothing.
    """

    interval_s: int = 21_600
    recheck_s: int = 600
    faulty_s: int = 3_600
    timeout_s: float = 5.0
    total_s: float = 30.0
    concurrency: int = 200
    per_subnet: int = 8
    other_hosts: str = "refuse"
    retention_days: int = 30


class DeepLooking:
    """The deep looks of one collector.

    Args:
        pollers: a deep poller for each protocol that has one.
        ingest: where observations go.
        logins: what is logged in with.
        store: what is known of a device before a look.
        book: what is left of a look after it.
        policy: the settings of the rules.
        pace: how often, how wide and how long.
        now: our time, epoch seconds.
        own_clock_trusted: whether our clock may judge others at this instant.
        on_duration: told the duration of every look, seconds.
    """

    def __init__(
        self,
        *,
        pollers: Mapping[str, DeepPoller],
        ingest: Ingest,
        logins: Logins,
        store: DeepStore,
        book: DeepBook,
        policy: Policy,
        pace: DeepPace,
        now: Callable[[], float],
        own_clock_trusted: Callable[[], bool],
        on_duration: Callable[[float], None],
    ) -> None:
        self.looks: Counter[tuple[str, str]] = Counter()
        self._pollers = pollers
        self._ingest = ingest
        self._logins = logins
        self._store = store
        self._book = book
        self._policy = policy
        self._pace = pace
        self._now = now
        self._own_clock_trusted = own_clock_trusted
        self._on_duration = on_duration
        self._devices: dict[str, Device] = {}
        # How each device wants to be asked: a word for most, the challenge in force for those that speak Digest.
        self._schemes: dict[str, str] = {}
        self._sessions: dict[str, Session] = {}
        self._offline_since: dict[str, int] = {}
        self.rounds = LookRounds(
            "deep",
            RoundPace(pace.interval_s, pace.concurrency),
            look=self.look_once,
            may_look=self._may_look,
            limits=self._limits,
            now=now,
        )
        # What is told of by others, or only reached, is judged from what there is of it.
        self._undeep: set[str] = set()
        kinds = tuple(kind for kind in policy.intact_requires if kind != LookKind.DEEP) or (LookKind.HEALTH.value,)
        ingest.judge_by_less(self._undeep, replace(policy, intact_requires=kinds))
        ingest.on_commit(self._notice)

    def assign(self, devices: Sequence[Device]) -> None:
        """Look at these devices, those of them that can be looked at deeply, from now on."""
        self._devices = {device.id: device for device in devices if self._can_look(device)}
        self._undeep.clear()
        self._undeep.update(device.id for device in devices if device.id not in self._devices)
        for known in (self._schemes, self._sessions, self._offline_since):
            for device_id in [each for each in known if each not in self._devices]:
                del known[device_id]
        for device_id in self._devices:
            state = self._ingest.states.get(device_id)
            if state is not None and state.connectivity is Connectivity.OFFLINE:
                self._offline_since.setdefault(device_id, state.connectivity_since)
        self.rounds.assign(self._devices)

    def follow(self, devices: Sequence[Device]) -> None:
        """Take in devices that are new or have changed."""
        new = []
        for device in devices:
            if not self._can_look(device):
                self._devices.pop(device.id, None)
                self._undeep.add(device.id)
            else:
                self._undeep.discard(device.id)
                if device.id not in self._devices:
                    new.append(device.id)
                self._devices[device.id] = device
        self.rounds.add(new)

    async def prepare(self) -> None:
        """Do what would hold up the first looks."""
        for protocol in {device.endpoint.protocol for device in self._devices.values() if device.endpoint}:
            await self._pollers[protocol].prepare()

    async def close(self) -> None:
        """Let go of every connection."""
        for poller in self._pollers.values():
            await poller.close()

    def _may_look(self, device_id: str) -> bool:
        """Looking deeply makes sense at a device that is not known, nor about, to be offline."""
        state = self._ingest.states.get(device_id)
        if state is None or device_id not in self._devices:
            return False
        return state.connectivity is not Connectivity.OFFLINE and not state.silent_at

    def _can_look(self, device: Device) -> bool:
        return device.endpoint is not None and device.endpoint.protocol in self._pollers

    def _limits(self, device_id: str) -> tuple[tuple[str, int], ...]:
        endpoint = self._devices[device_id].endpoint
        return () if endpoint is None else ((subnet_of(endpoint.address), self._pace.per_subnet),)

    def _notice(self, _states: Sequence[DeviceState], changes: Sequence[StateChange]) -> None:
        """Look at once at a device that is back after longer than its evidence holds."""
        for change in changes:
            if change.axis is not Axis.CONNECTIVITY or change.device_id not in self._devices:
                continue
            if change.new == Connectivity.OFFLINE:
                self._offline_since.setdefault(change.device_id, change.at)
                continue
            since = self._offline_since.pop(change.device_id, None)
            if since is not None and change.at - since > self._policy.evidence_max_age_s:
                self.rounds.call(change.device_id)

    async def look_once(self, device_id: str) -> float | None:
        """Look at a device now and take in what came of it; give the seconds until a look out of turn, or None."""
        device = self._devices.get(device_id)
        if device is None or device.endpoint is None:
            return None
        pace, endpoint = self._pace, device.endpoint
        try:
            known = await self._store.known(device_id)
        except StoreBusyError:
            return pace.recheck_s  # without it we might log in with the wrong credential
        ticket = self._logins.ticket(device, vendor=known.vendor)
        session = self._session(device_id)
        result: DeepResult | None = None
        at = int(self._now())
        try:
            request = DeepRequest(session, ticket.secret, pace.timeout_s, pace.total_s, pace.other_hosts)
            result = await self._pollers[endpoint.protocol].look(endpoint, request)
        finally:
            login = Login.UNTRIED if result is None else Login(result.login)
            noted = self._logins.done(device_id, ticket, login, refusals=0 if result is None else result.refusals)
        self._remember(device_id, session)
        self.looks[endpoint.protocol, result.outcome] += 1
        self._on_duration(result.duration_s)
        return self._take_in(device_id, known, result, noted, at=at)

    def _take_in(self, device_id: str, known: Known, result: DeepResult, noted: Noted, *, at: int) -> float | None:
        """Judge a look, keep what is left of it, and give the seconds until a look out of turn, or None."""
        state = self._ingest.states.get(device_id)
        if state is None:
            return None
        heard = Identity(result.serial, result.macs)
        observation = observe_deep(
            state,
            result,
            at=at,
            interval_s=self._policy.interval_for(state, at=at),
            policy=self._policy,
            own_clock_trusted=self._own_clock_trusted(),
            login=noted.login,
            refuses=noted.refuses,
            replaced=heard.differs_from(known.identity) if heard.is_known and known.identity.is_known else None,
            retention_days=self._pace.retention_days if known.retention_days is None else known.retention_days,
        )
        state = self._ingest.accept(observation)
        self._book.look(summary_of(device_id, result, noted.login, observation, at=at))
        if heard.is_known or result.profiles is not None:
            said = said_of(result, known.said, at=at)
            who = known.heard.or_else(heard)
            if known.said is None or replace(said, at=known.said.at) != known.said or who != known.heard:
                self._book.said(device_id, who, said)
        return self._again_in_s(state, observation, result)

    def _again_in_s(self, state: DeviceState, observation: Observation, result: DeepResult) -> float | None:
        if PROOF_OF[result.outcome] in (Proof.NOTHING, Proof.OURS):
            return self._pace.recheck_s
        theirs = [fault for fault in state.faults if fault.code in DEEP_FAULTS or fault.code in observation.faults]
        if not all(fault.confirmed for fault in theirs):
            return self._pace.recheck_s
        if any(fault.code in DEEP_FAULTS and fault.code in self._policy.counting_faults for fault in theirs):
            return self._pace.faulty_s
        return None

    def _session(self, device_id: str) -> Session:
        return self._sessions.get(device_id) or Session(self._schemes.get(device_id, ""))

    def _remember(self, device_id: str, session: Session) -> None:
        self._sessions.pop(device_id, None)
        self._schemes.pop(device_id, None)
        if session.challenge:
            self._sessions[device_id] = session
        elif session.scheme:
            self._schemes[device_id] = session.scheme


def summary_of(device_id: str, result: DeepResult, login: Login, observation: Observation, *, at: int) -> DeepSummary:
    """Give what is kept of every deep look."""
    return DeepSummary(
        device_id=device_id,
        at=at,
        outcome=result.outcome.value,
        login=login,
        requests=result.requests,
        duration_ms=round(result.duration_s * 1_000),
        clock_offset=None if result.clock is None else clock_tenths(clock_offset_s(result.clock)),
        retention_days=retention_of(result, at=at),
        faults=observation.faults,
        notes=tuple(Note(note.step, note.ending, note.detail) for note in result.notes),
    )


def said_of(result: DeepResult, before: Said | None, *, at: int) -> Said:
    """Give what a device said of itself; what it did not say this time is kept from before."""
    past = before or Said(at)
    profiles = past.profiles
    if result.profiles is not None:
        profiles = tuple(
            SaidProfile(each.token, each.name, each.encoding, each.width, each.height) for each in result.profiles
        )
    return Said(
        at=at,
        maker=result.maker or past.maker,
        model=result.model or past.model,
        firmware=result.firmware or past.firmware,
        serial=result.serial or past.serial,
        hardware=result.hardware or past.hardware,
        macs=result.macs or past.macs,
        services=result.services or past.services,
        profiles=profiles,
        chosen=result.chosen or past.chosen,
        snapshot_uri=without_secrets(result.snapshot_uri) or past.snapshot_uri,
        stream_uri=without_secrets(result.stream_uri) or past.stream_uri,
    )
