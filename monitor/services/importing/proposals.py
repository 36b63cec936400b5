"""What a sheet only proposes: requests for what moves a denominator, exemptions for what is under repair."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from monitor.domain import exempting, requesting
from monitor.domain.decision_id import numbered_on
from monitor.domain.exempting import ExemptionReason, ExemptionRules
from monitor.domain.facts import Exemption, ExemptionScope, ExemptionState
from monitor.domain.fields import AnyEntity, id_of, name_of
from monitor.domain.policy import DAY_S
from monitor.domain.request import FieldChange, Request, RequestKind, RequestState


class Proposals:
    """Collects what one import proposes; what waits for a decision already is not proposed again.

    Args:
        requests: all versions of all requests, in seq order.
        exemptions: all versions of all exemptions, in seq order.
        rules: what exemptions the site allows.
        author: who imports.
        source: the name of the file, for the reason.
        zone: the city's zone.
        at: now, epoch seconds.
    """

    def __init__(
        self,
        requests: Sequence[Request],
        exemptions: Sequence[Exemption],
        *,
        rules: ExemptionRules,
        author: str,
        source: str,
        zone: tzinfo,
        at: int,
    ) -> None:
        year = datetime.fromtimestamp(at, zone).year
        self._new_request = numbered_on("R", (each.id for each in requests), year=year)
        self._new_exemption = numbered_on("E", (each.id for each in exemptions), year=year)
        waiting = (each for each in requesting.newest(requests).values() if each.state is RequestState.SUBMITTED)
        self._waiting = {_asked(each.kind, each.entity, each.entity_id, each.changes) for each in waiting}
        self._exempt = set(_exempt(exemptions, at=at))
        self._rules = rules
        self._author = author
        self._source = source
        self._at = at
        self.requests: list[Request] = []
        self.exemptions: list[Exemption] = []

    def __len__(self) -> int:
        return len(self.requests) + len(self.exemptions)

    def ask(self, kind: RequestKind, entity: AnyEntity, changes: Iterable[tuple[str, str]] = (), *, why: str) -> None:
        """Ask for changes, each a field and its new text; a retirement needs none."""
        wanted = tuple(FieldChange(field, "", new) for field, new in changes)
        terms = Request(
            id="",
            kind=kind,
            entity=name_of(entity),
            entity_id=id_of(entity),
            reason=f"{why}（{self._source}）",
            proposer=self._author,
            changes=wanted,
        )
        asked = requesting.ask(terms, entity, at=self._at)
        key = _asked(kind, asked.entity, asked.entity_id, asked.changes)
        if key not in self._waiting:
            self._waiting.add(key)
            self.requests.append(replace(asked, id=self._new_request()))

    def exempt_for_repair(self, device_id: str, *, days: int) -> None:
        """Propose an exemption from now on, unless one covers the device or waits already."""
        if device_id in self._exempt:
            return
        self._exempt.add(device_id)
        terms = Exemption(
            id=self._new_exemption(),
            scope=ExemptionScope.DEVICE,
            scope_id=device_id,
            start=self._at,
            end=self._at + min(days * DAY_S, self._rules.longest_s),
            reason=ExemptionReason.REPAIR.value,
            approver="",
            author=self._author,
            note=f"设备状态为维修 under repair（{self._source}）",
        )
        self.exemptions.append(
            exempting.propose(terms, (), at=self._at, rules=self._rules, draft=False, back_dated=False)
        )


def _asked(kind: RequestKind, entity: str, entity_id: str, changes: Sequence[FieldChange]) -> tuple[object, ...]:
    return (kind, entity, entity_id, tuple(sorted((each.field, each.new) for each in changes)))


def _exempt(versions: Sequence[Exemption], *, at: int) -> Iterable[str]:
    """Give the devices that an exemption of their own covers from now on, or would once it is approved."""
    for newest in exempting.newest(versions).values():
        holds = newest.state in (ExemptionState.SUBMITTED, ExemptionState.APPROVED)
        if holds and newest.scope is ExemptionScope.DEVICE and newest.end > at:
            yield newest.scope_id
