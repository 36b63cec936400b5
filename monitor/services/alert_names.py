"""Devices in messages by name: people look for a name, programs for an id."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from monitor.domain.alert_words import DEVICES_NAMED
from monitor.domain.notification import Message, Waiting
from monitor.ports import StoreError

Names = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]


async def with_names(rows: Sequence[Waiting], names: Names) -> list[Waiting]:
    """Write the names of devices before their ids in the texts of messages.

    Args:
        rows: the messages.
        names: gives the names of devices by id; one that has none may be left out. While it cannot be asked
            (`StoreError`), the ids have to do.
    """
    ids = sorted({device_id for row in rows for device_id in row.message.devices[:DEVICES_NAMED]})
    if not ids:
        return list(rows)
    try:
        found = {device_id: name for device_id, name in (await names(ids)).items() if name}
    except StoreError:
        return list(rows)
    if not found:
        return list(rows)
    pattern = re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, found)) + r")(?![\w-])")
    return [replace(row, message=_named(row.message, found, pattern)) for row in rows]


def _named(message: Message, names: Mapping[str, str], pattern: re.Pattern[str]) -> Message:
    zh = pattern.sub(lambda match: f"{names[match[0]]}（{match[0]}）", message.body_zh)
    en = pattern.sub(lambda match: f"{names[match[0]]} ({match[0]})", message.body_en)
    return replace(message, body_zh=zh, body_en=en)
