"""Deep looks, what devices say of themselves, and logins as rows and back."""

from __future__ import annotations

from typing import Any

import msgspec

from monitor.adapters.db.documents import storable
from monitor.domain.deep import DeepSummary, Identity, Note, Said, SaidProfile
from monitor.domain.login import Login, LoginRecord


class _Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """`Said` as it is stored."""

    at: int
    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    hardware: str = ""
    macs: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    profiles: tuple[tuple[str, str, str, int, int], ...] = ()
    chosen: str = ""
    snapshot_uri: str = ""
    stream_uri: str = ""


_encode = msgspec.json.Encoder().encode
_said = msgspec.json.Decoder(_Said)
_notes = msgspec.json.Decoder(tuple[tuple[str, str, str], ...])


def look_row(look: DeepSummary, *, key: int) -> tuple[Any, ...]:
    """Give a summary as a row of `deep_look`."""
    notes = [(note.step, note.ending, note.detail) for note in look.notes]
    return (
        key,
        look.at,
        look.outcome,
        look.login.value,
        look.requests,
        look.duration_ms,
        look.clock_offset,
        look.retention_days,
        " ".join(look.faults) or None,
        storable(_encode(notes).decode()) if notes else None,
    )


def look_of(row: tuple[Any, ...], *, device_id: str) -> DeepSummary:
    """Give the summary of a row."""
    _key, at, outcome, login, requests, duration_ms, clock_offset, retention_days, faults, notes = row
    return DeepSummary(
        device_id,
        at,
        outcome,
        Login(login),
        requests,
        duration_ms,
        clock_offset,
        retention_days,
        tuple(faults.split()) if faults else (),
        tuple(Note(*note) for note in _notes.decode(notes)) if notes else (),
    )


def said_row(heard: Identity, said: Said, *, key: int) -> tuple[Any, ...]:
    """Give who a device is heard to be and what it said as a row of `device_said`."""
    stored = _Said(
        said.at,
        said.maker,
        said.model,
        said.firmware,
        said.serial,
        said.hardware,
        said.macs,
        said.services,
        tuple((each.token, each.name, each.encoding, each.width, each.height) for each in said.profiles),
        said.chosen,
        said.snapshot_uri,
        said.stream_uri,
    )
    return key, storable(heard.serial), " ".join(heard.macs), storable(_encode(stored).decode())


def said_of(text: str) -> Said:
    """Give what a device said of a stored text."""
    stored = msgspec.structs.asdict(_said.decode(text))
    stored["profiles"] = tuple(SaidProfile(*each) for each in stored["profiles"])
    return Said(**stored)


def login_row(record: LoginRecord, *, key: int) -> tuple[Any, ...]:
    """Give a record as a row of `device_login`."""
    return (
        key,
        record.group,
        record.version,
        record.refusals,
        record.accepted_group,
        record.accepted_version,
    )


def login_of(row: tuple[Any, ...]) -> LoginRecord:
    """Give the record of a row."""
    return LoginRecord(*row[1:])
