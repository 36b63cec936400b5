"""Fields of the inventory that move a rate, and the text form in which facts and requests hold them (RULES §4).

One line an entity and field:

    device  region, point                  a code or id; "" for none
            kind, point_class, route       the value of its enum
            owner_unit, maintainer, contract, police_station   the text itself
            in_service_from, retired_at    epoch seconds; "" for none
            service_windows                "28800-64800 79200-21600": from-to in seconds after midnight
            parents                        "path:34020000… reporter!:34020001…": role:id, "!" where it is ours
    point   region, site_kind              the text itself
            point_class, ring, status      the value of its enum; ring "" for none
            required_kinds                 "camera checkpoint"
            count, required_from           digits; required_from "" for none
            to_be_networked                "1" or "0"
    region  parent, rank_group             the text itself; parent "" for none
            assessed_from                  epoch seconds; "" for none
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from monitor.domain.device import Device, DeviceKind, Parent, ParentRole, Route
from monitor.domain.point import Point, PointClass, PointStatus, Ring
from monitor.domain.region import Region
from monitor.domain.values import dataclass

AnyEntity = Device | Point | Region
Entity = TypeVar("Entity", bound=Device | Point | Region)

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how its text is got from an entity, and how an entity with another text is made.

    `write` raises ValueError where the text is not in the text form; the message says what is expected.
    """

    read: Callable[[Any], str]
    write: Callable[[Any, str], Any]


def name_of(entity: AnyEntity) -> str:
    """Give the word for what an entity is: "device", "point" or "region"."""
    return type(entity).__name__.lower()


def id_of(entity: AnyEntity) -> str:
    """Give an entity's id; a region's is its code."""
    return entity.code if isinstance(entity, Region) else entity.id


def text_of(entity: AnyEntity, field: str) -> str:
    """Give a field of an entity in the text form.

    Raises:
        ValueError: such an entity has no such field.
    """
    return _field(entity, field).read(entity)


def with_field(entity: Entity, field: str, text: str) -> Entity:
    """Give an entity with another value of one field.

    Raises:
        ValueError: such an entity has no such field, or the text is not in the text form.
    """
    changed: Entity = _field(entity, field).write(entity, text)
    return changed


def _field(entity: AnyEntity, field: str) -> Field:
    found = FIELDS[name_of(entity)].get(field)
    if found is None:
        raise ValueError(f"a {name_of(entity)} has no field {field!r}")
    return found


def _plain(field: str) -> Field:
    return Field(lambda entity: getattr(entity, field), lambda entity, text: replace(entity, **{field: text}))


def _optional(field: str) -> Field:
    """Give a field whose "" stands for none."""
    return Field(
        lambda entity: getattr(entity, field) or "", lambda entity, text: replace(entity, **{field: text or None})
    )


def _choice(field: str, choices: type[StrEnum], *, optional: bool = False) -> Field:
    def write(entity: Any, text: str) -> Any:
        if optional and not text:
            return replace(entity, **{field: None})
        try:
            return replace(entity, **{field: choices(text)})
        except ValueError:
            allowed = ", ".join(choices)
            raise ValueError(f"{field}: 应为 · must be one of {allowed}; not {text!r}") from None

    return Field(lambda entity: getattr(entity, field) or "", write)


def _instant(field: str) -> Field:
    return Field(
        lambda entity: _written(getattr(entity, field)),
        lambda entity, text: replace(entity, **{field: _number(field, text)}),
    )


def _in_lifecycle(field: Field) -> Field:
    """Give a field of a device's lifecycle as one of the device."""
    return Field(
        lambda device: field.read(device.lifecycle),
        lambda device, text: replace(device, lifecycle=field.write(device.lifecycle, text)),
    )


def _organisation(field: str) -> Field:
    return Field(
        lambda device: getattr(device.organisations, field),
        lambda device, text: replace(device, organisations=replace(device.organisations, **{field: text})),
    )


def _written(number: int | None) -> str:
    return "" if number is None else str(number)


def _number(field: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{field}: 应为整数 · must be a whole number; not {text!r}") from None


def _count() -> Field:
    def write(point: Point, text: str) -> Point:
        count = _number("count", text)
        if count is None or count < 1:
            raise ValueError(f"count: 应为正整数 · must be at least 1; not {text!r}")
        return replace(point, count=count)

    return Field(lambda point: str(point.count), write)


def _windows() -> Field:
    def read(lifecycle: Any) -> str:
        return " ".join(f"{opens}-{closes}" for opens, closes in lifecycle.service_windows)

    def write(lifecycle: Any, text: str) -> Any:
        windows = []
        for window in text.split():
            opens, dash, closes = window.partition("-")
            if not (dash and opens.isdecimal() and closes.isdecimal() and int(opens) < _DAY_S >= int(closes)):
                raise ValueError(
                    f"service_windows: 应为 · must be like 28800-64800 (seconds of the day); not {window!r}"
                )
            windows.append((int(opens), int(closes)))
        return replace(lifecycle, service_windows=tuple(windows))

    return Field(read, write)


def _parents() -> Field:
    def read(device: Device) -> str:
        return " ".join(f"{each.role}{'!' if each.ours else ''}:{each.device_id}" for each in device.parents)

    def write(device: Device, text: str) -> Device:
        parents = []
        for parent in text.split():
            role, colon, device_id = parent.partition(":")
            if not colon or not device_id or role.removesuffix("!") not in list(ParentRole):
                raise ValueError(f"parents: 应为 · must be like path:ID or reporter!:ID; not {parent!r}")
            parents.append(Parent(device_id, ParentRole(role.removesuffix("!")), ours=role.endswith("!")))
        return replace(device, parents=tuple(parents))

    return Field(read, write)


def _kinds() -> Field:
    def write(point: Point, text: str) -> Point:
        strange = sorted(set(text.split()) - set(DeviceKind))
        if strange:
            raise ValueError(f"required_kinds: 应为 · must be of {', '.join(DeviceKind)}; not {', '.join(strange)}")
        return replace(point, required_kinds=tuple(text.split()))

    return Field(lambda point: " ".join(point.required_kinds), write)


def _flag(field: str) -> Field:
    def write(entity: Any, text: str) -> Any:
        if text not in {"0", "1"}:
            raise ValueError(f'{field}: a flag is "0" or "1", not {text!r}')
        return replace(entity, **{field: text == "1"})

    return Field(lambda entity: "1" if getattr(entity, field) else "0", write)


FIELDS: Final[Mapping[str, Mapping[str, Field]]] = {
    "device": {
        "region": _optional("region"),
        "point": _optional("point"),
        "kind": _choice("kind", DeviceKind),
        "point_class": _choice("point_class", PointClass),
        "route": _choice("route", Route),
        "parents": _parents(),
        "in_service_from": _in_lifecycle(_instant("in_service_from")),
        "retired_at": _in_lifecycle(_instant("retired_at")),
        "service_windows": _in_lifecycle(_windows()),
        **{name: _organisation(name) for name in ("owner_unit", "maintainer", "contract", "police_station")},
    },
    "point": {
        "region": _plain("region"),
        "site_kind": _plain("site_kind"),
        "point_class": _choice("point_class", PointClass),
        "ring": _choice("ring", Ring, optional=True),
        "status": _choice("status", PointStatus),
        "required_kinds": _kinds(),
        "count": _count(),
        "required_from": _instant("required_from"),
        "to_be_networked": _flag("to_be_networked"),
    },
    "region": {
        "parent": _optional("parent"),
        "rank_group": _plain("rank_group"),
        "assessed_from": _instant("assessed_from"),
    },
}
"""The fields of devices, points and regions that move a rate."""
