"""Delivery: what waits in the outbox goes to one receiver, in order, grouped by county, until it is known to be there.

Sent at least once: a row is marked only after the receiver took it. A receiver that fails is tried again with growing
pauses, and nothing overtakes what it did not take.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from monitor.domain.notification import Message, Parcel, Waiting, capped, next_at, parcels, retry_after_s
from monitor.ports import Delivery as Delivered
from monitor.ports import Notifier, NotifyError, Outbox, StoreBusyError

log = structlog.get_logger()

IDLE_S = 30.0
RESULTS_EVERY_S = 5.0
"""How often results are looked for while a spool holds something."""

_MINUTE_S = 60
_SLACK_S = 5.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How a receiver is served; all `_s` in seconds.

    Attributes:
        wait_s: how long a message waits for others of its county.
        urgent_wait_s: how long a critical one does.
        per_minute: the most parcels in a minute.
        timeout_s: how long one parcel may take.
        result_within_s: what a spool has no result for after so long is handed over again.
    """

    wait_s: int = 60
    urgent_wait_s: int = 10
    per_minute: int = 15
    timeout_s: float = 10.0
    result_within_s: int = 3_600


class ReceiverDelivery:
    """Serves one receiver.

    Args:
        name: the receiver's name.
        outbox: what waits.
        notifier: the way to it.
        terms: how it is served.
        raised: gives what is raised and it was told of, as messages; asked only by a notifier that wants to be told
            again and again.
    """

    def __init__(
        self,
        name: str,
        outbox: Outbox,
        notifier: Notifier,
        *,
        terms: Terms,
        raised: Callable[[], Sequence[Message]] = tuple,
    ) -> None:
        self.name = name
        self.sent = 0
        self.failures = 0
        self.held_back = 0
        self.error = ""
        self.waiting = 0
        self._outbox = outbox
        self._notifier = notifier
        self._terms = terms
        self._raised = raised
        self._woken = asyncio.Event()
        self._retry_at = 0
        self._tries = 0
        self._sent_at: deque[int] = deque()
        self._refreshed_at = 0
        self._awaits_results = False

    def wake(self) -> None:
        """Say that there is something new."""
        self._woken.set()

    async def work(self, now: Callable[[], float]) -> None:
        """Serve the receiver until cancelled."""
        while True:
            try:
                pause_s = await self.turn(at=int(now()))
                if self._awaits_results:
                    pause_s = min(pause_s, RESULTS_EVERY_S)
            except StoreBusyError:
                pause_s = IDLE_S
            self._woken.clear()
            try:
                async with asyncio.timeout(max(0.2, min(IDLE_S, pause_s))):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def send_now(self, message: Message) -> bool:
        """Send a message past the outbox, and tell whether it was taken."""
        return not await self._try(lambda: self._notifier.send(Parcel((Waiting(message.at, self.name, message),))))

    async def close(self) -> None:
        """Let go of the receiver."""
        await self._notifier.close()

    async def turn(self, *, at: int) -> float:
        """Send what may go now, and give after how many seconds there may be more.

        Raises:
            StoreBusyError: the outbox cannot be read or written now; what was sent may be sent again.
        """
        if self._notifier.hands_over:
            await self._take_results(at)
        if at < self._retry_at:
            return self._retry_at - at
        await self._refresh(at)
        rows = await self._outbox.waiting(self.name)
        self.waiting = len(rows)
        wait_s, urgent_wait_s = self._terms.wait_s, self._terms.urgent_wait_s
        ready = parcels(rows, at=at, wait_s=wait_s, urgent_wait_s=urgent_wait_s)
        while self._sent_at and self._sent_at[0] <= at - _MINUTE_S:
            self._sent_at.popleft()
        going = capped(ready, allowed=max(0, self._terms.per_minute - len(self._sent_at)))
        self.held_back = sum(len(parcel.rows) for parcel in ready[len(going) :])
        for parcel in going:
            if not await self._sends(parcel, at):
                return self._retry_at - at
        if self.held_back and self._sent_at:
            return self._sent_at[0] + _MINUTE_S - at
        gone = {row.key for parcel in going for row in parcel.rows}
        soonest = next_at([row for row in rows if row.key not in gone], wait_s=wait_s, urgent_wait_s=urgent_wait_s)
        every_s = self._notifier.refresh_every_s
        refresh_at = at + IDLE_S if every_s is None else self._refreshed_at + every_s
        return min(refresh_at, at + IDLE_S if soonest is None else soonest) - at

    async def _sends(self, parcel: Parcel, at: int) -> bool:
        """Send one parcel and keep what became of it."""
        tries = max(row.tries for row in parcel.rows) + 1
        error = await self._try(lambda: self._notifier.send(parcel))
        if error:
            self._tries += 1
            self._retry_at = at + retry_after_s(self._tries)
            await self._outbox.note(
                [Delivered(row.key, tries, next_try_at=self._retry_at, error=error) for row in parcel.rows]
            )
            return False
        self._tries = 0
        self._sent_at.append(at)
        self.sent += len(parcel.rows)
        handed = self._awaits_results = self._notifier.hands_over
        await self._outbox.note(
            [
                Delivered(row.key, tries, sent_at=None if handed else at, handed_at=at if handed else None)
                for row in parcel.rows
            ]
        )
        return True

    async def _refresh(self, at: int) -> None:
        every_s = self._notifier.refresh_every_s
        if every_s is None or at < self._refreshed_at + every_s:
            return
        raised = self._raised()
        self._refreshed_at = at
        if raised:
            await self._try(lambda: self._notifier.refresh(raised))

    async def _take_results(self, at: int) -> None:
        """Take in what the relay of a spool says, and hand over again what it says nothing of."""
        results = await self._notifier.results()
        by_key: dict[str, list[Waiting]] = {}
        handed = await self._outbox.handed(self.name)
        self._awaits_results = bool(handed)
        for row in handed:
            by_key.setdefault(row.key, []).append(row)
        noted = []
        answered = set()
        for result in results:
            for row in by_key.get(result.key, ()):
                answered.add(row.key)
                if result.delivered:
                    noted.append(Delivered(row.key, row.tries, sent_at=at))
                else:
                    self.failures += 1
                    self.error = result.error
                    retry_at = at + retry_after_s(row.tries)
                    noted.append(Delivered(row.key, row.tries, next_try_at=retry_at, error=result.error))
        late = f"no result from the relay within {self._terms.result_within_s} s"
        for row in handed:
            is_late = row.handed_at is not None and at >= row.handed_at + self._terms.result_within_s
            if is_late and row.key not in answered:
                self.failures += 1
                self.error = late
                noted.append(Delivered(row.key, row.tries, next_try_at=at, error=late))
        if noted:
            await self._outbox.note(noted)
        if results:
            await self._notifier.forget(results)

    async def _try(self, send: Callable[[], Awaitable[None]]) -> str:
        """Send, and give why it failed, "" where it did not."""
        try:
            async with asyncio.timeout(self._terms.timeout_s + _SLACK_S):
                await send()
        except NotifyError as error:
            failure = str(error)
        except TimeoutError:
            failure = f"no answer within {self._terms.timeout_s + _SLACK_S:.0f} s"
        except Exception as error:
            # A notifier's own mistake must not end the delivery to all others; it is counted and shown like a failure.
            log.exception("delivery.error", receiver=self.name)
            failure = f"internal error: {type(error).__name__}"
        else:
            if self.error:
                log.info("receiver.back", receiver=self.name)
            self.error = ""
            return ""
        self.failures += 1
        if not self.error:
            log.warning("receiver.lost", receiver=self.name, error=failure)
        self.error = failure
        return failure
