"""The collector's own network: a mass failure holds decisions until the sentinels have said whose it is (RULES §2).

It stands in front of the ingest. While nothing is the matter it counts; while decisions are held it keeps silent looks
and what follows them, device by device; then it hands them on (the failure is real) or drops them (it is ours).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Protocol

import structlog

from monitor.domain.advance import advance
from monitor.domain.facts import Correction, StateChange
from monitor.domain.observation import Evidence, Observation
from monitor.domain.own_outage import MassRule, OutageLog, sentinels_say_up, taken_back, unseen
from monitor.domain.policy import Policy
from monitor.domain.state import Connectivity, DeviceState

log = structlog.get_logger()

AT_ONCE = 10_000
"""Devices whose held looks are dealt with in one tick: about 0.2 s of work."""

_BUCKET_S = 10


class Phase(StrEnum):
    """What is done with silence now."""

    CALM = "calm"
    HOLDING = "holding"
    SET_ASIDE = "set_aside"
    REAL = "real"


class TakesLooks(Protocol):
    """What the guard needs of the ingest."""

    states: dict[str, DeviceState]

    def accept(self, observation: Observation, *, guarded: bool = True) -> DeviceState:
        """Advance one device by one observation."""

    def amend(self, state: DeviceState, changes: Sequence[StateChange], corrections: Sequence[Correction] = ()) -> None:
        """Put a state in place of a device's own, with what led there."""


@dataclass(slots=True)
class _Failing:
    """A device that failed within the window: what it was before, and its looks since."""

    first_at: int
    before: DeviceState
    accepted: list[Observation] = field(default_factory=list)
    held: list[Observation] = field(default_factory=list)
    as_if: DeviceState | None = None


@dataclass(frozen=True, slots=True)
class _Ruling:
    """What becomes of held looks: those in [start, end) are set aside; `unknown` where nobody could tell."""

    start: int | None = None
    end: int | None = None
    unknown: bool = False

    def sets_aside(self, at: int) -> bool:
        return self.start is not None and at >= self.start and (self.end is None or at < self.end)


class OwnNetwork:
    """Decides over silence while many devices are silent at once.

    Args:
        ingest: where looks go.
        policy: the settings of the rules.
        rule: what a mass failure is.
        devices: how many devices the collector looks at.
        sentinels: addresses that tell whether our network works; none: unknown for a bounded time.
    """

    def __init__(
        self, ingest: TakesLooks, *, policy: Policy, rule: MassRule, devices: int, sentinels: Sequence[str] = ()
    ) -> None:
        self.phase = Phase.CALM
        self.since: int | None = None
        self.looks_set_aside = 0
        self.outages = OutageLog()
        self._ingest = ingest
        self._policy = policy
        self._rule = rule
        self._devices = devices
        self._sentinels = tuple(sentinels)
        self._failing: dict[str, _Failing] = {}
        self._waiting: deque[str] = deque()
        self._ruling = _Ruling()
        self._answered: deque[list[int]] = deque([[0, 0]])
        self._held_from = 0
        self._real_until = 0
        self._listeners: list[Callable[[Phase, int, int], None]] = []

    @property
    def held_devices(self) -> int:
        """Devices whose decision is held now."""
        return sum(bool(one.held) for one in self._failing.values()) if self._failing else 0

    @property
    def up(self) -> bool:
        """Whether our network is known, or without sentinels taken, to work."""
        return not self.outages.is_down and self.phase is not Phase.SET_ASIDE

    def looks_at(self, devices: int) -> None:
        """Take another number of devices that the collector looks at."""
        self._devices = devices

    def on_phase(self, listener: Callable[[Phase, int, int], None]) -> None:
        """Call a listener with (phase, since, at) whenever the phase changes."""
        self._listeners.append(listener)

    def take(self, state: DeviceState, observation: Observation) -> DeviceState | None:
        """Count a look; give None where it goes on to the device's state, else the state to go on looking by."""
        evidence = observation.evidence
        failing = self._failing.get(observation.device_id)
        if evidence is Evidence.ANSWERED:
            self._answered[-1][1] += 1
            if failing is None:
                return None
            if failing.held or self.phase is Phase.HOLDING:
                return self._hold(failing, state, observation)
            del self._failing[observation.device_id]
            return None
        if evidence is Evidence.NONE:
            return None
        if self.phase is Phase.SET_ASIDE and (failing is None or not failing.held):
            return self._set_aside(state, observation)
        if self._ruling.sets_aside(observation.at) and self.phase is Phase.CALM:
            self.looks_set_aside += 1  # it began before our network was back
            return state
        if failing is None:
            if state.connectivity is Connectivity.OFFLINE:
                return None
            failing = self._failing[observation.device_id] = _Failing(observation.at, state)
        if self.phase is Phase.CALM and self._is_mass():
            self._enter(Phase.HOLDING, since=min(one.first_at for one in self._failing.values()), at=observation.at)
        if failing.held or self.phase is Phase.HOLDING:
            return self._hold(failing, state, observation)
        failing.accepted.append(observation)
        return None

    def holds(self, device_id: str) -> bool:
        """Tell whether a device's looks are held, so that its silence must not be judged otherwise."""
        failing = self._failing.get(device_id)
        return failing is not None and bool(failing.held)

    def forget(self) -> None:
        """Drop what is held: the collector itself has paused."""
        self._failing.clear()
        self._waiting.clear()
        self._ruling = _Ruling()
        if self.phase is not Phase.CALM:
            self._enter(Phase.CALM, since=self.since or 0, at=self.since or 0)

    def tick(self, at: int) -> None:
        """Let time pass: once a second."""
        self._deal_with_held(at, most=AT_ONCE)
        self._turn_window(at)
        rule = self._rule
        since = self.since if self.since is not None else at
        if self.phase is Phase.HOLDING:
            if at >= self._held_from + rule.hold_s:
                self._decide(at)
        elif self.phase is Phase.SET_ASIDE:
            if self._sentinels:
                if not self.outages.is_down:
                    self._end_outage(at)
            elif at >= since + rule.set_aside_max_s:
                self._failing.clear()
                self._stop_setting_aside(Phase.REAL, since=since, at=at)
            elif not self._is_mass():
                self._stop_setting_aside(Phase.CALM, since=since, at=at)
        elif self.phase is Phase.REAL:
            if self._sentinels and self.outages.is_down:
                self._enter(Phase.HOLDING, since=at, at=at)
            elif at >= self._real_until and not self._is_mass():
                self._enter(Phase.CALM, since=since, at=at)

    async def watch(
        self,
        answers: Callable[[str], Awaitable[bool]],
        *,
        now: Callable[[], float],
        every_s: float,
    ) -> None:
        """Ask the sentinels again and again, until cancelled.

        Args:
            answers: tells whether an address answers.
            now: our time, epoch seconds.
            every_s: pause between two checks, seconds.
        """
        while self._sentinels:
            at = int(now())
            found = await asyncio.gather(*(answers(address) for address in self._sentinels))
            self.outages.note(at=at, up=sentinels_say_up(sum(found), len(found)))
            await asyncio.sleep(every_s)

    def _is_mass(self) -> bool:
        failing = len(self._failing)
        if failing <= self._rule.devices:
            return False
        answered = sum(count for _, count in self._answered)
        return self._rule.is_mass(failing, min(self._devices, failing + answered))

    def _hold(self, failing: _Failing, state: DeviceState, observation: Observation) -> DeviceState:
        failing.held.append(observation)
        failing.as_if = advance(failing.as_if or state, observation, self._policy)[0]
        return failing.as_if

    def _set_aside(self, state: DeviceState, observation: Observation) -> DeviceState:
        self.looks_set_aside += 1
        if self._sentinels:
            return state
        # Seen anew within the window, so that the share that fails is known while it lasts.
        self._failing.pop(observation.device_id, None)
        if state.connectivity is not Connectivity.OFFLINE:
            self._failing[observation.device_id] = _Failing(observation.at, state)
            if state.connectivity is not Connectivity.UNKNOWN:
                state, changes = unseen(state, since=observation.at)
                self._ingest.amend(state, changes)
        return state

    def _turn_window(self, at: int) -> None:
        if at - self._answered[-1][0] >= _BUCKET_S:
            self._answered.append([at, 0])
        while len(self._answered) > 1 and self._answered[1][0] <= at - self._rule.window_s:
            self._answered.popleft()
        if self.phase is Phase.HOLDING:
            return
        old = [
            device_id
            for device_id, one in islice(self._failing.items(), AT_ONCE)
            if one.first_at <= at - self._rule.window_s and not one.held
        ]
        for device_id in old:
            del self._failing[device_id]

    def _decide(self, at: int) -> None:
        """End the hold: the sentinels' word counts; without sentinels the devices are unknown if they still fail."""
        since = self.since if self.since is not None else at
        if not self._sentinels:
            silent = sum(not _is_back(one) for one in self._failing.values())
            answered = sum(count for _, count in self._answered)
            still = self._rule.is_mass(silent, min(self._devices, silent + answered))
            self._rule_on_held(_Ruling(start=since, unknown=True) if still else _Ruling())
            self._enter(Phase.SET_ASIDE if still else Phase.REAL, since=since, at=at)
            return
        stretch = self.outages.stretch(since=since)
        if stretch is None:
            self._rule_on_held(_Ruling())
            self._enter(Phase.REAL, since=since, at=at)
        else:
            self._rule_on_held(_Ruling(start=stretch[0], end=stretch[1]))
            self._enter(Phase.SET_ASIDE if stretch[1] is None else Phase.CALM, since=stretch[0], at=at)

    def _stop_setting_aside(self, phase: Phase, *, since: int, at: int) -> None:
        self._deal_with_held(at, most=len(self._waiting))
        self._ruling = _Ruling()
        self._enter(phase, since=since, at=at)

    def _end_outage(self, at: int) -> None:
        stretch = self.outages.stretch(since=0)
        if stretch is not None:
            self._ruling = _Ruling(start=stretch[0], end=stretch[1])
        self._enter(Phase.CALM, since=self.since or at, at=at)

    def _rule_on_held(self, ruling: _Ruling) -> None:
        self._ruling = ruling
        self._waiting = deque(self._failing)

    def _deal_with_held(self, at: int, *, most: int) -> None:
        for _ in range(min(most, len(self._waiting))):
            device_id = self._waiting.popleft()
            failing = self._failing.pop(device_id, None)
            if failing is not None:
                self._deal_with(failing, at)
                if self.phase is Phase.REAL or self._ruling.unknown:
                    # It still counts among the failing, or the end of the failure would be seen too early.
                    self._failing[device_id] = _Failing(failing.first_at, self._ingest.states[device_id])

    def _deal_with(self, failing: _Failing, at: int) -> None:
        ruling = self._ruling
        kept = [one for one in failing.held if not self._is_set_aside(one)]
        self.looks_set_aside += len(failing.held) - len(kept)
        dropped = [one for one in failing.accepted if self._is_set_aside(one)]
        current = self._ingest.states[failing.before.device_id]
        if dropped:
            self.looks_set_aside += len(dropped)
            without = failing.before
            for look in failing.accepted:
                if not self._is_set_aside(look):
                    without = advance(without, look, self._policy)[0]
            back_at = min((one.at for one in kept if one.evidence is Evidence.ANSWERED), default=at)
            state, changes, corrections = taken_back(current, without, at=back_at)
            self._ingest.amend(state, changes, corrections)
            current = state
        if ruling.unknown and current.connectivity is Connectivity.ONLINE:
            state, changes = unseen(current, since=max(failing.first_at, current.connectivity_since))
            self._ingest.amend(state, changes)
        for look in kept:
            self._ingest.accept(look, guarded=False)

    def _is_set_aside(self, look: Observation) -> bool:
        return look.evidence is Evidence.SILENT and self._ruling.sets_aside(look.at)

    def _enter(self, phase: Phase, *, since: int, at: int) -> None:
        if phase is Phase.HOLDING:
            self._deal_with_held(at, most=len(self._waiting))
            self._held_from = at
        if phase is Phase.REAL:
            # Until every device was looked at once more: the same failure is not asked about twice.
            self._real_until = at + self._policy.interval_s + self._rule.window_s
        self.phase = phase
        self.since = None if phase is Phase.CALM else since
        log.warning("own_network.phase", phase=phase.value, since=since, failing=len(self._failing))
        for listener in self._listeners:
            listener(phase, since, at)


def _is_back(failing: _Failing) -> bool:
    return (
        failing.as_if is not None and failing.as_if.connectivity is Connectivity.ONLINE and not failing.as_if.silent_at
    )
