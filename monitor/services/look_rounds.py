"""Rounds of looks that come rarely and take long: every device once an interval, spread evenly, few at a time.

Deep looks (every 6 h) and picture looks (every 24 h) go round by this; health looks have `Polling`, which is made for
thousands a second. A new kind of look plugs in with a `RoundPace`, a coroutine that looks at one device, a test that
says whether looking makes sense now, and the shared things that it must not crowd:

    rounds = LookRounds(
        "picture", pace, look=self._look, may_look=self._may_look,
        limits=lambda device_id: (("recorder " + recorder_of(device_id), 1), ("link " + link_of(device_id), 4)),
        now=now,
    )
    rounds.assign(device_ids)        # again whenever the devices change
    rounds.call(device_id)           # one that is to be looked at at once
    tasks.create_task(rounds.run())

`look` gives the seconds until the device is looked at again out of turn (a recheck), or None to wait for its slot.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import heapq
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

NAP_S = 1.0
"""The longest wait for the next due look: the loop's timers stand still while the machine sleeps, our time does not."""

STOOD_STILL_S = 60.0
"""Where nothing was started for so long, nothing could be: the process or the machine stood still."""

ADDED_ONE_BY_ONE = 500
"""More new devices than that are sorted in at once: each by itself moves 3 MB of a city's slots."""

_HASHES = 2**32


@dataclass(frozen=True, slots=True)
class RoundPace:
    """How often, and how many at once.

    Attributes:
        interval_s: a device's slot comes round so often.
        concurrency: looks under way at once.
    """

    interval_s: int
    concurrency: int


class LookRounds:
    """Which device is looked at next, and the looks under way.

    A device's slot in the interval is a hash of its id, so a restart finds every device where it was. The slots are
    kept as one sorted array and a place in it: a heap of a city's devices would weigh 20 MB. Looks out of turn stand in
    a small queue beside; while a device waits in that, its slot is passed over.

    Args:
        kind: the kind of look; devices have other slots for every kind.
        pace: how often, and how many at once.
        look: looks at one device and takes in what came of it; gives the seconds until a look out of turn, or None.
        may_look: whether looking at a device makes sense now; else its slot is passed over.
        limits: the shared things that a look at a device uses, as (name, looks at once) pairs.
        now: our time, epoch seconds.
    """

    def __init__(
        self,
        kind: str,
        pace: RoundPace,
        *,
        look: Callable[[str], Awaitable[float | None]],
        may_look: Callable[[str], bool],
        limits: Callable[[str], Sequence[tuple[str, int]]],
        now: Callable[[], float],
    ) -> None:
        self.errors = 0
        self._kind = kind
        self._pace = pace
        self._look = look
        self._may_look = may_look
        self._limits = limits
        self._now = now
        self._ids: list[str] = []
        self._hashes = array("I")
        self._place = 0
        self._round_at = 0.0
        self._started_at = now()
        self._extra: dict[str, float] = {}
        self._extra_heap: list[tuple[float, str]] = []
        self._freed: deque[str] = deque()
        self._lines: dict[str, deque[str]] = {}
        self._waiting: set[str] = set()
        self._in_use: Counter[str] = Counter()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()

    @property
    def under_way(self) -> int:
        """Looks under way now."""
        return len(self._running)

    @property
    def out_of_turn(self) -> int:
        """Devices that wait for a look out of turn: rechecks, and devices that are back."""
        return len(self._extra)

    def assign(self, device_ids: Iterable[str]) -> None:
        """Go round these devices, and no others, from now on; looks under way end by themselves."""
        ids = list(device_ids)
        hashes = array("I", (_hash(f"{self._kind}:{device_id}") for device_id in ids))
        order = sorted(range(len(ids)), key=hashes.__getitem__)  # pairs of a city's devices would weigh 30 MB
        self._hashes = array("I", (hashes[place] for place in order))
        self._ids = [ids[place] for place in order]
        if self._extra:
            gone = self._extra.keys() - set(ids)
            self._extra = {device_id: due for device_id, due in self._extra.items() if device_id not in gone}
        self._begin_at(self._now())
        self._wake.set()

    def add(self, device_ids: Sequence[str]) -> None:
        """Go round these devices, too; one that is there already is not there twice."""
        if len(device_ids) > ADDED_ONE_BY_ONE:
            self.assign({*self._ids, *device_ids})
            return
        for device_id in device_ids:
            slot = _hash(f"{self._kind}:{device_id}")
            place = bisect_left(self._hashes, slot)
            if device_id in self._ids[place : bisect_right(self._hashes, slot)]:
                continue
            self._hashes.insert(place, slot)
            self._ids.insert(place, device_id)
            self._place += place < self._place
        self._wake.set()

    def call(self, device_id: str, *, in_s: float = 0.0) -> None:
        """Look at a device out of turn, in so many seconds, unless it is to be looked at sooner anyway."""
        due = self._now() + in_s
        if due < self._extra.get(device_id, float("inf")):
            self._extra[device_id] = due
            heapq.heappush(self._extra_heap, (due, device_id))
            self._wake.set()

    def lag_s(self) -> float:
        """Give how long the most overdue look has been waiting, seconds; 0 while none is overdue."""
        due = min((each for each in (self._slot_due(), self._extra_due()) if each is not None), default=None)
        return 0.0 if due is None else max(0.0, self._now() - due)

    async def run(self) -> None:
        """Look until cancelled."""
        try:
            while True:
                self._wake.clear()
                self._start_due()
                # Not `wait_for`: woken and cancelled at once it forgets that it was cancelled (Python 3.11).
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(NAP_S):
                        await self._wake.wait()
        finally:
            running = list(self._running.values())
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _begin_at(self, now: float) -> None:
        """Go on with the slot that comes next: what was missed while nobody looked has its turn an interval later."""
        self._round_at = now // self._pace.interval_s * self._pace.interval_s
        self._place = bisect_right(self._hashes, (now - self._round_at) / self._pace.interval_s * _HASHES)

    def _start_due(self) -> None:
        now = self._now()
        if now - self._started_at > STOOD_STILL_S:
            self._begin_at(now)  # all that was missed meanwhile would be a burst
        self._started_at = now
        while len(self._running) < self._pace.concurrency:
            device_id = self._next(now)
            if device_id is None:
                return
            if device_id not in self._running and device_id not in self._waiting and self._may_look(device_id):
                self._start_or_wait(device_id)

    def _next(self, now: float) -> str | None:
        """Give the next device that is due: whose limit was freed, whose look is out of turn, whose slot it is."""
        if self._freed:
            device_id = self._freed.popleft()
            self._waiting.discard(device_id)
            return device_id
        due = self._extra_due()
        if due is not None and due <= now:
            device_id = heapq.heappop(self._extra_heap)[1]
            del self._extra[device_id]
            return device_id
        while (due := self._slot_due()) is not None and due <= now:
            device_id = self._ids[self._place]
            self._place += 1
            if self._place == len(self._ids):
                self._place = 0
                self._round_at += self._pace.interval_s
            if device_id not in self._extra:
                return device_id
        return None

    def _slot_due(self) -> float | None:
        if not self._ids:
            return None
        if self._place == len(self._ids):
            self._place = 0
            self._round_at += self._pace.interval_s
        return self._round_at + self._hashes[self._place] / _HASHES * self._pace.interval_s

    def _extra_due(self) -> float | None:
        """Give when the next look out of turn is due; entries that a sooner call has replaced are dropped."""
        while self._extra_heap:
            due, device_id = self._extra_heap[0]
            if self._extra.get(device_id) == due:
                return due
            heapq.heappop(self._extra_heap)
        return None

    def _start_or_wait(self, device_id: str) -> None:
        """Start a look, or let it stand in the line of the first shared thing that is in full use."""
        limits = self._limits(device_id)
        for name, most in limits:
            if self._in_use[name] >= most:
                self._lines.setdefault(name, deque()).append(device_id)
                self._waiting.add(device_id)
                return
        names = [name for name, _ in limits]
        self._in_use.update(names)
        self._running[device_id] = asyncio.create_task(self._one(device_id, names))

    async def _one(self, device_id: str, names: Sequence[str]) -> None:
        again_in_s: float | None = None
        try:
            again_in_s = await self._look(device_id)
        except Exception:
            # The worker's edge: one device's trouble must not stop the looks at all others.
            self.errors += 1
            if self.errors == 1:
                log.exception("look.failed", kind=self._kind, device_id=device_id)
        finally:
            del self._running[device_id]
            self._free(names)
        if again_in_s is not None:
            self.call(device_id, in_s=again_in_s)

    def _free(self, names: Sequence[str]) -> None:
        for name in names:
            self._in_use[name] -= 1
            if not self._in_use[name]:
                del self._in_use[name]
            line = self._lines.get(name)
            if line:
                self._freed.append(line.popleft())
                if not line:
                    del self._lines[name]
        self._wake.set()


def _hash(text: str) -> int:
    # Not the CRC of the health looks' slots: it is linear, and the ids of one town, counted through, would bunch.
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
