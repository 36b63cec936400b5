"""How a request goes from being asked to its effect, and what is wrong with one that may not (RULES §4, §5).

Whoever works with the inventory asks; somebody else approves or refuses; the one who asked may take it back while it
waits. Approval makes of it the changes of the inventory, the correction or the withdrawal that it asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from monitor.domain.author import same_author, shown
from monitor.domain.device import Device
from monitor.domain.exempting import NotAllowedError
from monitor.domain.facts import Axis, Correction, InventoryChange, Withdrawal
from monitor.domain.fault import FAULTS
from monitor.domain.fields import FIELDS, AnyEntity, Entity, id_of, name_of, text_of, with_field
from monitor.domain.request import AT_EFFECT, FAULT_FIELD, FieldChange, Request, RequestKind, RequestState
from monitor.domain.state import Condition, Connectivity, DeviceState

_FIELDS: Final[Mapping[RequestKind, tuple[str, frozenset[str]]]] = {
    RequestKind.RETIRE: ("device", frozenset({"retired_at"})),
    RequestKind.SUSPEND: ("device", frozenset({"retired_at"})),
    RequestKind.RETURN: ("device", frozenset({"retired_at"})),
    RequestKind.RECLASSIFY: ("device", frozenset({"point_class", "kind"})),
    RequestKind.MOVE: ("device", frozenset({"region", "point"})),
    RequestKind.BACK_DATE: ("device", frozenset({"in_service_from", "retired_at"})),
    RequestKind.HOURS: ("device", frozenset({"service_windows"})),
    RequestKind.PARENTS: ("device", frozenset({"parents"})),
    RequestKind.POINT: ("point", frozenset(FIELDS["point"])),
    RequestKind.REGION: ("region", frozenset(FIELDS["region"])),
}
"""What each kind may change of what."""

_LEAVING = (RequestKind.RETIRE, RequestKind.SUSPEND)
_STATES: Final = {Axis.CONNECTIVITY: tuple(Connectivity), Axis.CONDITION: tuple(Condition)}


def kind_for(entity: str, field: str) -> RequestKind | None:
    """Give the kind of request that a change of a field of what is stored takes; None where it holds at once.

    A device's organisations and route say who answers for it and how it is reached: they hold at once.
    """
    if (entity, field) == ("device", "retired_at"):
        return RequestKind.RETIRE
    return next((kind for kind, (name, fields) in _FIELDS.items() if name == entity and field in fields), None)


def ask(terms: Request, entity: AnyEntity, *, at: int) -> Request:
    """Give the first version of a request to change an entity: submitted, with what stands now as the old values.

    Args:
        terms: what is asked for, its proposer as author; of `changes` only field and new are read, and a retirement or
            suspension needs none.
        entity: the device, point or region as it is now.
        at: now, epoch seconds.

    Raises:
        NotAllowedError: it changes nothing, changes what its kind does not, or holds a value that cannot be; every
            problem at once.
    """
    changes = terms.changes
    if terms.kind in _LEAVING:
        changes = (FieldChange("retired_at", "", AT_EFFECT),)
    elif terms.kind is RequestKind.RETURN:
        changes = (FieldChange("retired_at", "", ""),)
    problems = [*_without_reason(terms), *_field_problems(terms.kind, changes, entity)]
    if problems:
        raise NotAllowedError(problems)
    changes = tuple(replace(each, old=text_of(entity, each.field)) for each in changes)
    changes = tuple(each for each in changes if each.old != each.new)
    terms = replace(terms, changes=changes, effective_at=_effective_at(terms, changes, entity))
    problems = [*_nothing(terms, entity), *_too_soon(terms, at)]
    if problems:
        raise NotAllowedError(problems)
    return _submitted(replace(terms, entity=name_of(entity), entity_id=id_of(entity)), at)


def ask_correction(terms: Request, *, at: int) -> Request:
    """Give the first version of a request to correct an interval of a device.

    Raises:
        NotAllowedError: the interval, the state or the reason is wrong; every problem at once.
    """
    wanted = terms.correction
    if wanted is None:
        raise ValueError("a request for a correction holds one")
    problems = [*_without_reason(terms)]
    if wanted.end <= wanted.start:
        problems.append("结束时间不晚于开始时间 · it ends before it begins")
    if wanted.end > at:
        problems.append("只能更正已过去的时段 · only time that has passed is corrected")
    if wanted.state not in _STATES[wanted.axis]:
        allowed = ", ".join(_STATES[wanted.axis])
        problems.append(f"状态应为 · the state must be one of {allowed}; not {wanted.state!r}")
    if problems:
        raise NotAllowedError(problems)
    wanted = replace(wanted, by_person=True, reason=terms.reason)
    terms = replace(terms, kind=RequestKind.CORRECTION, correction=wanted)
    return _submitted(replace(terms, entity="device", entity_id=wanted.device_id), at)


def ask_fault(terms: Request, state: DeviceState | None, *, at: int) -> Request:
    """Give the first version of a request to clear or to confirm a fault of a device (RULES §3).

    Args:
        terms: its kind, and one change whose `new` is the fault's code.
        state: the device's state as stored; None where it has none yet.
        at: now, epoch seconds.

    Raises:
        NotAllowedError: the fault is not known, or does not stand as the request takes it to; every problem at once.
    """
    code = terms.changes[0].new if len(terms.changes) == 1 and terms.changes[0].field == FAULT_FIELD else ""
    problems = list(_without_reason(terms))
    if code not in FAULTS:
        problems.append(f"须指明一个已知故障，而不是 {code!r} · one known fault must be named, not {code!r}")
    else:
        problems += _not_decidable(terms.kind, code, state)
    if problems:
        raise NotAllowedError(problems)
    change = FieldChange(FAULT_FIELD, code, "") if _clears(terms.kind) else FieldChange(FAULT_FIELD, "", code)
    return _submitted(replace(terms, entity="device", changes=(change,), effective_at=None), at)


def fault_decision_of(request: Request, state: DeviceState | None) -> InventoryChange:
    """Give the ledger's entry by which an approved request decides a fault; the running service follows it.

    Raises:
        NotAllowedError: the fault does not stand any more as it was taken to.
    """
    change = request.changes[0]
    problems = list(_not_decidable(request.kind, change.old or change.new, state))
    if problems:
        raise NotAllowedError(problems)
    return InventoryChange(
        entity="device",
        entity_id=request.entity_id,
        field=FAULT_FIELD,
        old=change.old,
        new=change.new,
        at=request.at,
        author=request.proposer,
        reason=request.reason,
        approved_by=request.approver,
        recorded_at=request.at,
        document=request.document,
        request=request.id,
    )


def ask_withdrawal(terms: Request, correction: Correction | None, *, at: int) -> Request:
    """Give the first version of a request to withdraw a person's correction.

    Args:
        terms: `entity_id` is the seq of the correction.
        correction: the correction as stored, None where there is none.
        at: now, epoch seconds.

    Raises:
        NotAllowedError: there is no such correction of a person, or it is withdrawn already.
    """
    problems = [*_without_reason(terms), *_not_withdrawable(terms, correction)]
    if problems:
        raise NotAllowedError(problems)
    return _submitted(replace(terms, kind=RequestKind.WITHDRAWAL, entity="correction"), at)


def approve(versions: Sequence[Request], *, approver: str, at: int, note: str = "") -> Request:
    """Give the approved version of a request that waits.

    Raises:
        NotAllowedError: nothing waits, or the approver is who asked.
    """
    return _decided(versions, RequestState.APPROVED, approver=approver, at=at, note=note)


def refuse(versions: Sequence[Request], *, approver: str, at: int, note: str) -> Request:
    """Give the refused version of a request that waits.

    Raises:
        NotAllowedError: nothing waits, or whoever refuses is who asked.
    """
    return _decided(versions, RequestState.REFUSED, approver=approver, at=at, note=note)


def withdraw(versions: Sequence[Request], *, author: str, at: int, note: str = "") -> Request:
    """Give the version that takes back a request that waits.

    Raises:
        NotAllowedError: nothing waits, or somebody else asked.
    """
    request = _waiting(versions)
    if not same_author(request.proposer, author):
        raise NotAllowedError([f"只有申请人能撤回 · only {shown(request.proposer)}, who asked, can take it back"])
    return replace(request, state=RequestState.WITHDRAWN, author=author, note=note, at=at, seq=0)


def applied(request: Request, entity: Entity) -> tuple[Entity, tuple[InventoryChange, ...]]:
    """Give an entity as an approved request makes it, and the entries of the ledger.

    Args:
        request: the approved version.
        entity: what it is about, as it is now.

    Raises:
        NotAllowedError: the entity is no longer what it was when it was asked for.
    """
    effect = request.at if request.effective_at is None else request.effective_at
    entries = []
    for change in request.changes:
        found = text_of(entity, change.field)
        if found != change.old:
            raise NotAllowedError(
                [
                    f"{request.entity_id} 的 {change.field} 已不是 {change.old!r} 而是 {found!r}，请重新申请 · "
                    f"{change.field} of {request.entity_id} is {found!r} by now and not {change.old!r}; ask again"
                ]
            )
        new = str(effect) if change.new == AT_EFFECT else change.new
        entity = with_field(entity, change.field, new)
        entries.append(
            InventoryChange(
                entity=request.entity,
                entity_id=request.entity_id,
                field=change.field,
                old=change.old,
                new=new,
                at=effect,
                author=request.proposer,
                reason=request.reason,
                approved_by=request.approver,
                recorded_at=request.at,
                document=request.document,
                request=request.id,
            )
        )
    return entity, tuple(entries)


def correction_of(request: Request) -> Correction:
    """Give the correction that an approved request makes.

    Raises:
        ValueError: it asked for none.
    """
    if request.correction is None:
        raise ValueError(f"request {request.id} asks for no correction")
    return replace(
        request.correction,
        by_person=True,
        author=request.proposer,
        approved_by=request.approver,
        reason=request.reason,
        document=request.document,
    )


def withdrawal_of(request: Request, correction: Correction | None) -> Withdrawal:
    """Give the withdrawal that an approved request makes.

    Raises:
        NotAllowedError: there is no such correction of a person, or it has been withdrawn meanwhile.
    """
    problems = list(_not_withdrawable(request, correction))
    if problems:
        raise NotAllowedError(problems)
    return Withdrawal(
        correction=int(request.entity_id),
        at=request.at,
        author=request.proposer,
        approved_by=request.approver,
        reason=request.reason,
        document=request.document,
    )


def newest(versions: Iterable[Request]) -> dict[str, Request]:
    """Give the newest version of each request; versions in seq order."""
    return {version.id: version for version in versions}


def is_back_dated(request: Request, *, asked_at: int) -> bool:
    """Tell whether a request changes seconds that had passed when it was asked: the approver is to see that."""
    if request.kind in (RequestKind.CORRECTION, RequestKind.WITHDRAWAL):
        return True
    return request.effective_at is not None and request.effective_at < asked_at


def _submitted(terms: Request, at: int) -> Request:
    author = terms.author or terms.proposer
    return replace(
        terms, state=RequestState.SUBMITTED, proposer=author, author=author, approver="", note="", at=at, seq=0
    )


def _waiting(versions: Sequence[Request]) -> Request:
    if not versions or versions[-1].state is not RequestState.SUBMITTED:
        now = versions[-1].state if versions else "missing"
        raise NotAllowedError([f"没有等待审批的申请（当前 {now}） · nothing waits for a decision (it is {now})"])
    return versions[-1]


def _decided(versions: Sequence[Request], state: RequestState, *, approver: str, at: int, note: str) -> Request:
    request = _waiting(versions)
    if same_author(request.proposer, approver):
        raise NotAllowedError(
            [
                f"申请人不能审批自己的申请: {shown(approver)} · "
                f"{shown(approver)} asked for it and can neither approve nor refuse it"
            ]
        )
    return replace(request, state=state, approver=approver, author=approver, note=note, at=at, seq=0)


def _without_reason(terms: Request) -> Iterator[str]:
    if not terms.reason.strip():
        yield "须写明原因 · a reason is needed"


def _field_problems(kind: RequestKind, changes: Sequence[FieldChange], entity: AnyEntity) -> Iterator[str]:
    name, fields = _FIELDS.get(kind, ("", frozenset()))
    if name != name_of(entity):
        yield f"{kind} 不适用于 {name_of(entity)} · {kind} is nothing that is asked of a {name_of(entity)}"
        return
    for change in changes:
        if change.field not in fields:
            yield f"{kind} 不能改动 {change.field} · {kind} changes {', '.join(sorted(fields))}, not {change.field}"
        elif change.new != AT_EFFECT:
            try:
                with_field(entity, change.field, change.new)
            except ValueError as error:
                yield str(error)


def _effective_at(terms: Request, changes: Sequence[FieldChange], entity: AnyEntity) -> int | None:
    """Give from when the changes hold: a corrected date holds from the earlier of the two, whatever is asked."""
    if terms.kind is not RequestKind.BACK_DATE or not isinstance(entity, Device) or not changes:
        return terms.effective_at
    begun = entity.lifecycle.created_at
    return min(int(text) if text else begun for change in changes for text in (change.old, change.new))


def _nothing(terms: Request, entity: AnyEntity) -> Iterator[str]:
    if not terms.changes:
        yield f"{id_of(entity)} 已是如此，没有变化 · {id_of(entity)} is so already: nothing would change"
    elif terms.kind in _LEAVING and terms.changes[0].old:
        yield f"{id_of(entity)} 已退出使用 · {id_of(entity)} is out of service already"


def _too_soon(terms: Request, at: int) -> Iterator[str]:
    """A record holds one value a field: only leaving, which is an instant itself, can be asked for ahead."""
    if terms.effective_at is not None and terms.effective_at > at and terms.kind not in _LEAVING:
        yield "生效时间不能在将来，退出使用除外 · only leaving service can be asked for ahead of time"


def _clears(kind: RequestKind) -> bool:
    return kind is RequestKind.CLEAR_FAULT


def _not_decidable(kind: RequestKind, code: str, state: DeviceState | None) -> Iterator[str]:
    shown = {fault.code: fault for fault in (() if state is None else state.faults)}
    if _clears(kind) and code not in shown:
        yield f"设备没有故障 {code} · the device does not show the fault {code}"
    elif not _clears(kind) and code in shown and shown[code].confirmed:
        yield f"故障 {code} 已确认 · the fault {code} is confirmed already"


def _not_withdrawable(terms: Request, correction: Correction | None) -> Iterator[str]:
    if correction is None or not correction.by_person:
        yield f"没有人工更正 {terms.entity_id} · there is no person's correction {terms.entity_id}"
    elif correction.withdrawn:
        yield f"更正 {terms.entity_id} 已撤销 · correction {terms.entity_id} is withdrawn already"
