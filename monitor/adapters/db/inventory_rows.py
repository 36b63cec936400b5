"""Regions, points and devices as rows and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from monitor.adapters.db.documents import (
    decode_parents,
    decode_windows,
    decode_words,
    encode_parents,
    encode_windows,
    encode_words,
)
from monitor.domain.device import Device, DeviceKind, DeviceRecord, Endpoint, Lifecycle, Organisations, Parent, Route
from monitor.domain.point import Point, PointClass, PointStatus, Ring
from monitor.domain.region import Region, RegionLevel


def region_row(region: Region) -> tuple[Any, ...]:
    """Give a region as a row of `region`."""
    return (
        region.code,
        region.name,
        region.level.value,
        region.parent,
        region.name_en,
        region.rank_group,
        region.assessed_from,
    )


def region_of(row: tuple[Any, ...]) -> Region:
    """Give the region of a row."""
    code, name, level, parent, name_en, rank_group, assessed_from = row
    return Region(code, name, RegionLevel(level), parent, name_en, rank_group, assessed_from)


def point_row(point: Point, *, revision: int) -> tuple[Any, ...]:
    """Give a point as a row of `point`."""
    return (
        point.id,
        point.region,
        point.point_class.value,
        point.name,
        point.site_kind,
        point.ring.value if point.ring else None,
        encode_words(point.required_kinds),
        point.count,
        point.required_from,
        point.status.value,
        point.to_be_networked,
        revision,
    )


class PointReader:
    """Makes points of rows; equal texts and kinds become one object each, since a city has 100,000 points."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._kinds: dict[str, tuple[str, ...]] = {}

    def point(self, row: tuple[Any, ...]) -> Point:
        """Give the point of one row of `point`."""
        (
            point_id,
            region,
            point_class,
            name,
            site_kind,
            ring,
            kinds,
            count,
            required_from,
            status,
            to_be_networked,
            _,
        ) = row
        shared = self._texts.setdefault
        return Point(
            id=point_id,
            region=shared(region, region),
            point_class=_CLASSES[point_class],
            name=name,
            site_kind=shared(site_kind, site_kind),
            ring=None if ring is None else _RINGS[ring],
            required_kinds=self._kinds.get(kinds) or self._kinds.setdefault(kinds, decode_words(kinds)),
            count=count,
            required_from=required_from,
            status=_STATUSES[status],
            to_be_networked=to_be_networked,
        )


def record_row(record: DeviceRecord, *, key: int) -> tuple[Any, ...]:
    """Give a device's record as a row of `device_record`."""
    return (key, *_record_texts(record))


class RecordReader:
    """Makes records of rows; texts of which a city has few become one object each."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def record(self, row: Sequence[Any], device_id: str) -> DeviceRecord:
        """Give the record of one row of `device_record`; `device_id` is its id, as the object to be shared."""
        shared = self._texts.setdefault
        texts = [shared(text, text) if few else text for text, few in zip(row[1:], _IS_OF_FEW, strict=True)]
        return DeviceRecord(device_id, *texts)


def device_row(device: Device, *, key: int, revision: int) -> tuple[Any, ...]:
    """Give a device as a row of `device`."""
    endpoint, organisations, lifecycle = device.endpoint, device.organisations, device.lifecycle
    return (
        key,
        device.id,
        device.kind.value,
        device.point_class.value,
        device.region,
        device.point,
        endpoint.protocol if endpoint else None,
        endpoint.address if endpoint else None,
        endpoint.credential if endpoint else None,
        device.route.value,
        encode_parents(device.parents),
        organisations.owner_unit,
        organisations.maintainer,
        organisations.contract,
        organisations.police_station,
        lifecycle.created_at,
        lifecycle.in_service_from,
        lifecycle.retired_at,
        encode_windows(lifecycle.service_windows),
        revision,
    )


class DeviceReader:
    """Makes devices of rows; equal texts, parents, organisations and lifecycles become one object each.

    Endpoints are shared only by devices behind a common one (a recorder, a platform): a directly polled device has its
    own, and remembering 250,000 of them to find no two alike would cost more than it saves.
    """

    def __init__(self) -> None:
        self._texts: dict[str | None, str | None] = {}
        self._parents: dict[str, tuple[Parent, ...]] = {}
        self._organisations: dict[tuple[Any, ...], Organisations] = {}
        self._lifecycles: dict[tuple[Any, ...], Lifecycle] = {}
        self._endpoints: dict[tuple[Any, ...], Endpoint] = {}

    def device(self, row: tuple[Any, ...], device_id: str) -> Device:
        """Give the device of one row of `device`; `device_id` is its id, as the object to be shared."""
        _key, _id, kind, point_class, region, point, protocol, address, credential, route, parents = row[:11]
        organisations, lifecycle = row[11:15], row[15:19]
        shared = self._texts.setdefault
        route = _ROUTES[route]
        return Device(
            device_id,
            _KINDS[kind],
            _CLASSES[point_class],
            shared(region, region),
            self._lifecycles.get(lifecycle) or self._new_lifecycle(lifecycle),
            shared(point, point),
            None if protocol is None else self._endpoint(protocol, address, credential, route),
            route,
            () if parents is None else self._parents.get(parents) or self._new_parents(parents),
            self._organisations.get(organisations) or self._new_organisations(organisations),
        )

    def _endpoint(self, protocol: str, address: str, credential: str | None, route: Route) -> Endpoint:
        shared = self._texts.setdefault
        endpoint = Endpoint(shared(protocol, protocol) or "", address, shared(credential, credential))
        if route is Route.DIRECT:
            return endpoint
        return self._endpoints.setdefault((protocol, address, credential), endpoint)

    def _new_parents(self, text: str) -> tuple[Parent, ...]:
        parents = self._parents[text] = decode_parents(text)
        return parents

    def _new_organisations(self, fields: tuple[Any, ...]) -> Organisations:
        organisations = self._organisations[fields] = Organisations(*fields)
        return organisations

    def _new_lifecycle(self, fields: tuple[Any, ...]) -> Lifecycle:
        created_at, in_service_from, retired_at, windows = fields
        lifecycle = Lifecycle(created_at, in_service_from, retired_at, decode_windows(windows))
        self._lifecycles[fields] = lifecycle
        return lifecycle


_RECORD_FIELDS = tuple(field.name for field in fields(DeviceRecord))[1:]
_record_texts = attrgetter(*_RECORD_FIELDS)
_OF_MANY = frozenset({"name", "longitude", "latitude", "ip", "ipv6", "mac", "serial", "place"})
_IS_OF_FEW = tuple(name not in _OF_MANY for name in _RECORD_FIELDS)
_KINDS = {kind.value: kind for kind in DeviceKind}
_CLASSES = {point_class.value: point_class for point_class in PointClass}
_ROUTES = {route.value: route for route in Route}
_RINGS = {ring.value: ring for ring in Ring}
_STATUSES = {status.value: status for status in PointStatus}
