"""The small JSON texts inside rows: what most rows don't have, so that it costs nothing where it is missing."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import msgspec

from monitor.domain.device import DeviceKind, Parent, ParentRole
from monitor.domain.facts import Axis, Correction, Party
from monitor.domain.indicator import Indicator
from monitor.domain.point import PointClass, Ring
from monitor.domain.request import FieldChange
from monitor.domain.scope import Scope
from monitor.domain.state import Cause, Condition, Connectivity, DeviceState, FaultRecord
from monitor.domain.target import Target

Faults = tuple[tuple[str, int, int, bool], ...]


class Rest(msgspec.Struct, frozen=True, omit_defaults=True):
    """The rarely used fields of a `DeviceState`; names are short because they are stored in every such row."""

    silent_at: tuple[int, ...] = msgspec.field(default=(), name="s")
    age_stopped_at: int | None = msgspec.field(default=None, name="a")
    parent_down: bool = msgspec.field(default=False, name="p")
    faults: Faults = msgspec.field(default=(), name="f")
    evidence: tuple[tuple[str, int], ...] = msgspec.field(default=(), name="e")


class Kept(Rest, frozen=True, omit_defaults=True):
    """A whole `DeviceState` inside a change; the device is the change's own and not repeated."""

    connectivity: Connectivity = msgspec.field(default=Connectivity.UNKNOWN, name="c")
    connectivity_since: int = msgspec.field(default=0, name="cs")
    connectivity_cause: Cause = msgspec.field(default=Cause.NOT_LOOKED_AT, name="cc")
    condition: Condition = msgspec.field(default=Condition.UNKNOWN, name="n")
    condition_since: int = msgspec.field(default=0, name="ns")
    condition_cause: Cause = msgspec.field(default=Cause.NOT_LOOKED_AT, name="nc")
    last_evidence_at: int | None = msgspec.field(default=None, name="l")
    interval_s: int = msgspec.field(default=0, name="i")
    answered_at: int | None = msgspec.field(default=None, name="w")
    identity_at: int | None = msgspec.field(default=None, name="d")
    realm: str = msgspec.field(default="", name="r")
    last_online_until: int | None = msgspec.field(default=None, name="u")
    clock_offset: int | None = msgspec.field(default=None, name="o")


class Asked(msgspec.Struct, frozen=True):
    """The correction inside a request; what its approval adds is not in it."""

    device_id: str
    axis: Axis
    start: int
    end: int
    state: str
    cause: Cause
    by_person: bool
    reason: str
    party: Party


class WrittenTarget(msgspec.Struct, frozen=True, omit_defaults=True):
    """One target of an imported set; its value is a fraction as text, so that it stays exact."""

    indicator: Indicator
    value: str
    effective_from: int
    source: str
    withdrawn_on: int | None = None
    scope: dict[str, str] = {}


_encode = msgspec.json.Encoder().encode
_rest = msgspec.json.Decoder(Rest)
_kept = msgspec.json.Decoder(Kept)
_looks = msgspec.json.Decoder(tuple[int, ...])
_parents = msgspec.json.Decoder(tuple[tuple[str, ParentRole, bool], ...])
_windows = msgspec.json.Decoder(tuple[tuple[int, int], ...])
_words = msgspec.json.Decoder(tuple[str, ...])
_changes = msgspec.json.Decoder(tuple[tuple[str, str, str], ...])
_asked = msgspec.json.Decoder(Asked)
_targets = msgspec.json.Decoder(tuple[WrittenTarget, ...])


def storable(text: str) -> str:
    """Give a text that both databases can hold.

    PostgreSQL refuses the NUL character and neither takes half a surrogate pair; a device may send both in its realm,
    and one such text must not hold up the batch it travels in. They become U+FFFD.
    """
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def encode_rest(state: DeviceState) -> str | None:
    """Give the rarely used fields as JSON, None where all have their default."""
    if not (state.silent_at or state.faults or state.evidence or state.parent_down or state.age_stopped_at is not None):
        return None
    rest = Rest(
        silent_at=state.silent_at,
        age_stopped_at=state.age_stopped_at,
        parent_down=state.parent_down,
        faults=_fault_tuples(state),
        evidence=state.evidence,
    )
    return _encode(rest).decode()


def decode_rest(text: str) -> Rest:
    """Give the fields back."""
    return _rest.decode(text)


def fault_records(faults: Faults) -> tuple[FaultRecord, ...]:
    """Give the fault records of a stored list."""
    return tuple(FaultRecord(*fault) for fault in faults)


def encode_kept(state: DeviceState | None) -> str | None:
    """Give a kept state as JSON, without its device id."""
    if state is None:
        return None
    kept = Kept(
        silent_at=state.silent_at,
        age_stopped_at=state.age_stopped_at,
        parent_down=state.parent_down,
        faults=_fault_tuples(state),
        evidence=state.evidence,
        connectivity=state.connectivity,
        connectivity_since=state.connectivity_since,
        connectivity_cause=state.connectivity_cause,
        condition=state.condition,
        condition_since=state.condition_since,
        condition_cause=state.condition_cause,
        last_evidence_at=state.last_evidence_at,
        interval_s=state.interval_s,
        answered_at=state.answered_at,
        identity_at=state.identity_at,
        realm=storable(state.realm),
        last_online_until=state.last_online_until,
        clock_offset=state.clock_offset,
    )
    return _encode(kept).decode()


def decode_kept(text: str | None, *, device_id: str) -> DeviceState | None:
    """Give a kept state back, of the change's device."""
    if text is None:
        return None
    fields = msgspec.structs.asdict(_kept.decode(text))
    fields["faults"] = fault_records(fields["faults"])
    return DeviceState(device_id=device_id, **fields)


def encode_looks(looks: tuple[int, ...], *, at: int) -> str | None:
    """Give instants as JSON of seconds after `at`, None for none: a third of the size of the instants."""
    return _encode([look - at for look in looks]).decode() if looks else None


def decode_looks(text: str | None, *, at: int) -> tuple[int, ...]:
    """Give the instants back."""
    return tuple(at + offset for offset in _looks.decode(text)) if text else ()


def encode_parents(parents: tuple[Parent, ...]) -> str | None:
    """Give parents as JSON, in their order."""
    return _encode([(parent.device_id, parent.role, parent.ours) for parent in parents]).decode() if parents else None


def decode_parents(text: str | None) -> tuple[Parent, ...]:
    """Give the parents back."""
    return tuple(Parent(*parent) for parent in _parents.decode(text)) if text else ()


def encode_windows(windows: tuple[tuple[int, int], ...]) -> str | None:
    """Give daily service windows as JSON."""
    return _encode(windows).decode() if windows else None


def decode_windows(text: str | None) -> tuple[tuple[int, int], ...]:
    """Give the windows back."""
    return _windows.decode(text) if text else ()


def encode_words(words: tuple[str, ...]) -> str | None:
    """Give a list of words as JSON."""
    return _encode(words).decode() if words else None


def decode_words(text: str | None) -> tuple[str, ...]:
    """Give the words back."""
    return _words.decode(text) if text else ()


def encode_changes(changes: tuple[FieldChange, ...]) -> str | None:
    """Give the fields that a request would change as JSON."""
    return _encode([(each.field, each.old, each.new) for each in changes]).decode() if changes else None


def decode_changes(text: str | None) -> tuple[FieldChange, ...]:
    """Give the fields back."""
    return tuple(FieldChange(*each) for each in _changes.decode(text)) if text else ()


def encode_asked(correction: Correction | None) -> str | None:
    """Give the correction that a request asks for as JSON."""
    if correction is None:
        return None
    return _encode(Asked(**{name: getattr(correction, name) for name in Asked.__struct_fields__})).decode()


def decode_asked(text: str | None) -> Correction | None:
    """Give the correction back."""
    return Correction(**msgspec.structs.asdict(_asked.decode(text))) if text else None


def encode_targets(targets: tuple[Target, ...]) -> str:
    """Give a set of targets as JSON."""
    return _encode(
        [
            WrittenTarget(
                each.indicator,
                str(each.value),
                each.effective_from,
                each.source,
                each.withdrawn_on,
                {name: getattr(each.scope, name) for name in sorted(each.scope.named)},
            )
            for each in targets
        ]
    ).decode()


def decode_targets(text: str) -> tuple[Target, ...]:
    """Give the targets back."""
    return tuple(
        Target(
            each.indicator,
            Scope(**{name: _SCOPE_TYPES.get(name, str)(value) for name, value in each.scope.items()}),
            Fraction(each.value),
            each.effective_from,
            each.source,
            each.withdrawn_on,
        )
        for each in _targets.decode(text)
    )


_SCOPE_TYPES: dict[str, Callable[[str], Any]] = {"point_class": PointClass, "kind": DeviceKind, "ring": Ring}


def _fault_tuples(state: DeviceState) -> Faults:
    return tuple((fault.code, fault.first_at, fault.count, fault.confirmed) for fault in state.faults)
