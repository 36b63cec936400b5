"""Everything known of a device as values, for `vidnet device --json` and for its table."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from monitor.app.device import DeviceStory
from monitor.domain.fault import FAULTS
from monitor.domain.login import MAX_REFUSALS
from monitor.domain.picture_look import PictureLook
from monitor.domain.state import FaultRecord
from monitor.settings import Settings


def story_values(story: DeviceStory, settings: Settings) -> dict[str, Any]:
    """Give everything that is known of a device as `--json` prints it; never a secret."""
    zone, policy = settings.zone(), settings.policy()
    found, record, state = story.device, story.record, story.state

    def when(at: int | None) -> str | None:
        return None if at is None else _when(at, zone)

    return {
        "id": found.id,
        "name": record.name,
        "kind": found.kind.value,
        "class": found.point_class.value,
        "region": found.region,
        "region_name": " ".join(region.name for region in reversed(story.regions)),
        "point": found.point,
        "vendor": record.vendor,
        "model": record.model,
        "protocol": found.endpoint.protocol if found.endpoint else None,
        "address": found.endpoint.address if found.endpoint else None,
        "parents": [{"id": each.device_id, "role": each.role.value, "ours": each.ours} for each in found.parents],
        "owner_unit": found.organisations.owner_unit,
        "maintainer": found.organisations.maintainer,
        "in_service_from": when(found.lifecycle.in_service_from or found.lifecycle.created_at),
        "retired_at": when(found.lifecycle.retired_at),
        "state": {
            "connectivity": state.connectivity.value,
            "connectivity_since": when(state.connectivity_since),
            "connectivity_cause": state.connectivity_cause.value,
            "condition": state.condition.value,
            "condition_since": when(state.condition_since),
            "condition_cause": state.condition_cause.value,
            "last_look_at": when(state.last_evidence_at),
            "last_answer_at": when(state.answered_at),
            "evidence": {kind: when(at) for kind, at in state.evidence},
            "requires": list(policy.intact_requires),
            "clock_offset_s": None if state.clock_offset is None else state.clock_offset / 10,
            "clock_limit_s": policy.clock_limit_s,
        },
        "faults": [_fault(fault, policy.counting_faults, zone) for fault in state.faults],
        "timeline": [
            {
                "at": when(change.at),
                "axis": change.axis.value,
                "old": str(change.old),
                "new": str(change.new),
                "cause": change.cause.value,
                "fault": change.fault,
                "author": change.author,
            }
            for change in story.changes
        ],
        "corrections": [
            {
                "from": when(each.start),
                "to": when(each.end),
                "axis": each.axis.value,
                "state": each.state,
                "cause": each.cause.value,
                "by_person": each.by_person,
                "withdrawn": each.withdrawn,
                "reason": each.reason,
            }
            for each in story.corrections
        ],
        "looks": [
            {
                "at": when(look.at),
                "outcome": look.outcome,
                "login": look.login.value,
                "requests": look.requests,
                "duration_ms": look.duration_ms,
                "clock_offset_s": None if look.clock_offset is None else look.clock_offset / 10,
                "retention_days": look.retention_days,
                "faults": list(look.faults),
                "notes": [{"step": note.step, "ending": note.ending, "detail": note.detail} for note in look.notes],
            }
            for look in story.looks
        ],
        "picture": _picture(story.pictures.last, zone),
        "baselines": [
            {"light": light.value, "looks": each.looks, "ready": each.is_ready}
            for light, each in sorted(story.pictures.baselines.items())
        ],
        "said": _said(story, zone),
        "login": None
        if story.login is None
        else {
            "group": story.login.group,
            "version": story.login.version,
            "refusals": story.login.refusals,
            "held": story.login.refusals >= MAX_REFUSALS,
            "accepted_group": story.login.accepted_group,
            "accepted_version": story.login.accepted_version,
        },
        "exemptions": [
            {
                "id": each.id,
                "scope": each.scope.value,
                "scope_id": each.scope_id,
                "from": when(each.start),
                "to": when(each.end),
                "reason": each.reason,
                "document": each.document,
            }
            for each in story.exemptions
        ],
        "orders": [
            {
                "id": each.id,
                "state": each.state.value,
                "title_zh": each.title_zh,
                "title_en": each.title_en,
                "maintainer": each.maintainer,
                "opened": when(each.opened_at),
                "closed": when(each.closed_at),
                "reopened": each.reopened,
                "result": each.result,
            }
            for each in story.orders
        ],
    }


def _fault(fault: FaultRecord, counting: frozenset[str], zone: tzinfo) -> dict[str, Any]:
    words = FAULTS[fault.code]
    return {
        "code": fault.code,
        "since": _when(fault.first_at, zone),
        "looks": fault.count,
        "confirmed": fault.confirmed,
        "counts": fault.code in counting,
        "text_zh": words.text_zh,
        "text_en": words.text_en,
        "first_zh": words.first_zh,
        "first_en": words.first_en,
    }


def _picture(look: PictureLook | None, zone: tzinfo) -> dict[str, Any] | None:
    if look is None:
        return None
    return {
        "at": _when(look.at, zone),
        "outcome": look.outcome,
        "detail": look.detail,
        "way": look.way,
        "light": None if look.light is None else look.light.value,
        "faults": list(look.faults),
        "reasons": list(look.reasons),
        "scores": {name: round(value, 4) for name, value in sorted((look.scores or {}).items())},
        "still_since": None if look.stillness is None else _when(look.stillness.since, zone),
        "still_looks": 0 if look.stillness is None else look.stillness.looks,
        "width": look.width,
        "height": look.height,
        "duration_ms": look.duration_ms,
    }


def _said(story: DeviceStory, zone: tzinfo) -> dict[str, Any] | None:
    said = story.known.said
    if said is None:
        return None
    identity = story.known.identity
    return {
        "at": _when(said.at, zone),
        "maker": said.maker,
        "model": said.model,
        "firmware": said.firmware,
        "serial": said.serial,
        "macs": list(said.macs),
        "known_serial": identity.serial,
        "known_macs": list(identity.macs),
        "hardware": said.hardware,
        "services": list(said.services),
        "profiles": [
            {"token": each.token, "encoding": each.encoding, "width": each.width, "height": each.height}
            for each in said.profiles
        ],
        "snapshot_uri": said.snapshot_uri,
        "stream_uri": said.stream_uri,
    }


def _when(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(timespec="seconds")
