"""The desk of objections: counties object to a draft, the city decides each, an acceptance corrects the facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo

from monitor.domain import objecting
from monitor.domain.decision_id import numbered_on
from monitor.domain.exempting import NotAllowedError
from monitor.domain.facts import Correction
from monitor.domain.objecting import Objection, ObjectionState
from monitor.domain.period import Period
from monitor.ports import Inventory, Objections


class ObjectionDesk:
    """Takes objections in and has them decided.

    Args:
        store: where they are kept.
        inventory: tells which devices there are.
        zone: the city's zone; ids begin with its year.
        within_s: how long after a period's end there may be objections.
    """

    def __init__(self, store: Objections, inventory: Inventory, *, zone: tzinfo, within_s: int) -> None:
        self._store = store
        self._inventory = inventory
        self._zone = zone
        self._within_s = within_s

    def deadline(self, period: Period) -> int:
        """Give the instant at which the time for objections to a period ends."""
        return period.end + self._within_s

    async def submit(self, terms: Objection, period: Period, *, status: str | None, at: int) -> Objection:
        """Take an objection in.

        Args:
            terms: what is objected to; its id is given here.
            period: the period of the draft.
            status: of the newest revision of that period's report; None where there is none.
            at: now.

        Raises:
            NotAllowedError: it may not be made; every reason.
            StoreError: nothing was stored.
        """
        if status is None:
            raise NotAllowedError([f"{period.name} 还没有报表草稿 · there is no draft of {period.name} yet"])
        if status == "final":
            raise NotAllowedError([f"{period.name} 已是正式报表 · the report on {period.name} is final"])
        if await self._inventory.device(terms.device_id) is None:
            raise NotAllowedError([f"没有设备 {terms.device_id} · there is no device {terms.device_id}"])
        known = {each.id for each in await self._store.objections()}
        new_id = numbered_on("O", known, year=datetime.fromtimestamp(at, self._zone).year)
        terms = replace(terms, id=new_id(), period=period.name)
        made = objecting.submit(terms, start=period.start, end=period.end, until=self.deadline(period), at=at)
        await self._store.record([made])
        return made

    async def decide(
        self, objection_id: str, *, accept: bool, approver: str, note: str, at: int
    ) -> tuple[Objection, Correction | None]:
        """Decide an objection; an accepted one writes its correction in the same transaction.

        Raises:
            NotAllowedError: it may not be decided so, or there is no such objection.
            StoreError: nothing was stored.
        """
        found = {each.id: each for each in await self._store.objections()}
        if objection_id not in found:
            raise NotAllowedError([f"没有异议 {objection_id} · there is no objection {objection_id}"])
        decided, correction = objecting.decide(found[objection_id], accept=accept, approver=approver, note=note, at=at)
        await self._store.record([decided], [correction] if correction else [])
        return decided, correction

    async def check_final(self, period: Period, *, early: bool, at: int) -> None:
        """Check that a period's report may be made final.

        Args:
            period: the period.
            early: whether not to wait for the end of the time for objections.
            at: now.

        Raises:
            NotAllowedError: objections wait for their decision, or the time for them is not over.
        """
        objections = await self._store.objections(period=period.name)
        waiting = [each.id for each in objections if each.state is ObjectionState.SUBMITTED]
        problems = []
        if waiting:
            names = ", ".join(waiting)
            problems.append(f"异议未处理：{names} · objections wait for a decision: {names}")
        if at < self.deadline(period) and not early:
            until = datetime.fromtimestamp(self.deadline(period), self._zone).isoformat()
            problems.append(
                f"异议期至 {until}；提前定稿加 --early · objections are open until {until}; --early ends them"
            )
        if problems:
            raise NotAllowedError(problems)
