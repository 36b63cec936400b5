"""Polling: look at every device when it is due, never too many at once, never all in one subnet."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass

import structlog

from collectors.base import Look, Poller, PollResult
from monitor.domain.advance import pause_begin
from monitor.domain.device import Endpoint
from monitor.domain.policy import Policy
from monitor.domain.state import DeviceState
from monitor.services.due_queue import DueQueue, slot_after
from monitor.services.ingest import Ingest
from monitor.services.observe import observe

log = structlog.get_logger()

TICK_S = 0.05
"""Looks that fall due within one tick are started together: at 833 a second 115 µs each, one by one 155 (measured)."""

AT_ONCE = 64
"""Looks started in one turn of the loop, 10 ms of work: after a hold-up many are due, and the page is not to wait."""

FEW_NEW = 200
"""Up to so many new devices are looked at at once; more of them fall into their slots, spread over an interval."""

NAP_S = 1.0
"""The longest wait for the next due look: the loop's timers stand still while the machine sleeps, our time does not."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how wide a collector looks.

    Attributes:
        concurrency: looks under way at once.
        per_subnet: looks under way at once in one /24, so that one dead subnet cannot hold every slot.
        timeout_s: how long one look may take.
    """

    concurrency: int = 2_000
    per_subnet: int = 32
    timeout_s: float = 3.0


class Polling:
    """One collector: the due queue, the looks under way, and what becomes of their results.

    `_pump` starts as many due looks as the limits allow; it is called when a look falls due. A look that ends hands its
    place to the next one that is due. A look whose subnet is full waits in that subnet's own line.

    Args:
        endpoints: the devices to look at, by id; `look_at` changes it.
        pollers: a poller for each protocol named by an endpoint.
        ingest: where observations go.
        policy: the settings of the rules.
        pace: limits.
        now: our time, epoch seconds.
        own_clock_trusted: whether our clock may judge others at this instant.
        on_duration: told the duration of every look, seconds.
        repeat: whether a device is looked at again and again, or once (a sweep).
        last_look_at: when the collector's last look finished, epoch seconds; None for a new collector.
        on_reports: told of answers that speak of other devices, as (device id, protocol, result, at, interval_s).
    """

    def __init__(
        self,
        endpoints: dict[str, Endpoint],
        *,
        pollers: Mapping[str, Poller],
        ingest: Ingest,
        policy: Policy,
        pace: Pace,
        now: Callable[[], float],
        own_clock_trusted: Callable[[], bool],
        on_duration: Callable[[float], None],
        repeat: bool = True,
        last_look_at: float | None = None,
        on_reports: Callable[[str, str, PollResult, int, int], Awaitable[None]] | None = None,
    ) -> None:
        self.looks: Counter[tuple[str, str]] = Counter()
        self.errors = 0
        self.last_look_at = last_look_at
        self.queue = DueQueue()
        self._endpoints = endpoints
        self._pollers = pollers
        self._ingest = ingest
        self._policy = policy
        self._pace = pace
        self._look = Look(timeout_s=pace.timeout_s)
        self._now = now
        self._own_clock_trusted = own_clock_trusted
        self._on_duration = on_duration
        self._repeat = repeat
        self._on_reports = on_reports
        self._running: dict[str, asyncio.Task[None]] = {}
        self._changed: dict[str, Endpoint | None] = {}
        # Found once: to take an address apart at every look costs 2 µs.
        self._subnets = {each: sys.intern(subnet_of(endpoint.address)) for each, endpoint in endpoints.items()}
        self._in_subnet: dict[str, int] = {}
        self._lines: dict[str, deque[tuple[float, str]]] = {}
        self._back_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._newest_second = 0
        self._stopped = asyncio.Event()
        self._runs = False
        self._loop = asyncio.get_running_loop()

    @property
    def devices(self) -> int:
        """Devices that are looked at."""
        return len(self._endpoints)

    @property
    def under_way(self) -> int:
        """Looks under way now."""
        return len(self._running)

    def next_due_at(self) -> float | None:
        """Give the earliest instant at which a look is, or was, due; None where nothing is left to look at."""
        heads = [line[0][0] for line in self._lines.values()]
        due = self.queue.next_due_at()
        return min(heads if due is None else [*heads, due], default=None)

    def lag_s(self) -> float:
        """Give how long the most overdue look has been waiting, seconds; 0 while none is overdue."""
        due = self.next_due_at()
        return 0.0 if due is None else max(0.0, self._now() - due)

    def schedule(self) -> None:
        """Give every device its slot of the interval; an unconfirmed streak is gone on with at once."""
        now = self._now()
        self.queue.fill([(self._first_due(device_id, now), device_id) for device_id in self._endpoints])

    def schedule_at_once(self) -> None:
        """Make every device due now: the pace of a sweep, not of a city."""
        now = self._now()
        self.queue.fill([(now, device_id) for device_id in self._endpoints])

    def look_at(self, endpoints: Mapping[str, Endpoint | None]) -> None:
        """Look at devices at other endpoints from now on, or (None) no longer; they must have a state.

        A look that is under way is finished first.
        """
        self._leave_lines(endpoints)
        gone = {each for each, endpoint in endpoints.items() if endpoint is None and each in self._endpoints}
        if gone:
            self.queue.drop(gone)
        new = []
        for device_id, endpoint in endpoints.items():
            if device_id in self._running:
                self._changed[device_id] = endpoint
                continue
            if endpoint is not None and device_id not in self._endpoints:
                new.append(device_id)
            self._set_endpoint(device_id, endpoint)
        now = self._now()
        for device_id in new:
            self.queue.put(device_id, now if len(new) <= FEW_NEW else self._first_due(device_id, now))
        if self._runs:
            self._pump()

    def look_now(self, device_id: str) -> bool:
        """Make a device due now; one that is under way or due already stays so. False for one not polled here."""
        if device_id not in self._endpoints:
            return False
        if self.queue.hasten(device_id, self._now()):
            self._pump()
        return True

    async def run(self) -> None:
        """Look until cancelled, or until every device was looked at where looks don't repeat."""
        self._runs = True
        self._pump()
        try:
            await self._stopped.wait()
        finally:
            self._stopped.set()
            if self._timer is not None:
                self._timer.cancel()
            running = list(self._running.values())
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def notice_pause(self, *, next_due_at: float | None = None) -> None:
        """Find a pause of the collector that counts, make its devices unknown and spread their looks anew.

        Args:
            next_due_at: when the next look was due, where it is not in the queue (at a start); epoch seconds.
        """
        now = self._now()
        due = self.next_due_at() if next_due_at is None else next_due_at
        if self._running:
            due = self.last_look_at  # what is under way was due
        if self.last_look_at is None or due is None:
            return
        begin = pause_begin(
            last_look_at=int(self.last_look_at), next_due_at=int(due), at=int(now), interval_s=self._policy.interval_s
        )
        if begin is None:
            return
        log.warning("collector.paused", since=begin, until=int(now))
        self.last_look_at = self._back_at = now
        self._ingest.pause_all(begin=begin)
        waiting = [device_id for line in self._lines.values() for _, device_id in line]
        self._lines.clear()
        self.queue.fill([(self._first_due(each, now), each) for each in (*self.queue.device_ids(), *waiting)])

    def _leave_lines(self, device_ids: Container[str]) -> None:
        """Let devices that wait in their subnets' lines wait in the queue: their subnet may be another one."""
        for subnet, line in list(self._lines.items()):
            leaving = [due for due in line if due[1] in device_ids]
            if leaving:
                staying = deque(due for due in line if due[1] not in device_ids)
                if staying:
                    self._lines[subnet] = staying
                else:
                    del self._lines[subnet]
                for due_at, device_id in leaving:
                    self.queue.put(device_id, due_at)

    def _set_endpoint(self, device_id: str, endpoint: Endpoint | None) -> None:
        if endpoint is None:
            self._endpoints.pop(device_id, None)
            self._subnets.pop(device_id, None)
        else:
            self._endpoints[device_id] = endpoint
            self._subnets[device_id] = sys.intern(subnet_of(endpoint.address))

    def _first_due(self, device_id: str, now: float) -> float:
        state = self._ingest.states[device_id]
        if state.silent_at:
            return now
        return slot_after(device_id, at=now, interval_s=self._policy.interval_for(state, at=int(now)))

    def _pump(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._stopped.is_set():
            return
        now = self._now()
        next_due = self.queue.next_due_at()
        if next_due is not None and now - next_due > self._policy.interval_s:
            # Found before the looks that fell due meanwhile are started: they would be a burst.
            self.notice_pause()
        for _ in range(min(AT_ONCE, self._pace.concurrency - len(self._running))):
            device_id = self._next_free(now)
            if device_id is None:
                break
            self._start(device_id)
        next_due = self.queue.next_due_at()
        if next_due is not None and next_due <= now and len(self._running) < self._pace.concurrency:
            self._timer_due = now
            self._timer = self._loop.call_later(0, self._pump)
            return
        if next_due is not None:
            self._wake_at(next_due, now)
        elif not self._running and not self._repeat:
            self._stopped.set()

    def _wake_at(self, due: float, now: float) -> None:
        """Pump when the look falls due; while all places are taken, the end of a look pumps instead."""
        if len(self._running) >= self._pace.concurrency:
            return
        wait_s = min(NAP_S, max(TICK_S, due - now))
        if self._timer is not None:
            if now + wait_s >= self._timer_due:
                return
            self._timer.cancel()
        self._timer_due = now + wait_s
        self._timer = self._loop.call_later(wait_s, self._pump)

    def _start(self, device_id: str) -> None:
        subnet = self._subnets[device_id]
        self._in_subnet[subnet] = self._in_subnet.get(subnet, 0) + 1
        self._running[device_id] = self._loop.create_task(self._look_on(device_id))

    async def _look_on(self, device_id: str) -> None:
        """Look at a device, and with the same task at those that wait for its place: a task costs 5 µs to make."""
        next_id: str | None = device_id
        while next_id is not None:
            device_id = next_id
            started = self._now()
            state = self._ingest.states[device_id]
            try:
                state, started = await self._one_look(device_id, state, started)
            except Exception:
                # The worker's edge: one device's trouble must not stop the looks at all others.
                self.errors += 1
                if self.errors == 1:
                    log.exception("look.failed", device_id=device_id)
            finally:
                next_id = self._end(device_id, state, started)

    async def _one_look(self, device_id: str, state: DeviceState, started: float) -> tuple[DeviceState, float]:
        """Look, judge and take in; give the new state, and the instant from which its next look is reckoned."""
        endpoint = self._endpoints[device_id]
        at = self._second(started)
        scheduled_at = at if state.last_evidence_at is None else state.last_evidence_at
        interval_s = state.interval_s if state.silent_at else self._policy.interval_for(state, at=scheduled_at)
        result = (await self._pollers[endpoint.protocol].poll(endpoint, self._look))[0]
        self.looks[endpoint.protocol, result.outcome] += 1
        self._on_duration(result.duration_s)
        self._notice_time()
        state = self._ingest.states[device_id]
        if self._back_at is not None and started < self._back_at:
            # We stood still in the middle of it: neither its silence nor its time says anything now.
            return state, self._back_at
        observation = observe(
            state,
            result,
            at=at,
            interval_s=interval_s,
            policy=self._policy,
            own_clock_trusted=self._own_clock_trusted(),
        )
        state = self._ingest.accept(observation)
        if self._on_reports is not None and (result.reports or result.complete):
            await self._on_reports(device_id, endpoint.protocol, result, at, interval_s)
        return state, started

    def _second(self, instant: float) -> int:
        """Give the whole second of an instant, as one object for all looks of that second: states keep it."""
        second = int(instant)
        if second != self._newest_second:
            self._newest_second = second
        return self._newest_second

    def _notice_time(self) -> None:
        """Note that a look has finished; where the one before was long ago, find out first whether that was a pause."""
        now = self._now()
        if self.last_look_at is not None and now - self.last_look_at > self._policy.interval_s:
            self.notice_pause()
        self.last_look_at = now

    def _end(self, device_id: str, state: DeviceState, started: float) -> str | None:
        """Free the place, schedule the device's next look, and give the device that takes the place, if one waits."""
        task = self._running.pop(device_id)
        if self._stopped.is_set():
            return None
        subnet = self._subnets[device_id]
        if device_id in self._changed:
            self._set_endpoint(device_id, self._changed.pop(device_id))
        if self._repeat and device_id in self._endpoints:
            self.queue.put(device_id, self._next_due(device_id, state, started))
        left = self._in_subnet[subnet] - 1
        if left:
            self._in_subnet[subnet] = left
        else:
            del self._in_subnet[subnet]
        now = self._now()
        next_id = self._next_in_line(subnet) if subnet in self._lines else self._next_free(now)
        if next_id is not None:
            subnet = self._subnets[next_id]
            self._in_subnet[subnet] = self._in_subnet.get(subnet, 0) + 1
            self._running[next_id] = task
            return next_id
        due = self.queue.next_due_at()
        if due is not None:
            self._wake_at(due, now)
        elif not self._running and not self._repeat:
            self._stopped.set()
        return None

    def _next_free(self, now: float) -> str | None:
        """Take the earliest due device whose subnet has a free place; the others join their subnets' lines."""
        while (due := self.queue.pop_due(now)) is not None:
            if self._has_place(due):
                return due[1]
        return None

    def _next_in_line(self, subnet: str) -> str:
        line = self._lines[subnet]
        _, device_id = line.popleft()
        if not line:
            del self._lines[subnet]
        return device_id

    def _has_place(self, due: tuple[float, str]) -> bool:
        """Tell whether a due look may start; one whose subnet is full joins its subnet's line."""
        subnet = self._subnets[due[1]]
        if self._in_subnet.get(subnet, 0) < self._pace.per_subnet:
            return True
        self._lines.setdefault(subnet, deque()).append(due)
        return False

    def _next_due(self, device_id: str, state: DeviceState, started: float) -> float:
        if state.silent_at:
            return started + self._policy.recheck_s
        interval_s = self._policy.interval_for(state, at=int(started))
        return slot_after(device_id, at=started, interval_s=interval_s)


def subnet_of(address: str) -> str:
    """Give what counts as one subnet of an address or URL: a host's /24 (IPv6: all but its last group), a domain."""
    start = address.find("://") + 3 if "://" in address else 0
    end = address.find("/", start)
    host = (address[start:] if end < 0 else address[start:end]).rpartition("@")[2]
    if host.startswith("["):
        return host[1 : host.find("]")].rpartition(":")[0]
    host = host.partition(":")[0]
    near, _, last = host.rpartition(".")
    return near if last.isdigit() else host.partition(".")[2] or host
