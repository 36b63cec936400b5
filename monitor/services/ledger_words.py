"""What the ledger of the denominator says, in words: entities, fields and values, which machines get as codes."""

from __future__ import annotations

from datetime import datetime, tzinfo

from monitor.domain.device import DeviceKind
from monitor.domain.point import PointClass
from monitor.services.report_table import Word
from monitor.services.report_words import CLASSES, KINDS

ENTITIES = {
    "device": Word("device", "设备", "device"),
    "point": Word("point", "点位", "point"),
    "region": Word("region", "行政区划", "region"),
}
FIELDS = {
    "region": ("行政区划", "region"),
    "point": ("点位", "point"),
    "kind": ("设备类型", "kind"),
    "point_class": ("点位类别", "class"),
    "route": ("接入方式", "route"),
    "parents": ("上联", "parents"),
    "in_service_from": ("启用日期", "in service from"),
    "retired_at": ("退出时间", "retired at"),
    "service_windows": ("服务时段", "service hours"),
    "owner_unit": ("建设单位", "owner unit"),
    "maintainer": ("维护单位", "maintainer"),
    "contract": ("合同", "contract"),
    "police_station": ("派出所", "police station"),
    "site_kind": ("场所类型", "site kind"),
    "ring": ("圈层", "ring"),
    "status": ("状态", "status"),
    "required_kinds": ("应配设备类型", "required kinds"),
    "count": ("应配数量", "count"),
    "required_from": ("应建日期", "required from"),
    "to_be_networked": ("应联网", "to be networked"),
    "parent": ("上级区划", "parent"),
    "rank_group": ("排名组", "rank group"),
    "assessed_from": ("考核起始", "assessed from"),
}
INSTANTS = frozenset({"retired_at", "in_service_from", "required_from", "assessed_from"})
"""Fields whose values are instants, epoch seconds."""

_ADDED = Word("added", "新增", "added")


def entity_word(entity: str) -> Word:
    """Give an entity's word."""
    return ENTITIES.get(entity, Word(entity, entity, entity))


def field_word(field: str) -> Word:
    """Give a field's word."""
    return Word(field, *FIELDS.get(field, (field, field)))


def value_word(field: str, value: str, *, zone: tzinfo) -> Word:
    """Give a value of a field as people read it; its code is the value itself."""
    if field in INSTANTS and value.isdigit():
        text = datetime.fromtimestamp(int(value), zone).strftime("%Y-%m-%d %H:%M:%S")
        return Word(value, text, text)
    if field == "point_class" and value in set(PointClass):
        return CLASSES[PointClass(value)]
    if field == "kind" and value in set(DeviceKind):
        return KINDS[DeviceKind(value)]
    return _ADDED if not field and value == _ADDED.code else Word(value, value, value)
