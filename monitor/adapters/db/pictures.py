"""What picture looks leave behind, in the database (`ports.PictureStore`): numbers and signatures, never a picture."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.adapters.db.documents import storable
from monitor.adapters.db.engine import Database
from monitor.adapters.db.keys import refuse_unknown
from monitor.adapters.db.schema import device
from monitor.adapters.db.schema_pictures import picture_baseline, picture_look
from monitor.adapters.db.writing import RowWriter
from monitor.domain.baseline import Baseline, LightClass
from monitor.domain.picture_look import PictureLook, PictureMemory, Stillness

_scores = msgspec.json.Decoder(dict[str, float])
_encode = msgspec.json.Encoder().encode


def memory_in(connection: Connection, device_id: str) -> PictureMemory:
    """Give what is remembered of a device's pictures."""
    looks = select(picture_look).join(device, device.c.key == picture_look.c.device)
    baselines = select(picture_baseline).join(device, device.c.key == picture_baseline.c.device)
    last = connection.execute(looks.where(device.c.id == device_id)).first()
    found = connection.execute(baselines.where(device.c.id == device_id)).all()
    return PictureMemory(
        None if last is None else _look_of(tuple(last), device_id=device_id),
        {LightClass(row.light): Baseline(row.signature, row.looks, row.lowest, row.highest) for row in found},
    )


class SqlPictureStore:
    """`ports.PictureStore` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looks = RowWriter(picture_look, database.engine, key="device")
        self._baselines = RowWriter(picture_baseline, database.engine, key=("device", "light"))

    async def memory(self, device_id: str) -> PictureMemory:
        """Give what is remembered of a device's pictures."""
        return await self._database.look_up(lambda connection: memory_in(connection, device_id))

    async def keep(self, look: PictureLook, light: LightClass | None = None, baseline: Baseline | None = None) -> None:
        """Store a look, and what the view is after it.

        A baseline that was learned from one which is not stored any more, because an operator reset it meanwhile, is
        left out.

        Raises:
            StoreBusyError: nothing was stored, or it is not known.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; the device is not recorded.
        """
        keys = self._database.keys
        if keys.unknown([look.device_id]):
            async with self._database.read() as connection:
                await keys.refresh(connection)
            refuse_unknown(keys.unknown([look.device_id]))
        key = keys.key(look.device_id)

        async def work(connection: AsyncConnection) -> None:
            await self._looks.write(connection, [_look_row(look, key=key)])
            if light is None or baseline is None:
                return
            stored = await connection.scalar(
                select(picture_baseline.c.looks).where(
                    picture_baseline.c.device == key, picture_baseline.c.light == light.value
                )
            )
            if (stored or 0) == baseline.looks - 1:
                row = (key, light.value, baseline.signature, baseline.looks, baseline.lowest, baseline.highest)
                await self._baselines.write(connection, [row])

        await self._database.write(work)

    async def reset(self, device_id: str) -> int:
        """Forget what a device's view usually is; give how many lights that was for.

        Raises:
            StoreBusyError: nothing was stored.
            StoreRefusedError: nothing was stored, and trying again is useless.
        """
        of = select(device.c.key).where(device.c.id == device_id).scalar_subquery()

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(delete(picture_baseline).where(picture_baseline.c.device == of))).rowcount

        return await self._database.write(work)


def _look_row(look: PictureLook, *, key: int) -> tuple[Any, ...]:
    still = look.stillness or Stillness(0, 0)
    rounded = {name: float(f"{value:.4g}") for name, value in (look.scores or {}).items()}
    return (
        key,
        look.at,
        look.outcome,
        storable(look.detail),
        look.way,
        "" if look.light is None else look.light.value,
        " ".join(look.faults),
        "\n".join(look.reasons),
        _encode(rounded).decode() if rounded else "",
        look.payload,
        still.since,
        still.looks,
        int(still.identical),
        look.width,
        look.height,
        look.duration_ms,
    )


def _look_of(row: tuple[Any, ...], *, device_id: str) -> PictureLook:
    (_, at, outcome, detail, way, light, faults, reasons, scores, payload, since, looks, identical, *rest) = row
    width, height, duration_ms = rest
    return PictureLook(
        device_id,
        at,
        outcome,
        detail,
        way,
        LightClass(light) if light else None,
        tuple(faults.split()),
        tuple(reasons.splitlines()),
        _scores.decode(scores) if scores else None,
        payload,
        Stillness(since, looks, bool(identical)) if looks else None,
        width,
        height,
        duration_ms,
    )
