"""What picture looks leave behind, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields, replace

import pytest

from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.pictures import SqlPictureStore
from monitor.domain.baseline import SIGNATURE_BYTES, Baseline, LightClass, learn
from monitor.domain.picture_look import PictureLook, PictureMemory, Stillness
from monitor.ports import InventoryBatch
from tests.adapters.entities import T0, plain_device

LOOK = PictureLook(
    "d1",
    T0,
    "picture",
    "说明\x00",
    "snapshot",
    LightClass.DIM,
    ("picture_blur", "picture_still"),
    ("清晰度 0.12 · sharpness 0.12",),
    {"mean": 101.2, "sharp0": -1.0},
    "1c68b-de1222ef-1191f53d",
    Stillness(T0 - 9, 3, True),
    1920,
    1080,
    412,
)
SEEN = bytes(range(256)) * 3


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlPictureStore]:
    database = Database(url)
    await SqlInventory(database).record(InventoryBatch(devices=[plain_device(each) for each in ("d1", "d2")]))
    yield SqlPictureStore(database)
    await database.close()


def test_the_sample_sets_every_field() -> None:
    for field in fields(LOOK):
        assert getattr(LOOK, field.name) != field.default, field.name


async def test_the_last_look_comes_back(store: SqlPictureStore) -> None:
    assert await store.memory("d1") == PictureMemory(None, {})
    await store.keep(replace(LOOK, at=T0 - 86_400, outcome="no_stream", scores=None, light=None, stillness=None))
    before = (await store.memory("d1")).last
    assert before is not None
    assert (before.scores, before.light, before.stillness) == (None, None, None)

    await store.keep(LOOK)

    found = (await store.memory("d1")).last
    assert found is not None
    assert "\x00" not in found.detail
    assert replace(found, detail=LOOK.detail) == LOOK
    assert (await store.memory("d2")).last is None


async def test_baselines_are_kept_by_light_and_reset_by_device(store: SqlPictureStore) -> None:
    day, dim = Baseline(SEEN), Baseline(SEEN[::-1])
    await store.keep(LOOK, LightClass.DAY, day)
    await store.keep(LOOK, LightClass.DIM, dim)
    await store.keep(replace(LOOK, device_id="d2"), LightClass.DAY, day)
    assert (await store.memory("d1")).baselines == {LightClass.DAY: day, LightClass.DIM: dim}
    assert len(SEEN) == SIGNATURE_BYTES

    assert await store.reset("d1") == 2

    assert (await store.memory("d1")).baselines == {}
    assert set((await store.memory("d2")).baselines) == {LightClass.DAY}


async def test_a_baseline_that_was_reset_meanwhile_stays_reset(store: SqlPictureStore) -> None:
    await store.keep(LOOK, LightClass.DAY, Baseline(SEEN))
    learned = learn((await store.memory("d1")).baselines[LightClass.DAY], SEEN)
    await store.reset("d1")

    await store.keep(LOOK, LightClass.DAY, learned)

    assert (await store.memory("d1")).baselines == {}


async def test_a_device_that_is_not_recorded_is_refused(store: SqlPictureStore) -> None:
    with pytest.raises(ValueError, match="nobody"):
        await store.keep(replace(LOOK, device_id="nobody"))
