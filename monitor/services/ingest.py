"""Ingest: observations become states and changes, and these are committed; nothing is shown before it is stored."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Protocol

import structlog

from monitor.domain.advance import advance, expire, pause
from monitor.domain.condition import decide_fault
from monitor.domain.facts import Correction, StateChange, Step
from monitor.domain.observation import Observation
from monitor.domain.policy import Policy, stale_after
from monitor.domain.state import DeviceState, initial_state
from monitor.ports import Batch, CollectorMark, StateStore, StoreBusyError

log = structlog.get_logger()

MAX_BATCH_DEVICES = 5_000
MAX_BACKOFF_S = 30.0
FLUSH_PART = 10_000
"""Devices that a flush goes over between two turns of the event loop."""

RETRY_S = 0.5
SLOW_WRITE_S = 5.0
"""A write that has no answer for so long means that the store is lost, for as long as it has none."""
_NO_ANSWER = (
    f"数据库超过 {SLOW_WRITE_S:.0f} 秒没有应答。\nThe database has not answered for more than {SLOW_WRITE_S:.0f} s."
)
Sift = Callable[[Observation], bool]
CommitListener = Callable[[Sequence[DeviceState], Sequence[StateChange]], None]


class Guard(Protocol):
    """What stands before the states while many devices are silent at once (`services.own_network`)."""

    def take(self, state: DeviceState, observation: Observation) -> DeviceState | None:
        """Give None where the look goes on to the state, else the state to go on looking by."""

    def holds(self, device_id: str) -> bool:
        """Tell whether a device's looks are held."""

    def forget(self) -> None:
        """Drop what is held."""


class Ingest:
    """The states of all devices, ahead of the store by what is not committed yet.

    States with a change or a silent streak are committed with the next batch; those that only were answered again
    are flushed now and then (RULES §2: every 60 s and on stop).

    Args:
        store: where states and changes are kept.
        policy: the settings of the rules.
        mark: gives the collector's mark of this instant, stored with every batch.
        on_write: told how long every write took, seconds.
        writer: the name under which batches are given, so that the store knows one that is given again.
    """

    def __init__(
        self,
        store: StateStore,
        *,
        policy: Policy,
        mark: Callable[[], CollectorMark | None],
        on_write: Callable[[float], None],
        writer: str = "",
    ) -> None:
        self.states: dict[str, DeviceState] = {}
        self.committed_changes = 0
        self.store_error = ""
        self._store = store
        self._policy = policy
        self._lesser: frozenset[str] | set[str] = frozenset()
        self._lesser_policy = policy
        self._mark = mark
        self._on_write = on_write
        self._writer = writer
        self._under_way: Batch | None = None
        self._pending: dict[str, list[StateChange]] = {}
        self._corrections: dict[str, list[Correction]] = {}
        self._guard: Guard | None = None
        self._sift: Sift | None = None
        self._answered: set[str] = set()
        self._listeners: list[CommitListener] = []
        self._writing = asyncio.Lock()

    @property
    def store_ok(self) -> bool:
        """Whether the store takes what it is given; `store_error` says why it does not."""
        return not self.store_error

    @property
    def waiting_devices(self) -> int:
        """Devices whose change or streak is not committed yet."""
        given = () if self._under_way is None else self._under_way.states
        return len(self._pending) + sum(state.device_id not in self._pending for state in given)

    def on_commit(self, listener: CommitListener) -> None:
        """Call a listener with the states and changes of every committed batch."""
        self._listeners.append(listener)

    async def load(self, devices: Iterable[tuple[str, int]]) -> None:
        """Take the stored states; a device (id, created_at) without one starts unknown."""
        stored = {state.device_id: state for state in await self._store.load_states()}
        for device_id, created_at in devices:
            state = stored.get(device_id)
            self.states[device_id] = state or initial_state(device_id, created_at=created_at)

    def add(self, devices: Iterable[tuple[str, int]]) -> None:
        """Let devices (id, created_at) that have no state yet start unknown."""
        for device_id, created_at in devices:
            if device_id not in self.states:
                self.states[device_id] = initial_state(device_id, created_at=created_at)

    def guard_with(self, guard: Guard) -> None:
        """Let a guard see every look before the states do."""
        self._guard = guard

    def sift_with(self, sift: Sift | None) -> None:
        """Let something pass over looks that say nothing (behind a dead path of ours), or nothing again."""
        self._sift = sift

    def judge_by_less(self, device_ids: set[str], policy: Policy) -> None:
        """Judge some devices by a policy that requires less evidence: for what has no deep looks.

        Args:
            device_ids: those devices, and no others; the set may change later.
            policy: for them.
        """
        self._lesser, self._lesser_policy = device_ids, policy

    def accept(self, observation: Observation, *, guarded: bool = True) -> DeviceState:
        """Advance one device by one observation and give its new state.

        A guard may keep the look; the state given is then the one to go on looking by.
        """
        before = self.states[observation.device_id]
        if self._sift is not None and self._sift(observation):
            return before
        if guarded and self._guard is not None:
            held = self._guard.take(before, observation)
            if held is not None:
                return held
        policy = self._lesser_policy if observation.device_id in self._lesser else self._policy
        state, changes = advance(before, observation, policy)
        if state is not before:
            self.states[state.device_id] = state
            if changes or state.silent_at or before.silent_at or state.faults != before.faults:
                self._pending.setdefault(state.device_id, []).extend(changes)
            else:
                self._answered.add(state.device_id)
        return state

    def amend(self, state: DeviceState, changes: Sequence[StateChange], corrections: Sequence[Correction] = ()) -> None:
        """Put a state in place of a device's own, with the changes and corrections that led there."""
        self.states[state.device_id] = state
        self._pending.setdefault(state.device_id, []).extend(changes)
        if corrections:
            self._corrections.setdefault(state.device_id, []).extend(corrections)

    def decide_fault(self, device_id: str, code: str, *, confirmed: bool, at: int, author: str) -> None:
        """Take a person's word that a device has a fault, or has it no more (RULES §3)."""
        policy = self._policy_of(device_id)
        step = decide_fault(self.states[device_id], code, confirmed=confirmed, at=at, author=author, policy=policy)
        self._step(device_id, step)

    def expire_overdue(self, device_ids: Iterable[str], *, at: int) -> None:
        """Let silence speak for those of the devices whose last evidence is older than its gap allows."""
        for device_id in device_ids:
            state = self.states[device_id]
            if state.last_evidence_at is None or at - state.last_evidence_at <= stale_after(state.interval_s):
                continue
            if self._guard is None or not self._guard.holds(device_id):
                self._step(device_id, expire(state, at=at, policy=self._policy_of(device_id)))

    def pause_all(self, *, begin: int) -> None:
        """Make every device unknown from the beginning of the collector's pause."""
        if self._guard is not None:
            self._guard.forget()
        for device_id, state in self.states.items():
            self._step(device_id, pause(state, begin=begin, policy=self._policy_of(device_id)))

    async def commit(self, *, flush: bool = False) -> None:
        """Store what waits, batch by batch; with `flush` also the instants of plain answers.

        Raises:
            StoreBusyError: a batch could not be stored; it and all that waits is kept for the next call.
            StoreRefusedError: the store cannot be used as it is.
        """
        async with self._writing:
            if flush:
                await self._flush_answered()
            while self._under_way is not None or self._pending:
                await self._commit_batch()

    async def store_now(self, device_ids: Iterable[str]) -> None:
        """Return once the present states of devices are stored, those that only answered again too.

        Whoever was told something may acknowledge it then. A busy store is tried again with growing pauses.

        Raises:
            StoreRefusedError: the store cannot be used as it is.
        """
        for device_id in device_ids:
            if device_id in self._answered:
                self._answered.discard(device_id)
                self._pending.setdefault(device_id, [])
        pause_s = RETRY_S
        while not await self._try_commit(flush=False):
            await asyncio.sleep(pause_s)
            pause_s = min(MAX_BACKOFF_S, pause_s * 2)

    async def _flush_answered(self) -> None:
        """Let plain answers wait for the next batches, in the order of the inventory, which is that of their rows.

        Neighbours are then written together: in the order of a set every batch would touch nearly every page of the
        table (measured with 250,000 devices: 216 MB written a minute). Looks go on meanwhile.
        """
        answered, self._answered = self._answered, set()
        try:
            for number, device_id in enumerate(list(self.states)):
                if device_id in answered:
                    self._pending.setdefault(device_id, [])
                if number % FLUSH_PART == FLUSH_PART - 1:
                    await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._answered |= answered
            raise

    async def keep_committing(self, stop: asyncio.Event, *, every_s: float, flush_every_s: float) -> None:
        """Commit until told to stop; a busy store is tried again with growing pauses, while looking goes on.

        Raises:
            StoreRefusedError: the store cannot be used as it is.
        """
        loop = asyncio.get_running_loop()
        flush_at = loop.time() + flush_every_s
        pause_s = every_s
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_s)
            flush = loop.time() >= flush_at
            if await self._try_commit(flush=flush):
                pause_s = every_s
                if flush:
                    flush_at = loop.time() + flush_every_s
            else:
                pause_s = min(MAX_BACKOFF_S, pause_s * 2)

    async def _try_commit(self, *, flush: bool) -> bool:
        try:
            await self.commit(flush=flush)
        except StoreBusyError as error:
            self._note_lost(str(error))
            return False
        return True

    async def _commit_batch(self) -> None:
        """Store one batch in one transaction; one without a clear answer is given again as it was.

        Whether it was stored may be unknown: a connection can be lost between the commit and its answer. The store
        knows the batch by its token; with other states or changes in it, it could only be stored twice or not at all.
        """
        if self._under_way is None:
            self._under_way = self._next_batch()
        batch = self._under_way
        loop = asyncio.get_running_loop()
        started = loop.time()
        slow = loop.call_later(SLOW_WRITE_S, self._note_lost, _NO_ANSWER)
        try:
            applied = await self._store.apply(batch)
        finally:
            slow.cancel()
        self._under_way = None
        self._on_write(loop.time() - started)
        self._note_back()
        self.committed_changes += len(applied.changes)
        for listener in self._listeners:
            listener(batch.states, applied.changes)

    def _next_batch(self) -> Batch:
        """Take at most `MAX_BATCH_DEVICES` of the waiting devices, each with its state and all its changes."""
        taken: dict[str, list[StateChange]] = {}
        for device_id in list(islice(self._pending, MAX_BATCH_DEVICES)):
            taken[device_id] = self._pending.pop(device_id)
        return Batch(
            states=[self.states[device_id] for device_id in taken],
            changes=[change for changes in taken.values() for change in changes],
            corrections=[each for device_id in taken for each in self._corrections.pop(device_id, ())],
            mark=self._mark(),
            writer=self._writer,
            token=uuid.uuid4().hex if self._writer else "",
        )

    def _note_lost(self, error: str) -> None:
        """Say once when the store is lost."""
        if not self.store_error:
            log.warning("store.lost", error=error, waiting_devices=self.waiting_devices)
        self.store_error = error

    def _note_back(self) -> None:
        """Say once when it is back."""
        if self.store_error:
            self.store_error = ""
            log.info("store.back", waiting_devices=self.waiting_devices)

    def _policy_of(self, device_id: str) -> Policy:
        return self._lesser_policy if device_id in self._lesser else self._policy

    def _step(self, device_id: str, step: Step) -> None:
        state, changes = step
        if state is not self.states[device_id]:
            self.states[device_id] = state
            self._pending.setdefault(device_id, []).extend(changes)
