"""Device ids and the small integer keys that stand for them in states and facts."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.reading import rows
from monitor.adapters.db.schema import device


class DeviceKeys:
    """Both directions between id and key, kept in memory and read from the database when one is missing.

    Keys are given in the order of commits and never taken back, so a refresh reads only those after the newest known.
    """

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}
        self._ids: list[str] = [""]  # by key; "" where a key was never used

    def __contains__(self, device_id: object) -> bool:
        return device_id in self._keys

    def key(self, device_id: str) -> int:
        """Give the key of a known device."""
        return self._keys[device_id]

    def id(self, key: int) -> str:
        """Give the id of a known device's key, always as the same object."""
        return self._ids[key]

    def unknown(self, device_ids: Iterable[str]) -> list[str]:
        """Give those ids, each once, that have no key yet as far as is known here."""
        keys = self._keys
        return list(dict.fromkeys(device_id for device_id in device_ids if device_id not in keys))

    def add(self, device_id: str, key: int) -> None:
        """Note the key of a device."""
        if device_id in self._keys:
            return
        self._ids.extend([""] * (key + 1 - len(self._ids)))
        self._ids[key] = device_id
        self._keys[device_id] = key

    async def refresh(self, connection: AsyncConnection) -> None:
        """Read the devices committed since the last time."""
        newest = len(self._ids) - 1
        statement = select(device.c.key, device.c.id).where(device.c.key > newest).order_by(device.c.key)
        async for part in rows(connection, statement):
            for key, device_id in part:
                self.add(device_id, key)


def refuse_unknown(unknown: list[str]) -> None:
    """Refuse ids that no device has.

    Raises:
        ValueError: there are such ids; the first of them are named.
    """
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise ValueError(
            f"no such device: {', '.join(unknown[:5])}{more}; record devices before their states and facts"
        )
