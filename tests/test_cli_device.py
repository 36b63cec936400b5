"""`vidnet device`, `vidnet probe --deep` and `vidnet credential unlock` as people use them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.adapters.db.alert_queries import SqlAlertDecisions
from monitor.adapters.db.deep_looks import SqlDeepStore, SqlOrders
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.pictures import SqlPictureStore
from monitor.adapters.db.states import SqlStateStore
from monitor.adapters.vault import Scope
from monitor.app.wiring import database_of, make_ready, vault_of
from monitor.cli import app
from monitor.domain.baseline import Baseline, LightClass
from monitor.domain.deep import DeepSummary, Identity, Note, Said, SaidProfile
from monitor.domain.device import Device, DeviceKind, DeviceRecord, Endpoint, Lifecycle, Parent
from monitor.domain.facts import Axis, Exemption, ExemptionScope, StateChange
from monitor.domain.login import Login, LoginRecord
from monitor.domain.picture_look import PictureLook, Stillness
from monitor.domain.point import PointClass
from monitor.domain.state import Cause, Condition, Connectivity, DeviceState, FaultRecord
from monitor.domain.work_order import WorkOrder
from monitor.ports import Batch, DeepBatch, InventoryBatch
from monitor.settings import read_settings
from tests.collectors.deep_camera import SECRET, DeepCamera, serving
from tests.journeys.devices import REGIONS

RUNNER = CliRunner()
T0 = 1_767_225_600
ID = "37070200001320000001"
REFUSED = LoginRecord("all", 1, 2, "all", 1)


@contextmanager
def living(camera: DeepCamera) -> Iterator[DeepCamera]:
    """Let a camera live in a thread of its own: a command has its own event loop."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def live() -> None:
        async with serving(camera):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    ready.wait(10)
    try:
        yield camera
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def fill(config: Path, url: str) -> None:
    settings = read_settings(config)
    database = database_of(settings, folder=config.parent)
    await make_ready(database)
    device = Device(
        ID,
        DeviceKind.CAMERA,
        PointClass.FIRST,
        "370702001",
        Lifecycle(T0),
        point="p1",
        endpoint=Endpoint("onvif", url),
        parents=(Parent("r1"),),
    )
    exemptions = [
        Exemption("e1", ExemptionScope.REGION, "370702", T0, T0 + 9, "repair", "city"),
        Exemption("e2", ExemptionScope.PATH, "r1", T0, T0 + 9, "repair", "city"),
        Exemption("e3", ExemptionScope.DEVICE, "another", T0, T0 + 9, "repair", "city"),
    ]
    recorder = Device("r1", DeviceKind.RECORDER, PointClass.OTHER, "370702", Lifecycle(T0))
    await SqlInventory(database).record(
        InventoryBatch(
            regions=REGIONS,
            devices=[device, recorder],
            records=[DeviceRecord(ID, "东门[red]摄像机", vendor="鸢安")],
            exemptions=exemptions,
        )
    )
    state = DeviceState(
        ID,
        Connectivity.ONLINE,
        T0 + 60,
        Cause.ANSWERED,
        Condition.FAULTY,
        T0 + 120,
        Cause.FAULT,
        last_evidence_at=T0 + 300,
        answered_at=T0 + 300,
        interval_s=300,
        faults=(FaultRecord("refused", T0 + 120, 3, True), FaultRecord("replaced", T0 + 200, 1, False)),
        evidence=(("deep", T0 + 60),),
        clock_offset=-25,
    )
    change = StateChange(
        ID, Axis.CONNECTIVITY, Connectivity.UNKNOWN, Connectivity.ONLINE, T0 + 60, Cause.ANSWERED, (T0 + 60,)
    )
    await SqlStateStore(database).apply(Batch(states=[state], changes=[change]))
    look = DeepSummary(
        ID, T0 + 120, "clean", Login.HELD, 7, 40, -25, 12, ("refused",), (Note("stream", "refused", "x"),)
    )
    said = Said(T0 + 60, "鸢安", "IPC", "V1", "SN-2", "", ("02:00:00:00:00:01",), (), (SaidProfile("sub", width=7),))
    await SqlDeepStore(database).keep(
        DeepBatch([look], [(ID, Identity("SN-1"), said)], [(ID, REFUSED)]),
    )
    picture = PictureLook(
        ID,
        T0 + 90,
        "picture",
        way="snapshot",
        light=LightClass.INFRARED,
        faults=("picture_blur",),
        reasons=("清晰度 0.61,限 0.82 · sharpness 0.61, limit 0.82",),
        scores={"mean": 51.25},
        stillness=Stillness(T0 + 90),
        width=1920,
        height=1080,
    )
    await SqlPictureStore(database).keep(picture, LightClass.INFRARED, Baseline(bytes(768)))
    order = WorkOrder("W-I1", "switch", "I1", "汇聚交换机中断", "switch is down", T0 + 95, devices=(ID,))
    other = WorkOrder("W-I2", "switch", "I2", "另一处", "another", T0 + 95, devices=("another",))
    await SqlAlertDecisions(database).keep_orders([order, other], [])
    await database.close()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("VIDNET_CREDENTIAL_KEY", raising=False)
    path = tmp_path / "vidnet.toml"
    path.write_text('[collector]\nown_clock = "trusted"\n')
    return path


def invoke(*words: str) -> tuple[int, str]:
    done = RUNNER.invoke(app, list(words))
    return done.exit_code, done.output


async def _login(config: Path) -> LoginRecord | None:
    database = database_of(read_settings(config), folder=config.parent)
    found = await SqlDeepStore(database).login(ID)
    await database.close()
    return found


def login_of(config: Path) -> LoginRecord | None:
    return asyncio.run(_login(config))


def test_everything_known_of_a_device(config: Path):
    asyncio.run(fill(config, "http://127.0.0.1:1/"))
    code, text = invoke("device", ID, "-c", str(config), "--json")
    assert code == 0
    found = json.loads(text)
    assert (found["name"], found["region_name"]) == ("东门[red]摄像机", "潍坊市 潍城区 城关街道")
    assert found["state"]["connectivity_since"] == "2026-01-01T08:01:00+08:00"
    assert found["state"]["clock_offset_s"] == -2.5
    refused, replaced = found["faults"]
    assert (refused["code"], refused["counts"], refused["confirmed"], refused["since"]) == (
        "refused",
        True,
        True,
        "2026-01-01T08:02:00+08:00",
    )
    assert refused["first_zh"]
    assert (replaced["counts"], replaced["confirmed"]) == (False, False)
    assert [each["new"] for each in found["timeline"]] == ["online"]
    assert (found["looks"][0]["login"], found["looks"][0]["retention_days"]) == ("held", 12)
    assert (found["said"]["serial"], found["said"]["known_serial"]) == ("SN-2", "SN-1")
    assert found["login"]["held"] is True
    assert [each["id"] for each in found["exemptions"]] == ["e1", "e2"]
    assert (found["state"]["clock_offset_s"], found["state"]["clock_limit_s"]) == (-2.5, 10)
    assert (found["picture"]["faults"], found["picture"]["scores"]) == (["picture_blur"], {"mean": 51.25})
    assert found["baselines"] == [{"light": "infrared", "looks": 1, "ready": False}]
    assert [(each["id"], each["state"]) for each in found["orders"]] == [("W-I1", "open")]
    code, text = invoke("device", ID, "-c", str(config))
    assert code == 0
    for shown in (
        "东门[red]摄像机",
        "拒绝原先有效的登录",
        "update the credential",
        "SN-2",
        "-2.5 s",
        "stream refused",
        "清晰度 0.61",
        "汇聚交换机中断",
    ):
        assert shown in text


def test_a_device_that_is_not_there_and_one_that_nobody_looked_at(config: Path):
    asyncio.run(fill(config, "http://127.0.0.1:1/"))
    assert invoke("device", "nobody", "-c", str(config))[0] == 2
    code, text = invoke("device", "r1", "-c", str(config), "--json")
    assert code == 0
    assert json.loads(text)["said"] is None
    assert invoke("device", "r1", "-c", str(config), "--confirm", "--as", "张三")[0] == 2
    assert "没有故障" in invoke("device", "r1", "-c", str(config))[1]


def test_a_new_identity_is_confirmed_by_somebody(config: Path):
    asyncio.run(fill(config, "http://127.0.0.1:1/"))
    assert invoke("device", ID, "-c", str(config), "--confirm")[0] == 2
    code, text = invoke("device", ID, "-c", str(config), "--confirm", "--as", "张三", "--json")
    assert (code, json.loads(text)["said"]["known_serial"]) == (0, "SN-2")


def test_an_operator_unlocks_a_device_or_a_group(config: Path):
    asyncio.run(fill(config, "http://127.0.0.1:1/"))
    unlock = ("credential", "unlock", "-c", str(config), "--as", "值班员")
    assert invoke(*unlock)[0] == 2
    assert invoke(*unlock, "--device", ID, "--group", "all")[0] == 2
    assert invoke(*unlock, "--device", "nobody")[0] == 2
    assert invoke(*unlock, "--group", "no-such-group")[0] == 2
    assert login_of(config) == REFUSED
    assert invoke(*unlock, "--device", ID)[0] == 0
    found = login_of(config)
    assert found is not None
    assert found.refusals == 0

    async def orders() -> list[tuple[str, str, str]]:
        database = database_of(read_settings(config), folder=config.parent)
        found = await SqlOrders(database).after(0)
        await database.close()
        return [(order.kind, order.device_id, order.author) for order in found]

    assert asyncio.run(orders()) == [("login", ID, "as:值班员")]


def test_a_deep_probe_logs_in_and_counts_refusals_like_the_service(config: Path):
    with living(DeepCamera(scheme="MD5")) as camera:
        asyncio.run(fill(config, camera.url))
        vault_of(read_settings(config), folder=config.parent).set("all", SECRET, Scope(), at=int(time.time()))
        probe = ("probe", ID, "--deep", "-c", str(config), "--json")
        held = json.loads(invoke(*probe)[1])
        assert (held["login"], held["complete"]) == ("held", False)
        assert any("refused" in each for each in held["faults"])
        assert invoke("credential", "unlock", "--group", "all", "--as", "x", "-c", str(config))[0] == 0
        code, text = invoke(*probe)
        found = json.loads(text)
        assert (code, found["login"], found["group"], found["serial"]) == (0, "accepted", "all", "SN-1")
        assert found["recordings"].startswith("2, 2026-10-01")
        assert login_of(config) == LoginRecord("all", 1, 0, "all", 1)
        camera.password = "another"  # noqa: S105
        for number in range(4):
            camera.nonce = f"n{number + 1}"
            invoke(*probe)
        known = login_of(config)
        assert known is not None
        assert known.refusals == 2
        shown = invoke(*probe[:-1])[1]
        assert "拒绝原先有效的登录" in shown
        assert SECRET.password not in shown + text


def test_a_deep_probe_of_an_address_asks_without_a_login(config: Path):
    with living(DeepCamera(scheme="token")) as camera:
        code, text = invoke("probe", camera.url, "--deep", "--trust-clock", "--json")
    assert (code, json.loads(text)["login"]) == (0, "no_credential")
    assert invoke("probe", "http://127.0.0.1:1/", "--deep")[0] == 3
    assert invoke("probe", ID, "--deep")[0] == 2
