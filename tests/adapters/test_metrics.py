from __future__ import annotations

import asyncio
import gc
import os
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitor.adapters.files.regions import read_regions
from monitor.adapters.files.targets import read_targets
from monitor.adapters.metrics.alerts import AlertCollector, AlertMetrics, ReceiverFigures
from monitor.adapters.metrics.city import AGE_LIMITS_S, CityExposition, CityMetrics
from monitor.adapters.metrics.deep import DeepCollector, DeepMetrics
from monitor.adapters.metrics.devices import DeviceExposition
from monitor.adapters.metrics.exposition import GaugeText
from monitor.adapters.metrics.intake import IntakeCollector, IntakeMetrics
from monitor.adapters.metrics.pictures import PictureCollector, PictureMetrics
from monitor.adapters.metrics.service import Durations, ServiceCollector, ServiceMetrics
from monitor.adapters.metrics.web import WebCollector
from monitor.app.demo import prepare_demo, run_demo
from monitor.domain.archive import ArchiveCount
from monitor.domain.coverage import HEADLINE_KINDS
from monitor.domain.device import Device, DeviceKind, Lifecycle, Parent, ParentRole
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Exemption, ExemptionScope
from monitor.domain.login import Login
from monitor.domain.point import Point, PointClass, Ring
from monitor.domain.region import Region, RegionLevel, RegionTree
from monitor.domain.service_time import ServiceRules
from monitor.domain.state import Cause, Condition, Connectivity, DeviceState, FaultRecord, initial_state
from monitor.services.clock_figures import ClockCell
from monitor.services.live_counts import CellKey, LiveCounts
from tests.programs import need_program
from tests.servers import free_port

CONFIG = Path(__file__).parents[2] / "config"
GOLDEN = Path(__file__).with_name("golden_metrics.txt")
T0 = 1_767_225_600
HOUR, DAY = 3_600, 86_400
TREE = RegionTree(
    [
        Region("370700", "潍坊市", RegionLevel.CITY, None, "Weifang"),
        Region("370702", "潍城区", RegionLevel.COUNTY, "370700", "Weicheng"),
        Region("370724", "临朐县", RegionLevel.COUNTY, "370700", 'Linqu "the rural"'),
        Region("370702001", "城关街道", RegionLevel.TOWN, "370702", "Chengguan"),
        Region("370724100", "五井镇", RegionLevel.TOWN, "370724", "Wujing"),
        Region("370724100001", "一村", RegionLevel.COMMUNITY, "370724100", "Yicun"),
    ]
)
CAMERA, CHECKPOINT, GATEWAY = DeviceKind.CAMERA, DeviceKind.CHECKPOINT, DeviceKind.GATEWAY
FIRST, SECOND, OTHER = PointClass.FIRST, PointClass.SECOND, PointClass.OTHER
ONLINE, OFFLINE, UNKNOWN = Connectivity.ONLINE, Connectivity.OFFLINE, Connectivity.UNKNOWN
INTACT, FAULTY, UNJUDGED = Condition.INTACT, Condition.FAULTY, Condition.UNKNOWN

CITY = [
    # id, kind, class, region, point, connectivity, condition, for how long, faults
    ("a1", CAMERA, FIRST, "370702001", "p1", ONLINE, INTACT, HOUR, ()),
    ("a2", CAMERA, FIRST, "370702001", "p1", ONLINE, FAULTY, HOUR, ("clock_off",)),
    ("a3", CAMERA, FIRST, "370702001", "p2", OFFLINE, INTACT, HOUR, ()),
    ("a4", CHECKPOINT, FIRST, "370702001", "p2", UNKNOWN, UNJUDGED, HOUR, ()),
    ("a5", GATEWAY, OTHER, "370702001", None, ONLINE, UNJUDGED, HOUR, ()),
    ("b1", CAMERA, SECOND, "370724100001", "p3", ONLINE, UNJUDGED, HOUR, ("tls",)),
    ("b2", CAMERA, SECOND, "370724100", "p3", OFFLINE, FAULTY, 30 * HOUR, ("clock_off", "not_itself")),
    ("b3", CAMERA, SECOND, "370724100", "p3", OFFLINE, UNJUDGED, 5 * DAY, ()),
    ("b4", CAMERA, SECOND, "370724100", "p3", OFFLINE, UNJUDGED, 7 * DAY, ()),
    ("b5", CAMERA, SECOND, "370724100", "p4", OFFLINE, FAULTY, DAY, ("clock_off",)),  # exempt
    ("c1", CAMERA, FIRST, "370700", None, ONLINE, INTACT, HOUR, ()),  # the city's own, in no county
    ("c2", CAMERA, FIRST, None, None, ONLINE, INTACT, HOUR, ()),  # in no region: never in service
    ("c3", CAMERA, FIRST, "999999", None, ONLINE, INTACT, HOUR, ()),  # in a region that is not there
]
POINTS = [
    Point("p1", "370702001", FIRST, site_kind="road", ring=Ring.CITY),
    Point("p2", "370702001", FIRST, site_kind="road"),
    Point("p3", "370724100001", SECOND, count=2, site_kind="school"),
    Point("p4", "370724100", SECOND),
    Point("p5", "370724100", SECOND, required_from=T0 + 1),
    Point("p6", "370700", FIRST),
    Point("p7", "370724100001", PointClass.THIRD),
]


def device(device_id: str, kind: DeviceKind, point_class: PointClass, region: str | None, point: str | None = None):
    return Device(device_id, kind, point_class, region, Lifecycle(T0 - 60 * DAY), point=point)


def state(device_id, connectivity, condition, for_s, faults) -> DeviceState:
    return DeviceState(
        device_id,
        connectivity,
        T0 - for_s,
        Cause.ANSWERED,
        condition,
        T0 - for_s,
        Cause.ANSWERED,
        last_online_until=T0 - for_s if connectivity is OFFLINE else None,
        faults=tuple(FaultRecord(code, T0 - for_s, 2, confirmed=True) for code in faults),
    )


ARCHIVE = [
    ArchiveCount("370702001", FIRST, known=4, archived=3, required=84, filled=63),
    ArchiveCount("370702", FIRST, known=1, archived=1, required=21, filled=20),
    ArchiveCount("370724100001", SECOND, known=1, archived=0, required=19, filled=2),
    ArchiveCount("", OTHER, known=1, archived=0, required=5, filled=1),
]


def city_text(counts: LiveCounts, tree: RegionTree = TREE, *, archive: Sequence[ArchiveCount] | None = None) -> str:
    targets = read_targets(CONFIG / "targets.toml", zone=ZoneInfo("Asia/Shanghai"))
    shown = [(each.indicator.value, each.scope.point_class or "any", each) for each in targets[:3]]
    return CityExposition(tree).text(
        CityMetrics(
            cells=counts.cells(),
            points=counts.point_cells(),
            networked_regions=counts.networked_regions(),
            connected=counts.connected(),
            faults=counts.faults(),
            offline_ages=counts.offline_ages(at=T0, limits_s=AGE_LIMITS_S),
            targets=shown,
            archive=ARCHIVE if archive is None else archive,
            clocks={
                CellKey("370702001", FIRST, CAMERA): ClockCell(3, 4),
                CellKey("370702001", OTHER, GATEWAY): ClockCell(1, 1),
            },
        )
    )


def small_city() -> LiveCounts:
    return LiveCounts(
        [device(*row[:5]) for row in CITY],
        POINTS,
        rules=ServiceRules(TREE, ZoneInfo("Asia/Shanghai")),
        book=ExemptionBook([Exemption("e", ExemptionScope.DEVICE, "b5", T0 - 5, T0 + 5, "repair", "city")]),
        at=T0,
        states=[state(row[0], *row[5:]) for row in CITY],
    )


def service_text() -> str:
    looks, writes = Durations(), Durations()
    for duration_s in (0.004, 0.005, 0.3, 9.0):
        looks.add(duration_s)
    figures = ServiceMetrics(
        version="1.2.3",
        looks={("onvif", "clean"): 30, ("onvif", "timeout"): 4},
        look_errors=1,
        look_durations=looks,
        write_durations=writes,
        looks_under_way=12,
        queue_lag_s=0.5,
        loop_lag_s=0.001,
        last_look_at=T0,
        changes=7,
        waiting_devices=3,
        store_ok=False,
        clock_behind_s=-2.5,
        own_clock_trusted=True,
    )
    registry = CollectorRegistry()
    registry.register(ServiceCollector(lambda: figures))
    pushed = IntakeMetrics(
        {("mqtt", "taken"): 7, ("mqtt", "unknown"): 1}, 2, mqtt_up=True, lanes={("in", "covered"): 3}
    )
    registry.register(IntakeCollector(lambda: pushed))
    registry.register(AlertCollector(lambda: ALERTS))
    deep = DeepMetrics(
        looks={("onvif", "clean"): 5},
        look_errors=0,
        durations=looks,
        under_way=1,
        lag_s=0.25,
        out_of_turn=2,
        logins={Login.ACCEPTED: 4, Login.REFUSED: 1},
        held={"hik": 0, "uniview": 21},
        broken=("uniview",),
        readable=True,
        waiting=3,
    )
    registry.register(DeepCollector(lambda: deep))
    pictures = PictureMetrics(
        looks={"picture": 9, "no_stream": 1},
        found={"picture_blur": 2},
        look_errors=0,
        durations=looks,
        under_way=1,
        lag_s=0.5,
        out_of_turn=3,
        workers=2,
        workers_killed=1,
    )
    registry.register(PictureCollector(lambda: pictures))
    registry.register(WebCollector(lambda: {"host": 2, "throttled": 900}))
    return generate_latest(registry).decode()


ALERTS = AlertMetrics(
    raised={"critical": 1, "warning": 0, "info": 0},
    happened={("raised", "critical"): 3, ("cleared", "critical"): 2},
    incidents={("parent", "undecided"): 1},
    incident_devices={("parent", "undecided"): 142},
    orders=1,
    rounds=40,
    errors=0,
    store_ok=True,
    receivers={"duty": ReceiverFigures(sent=5, failures=1, waiting=2, is_up=False)},
)


def test_the_text_of_a_small_city_is_the_golden_file():
    text = city_text(small_city()) + service_text()
    if os.environ.get("VIDNET_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def series_of(text: str) -> Counter[tuple[str, frozenset[tuple[str, str]]]]:
    return Counter(
        (sample.name, frozenset(sample.labels.items()))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )


def test_no_series_stands_twice_though_regions_share_their_labels():
    assert max(series_of(city_text(small_city())).values()) == 1


def value(text: str, metric: str, /, **labels: str) -> float:
    (found,) = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == metric and labels.items() <= sample.labels.items()
    ]
    return found


def test_what_stands_above_the_towns_or_nowhere_is_counted_together():
    text = city_text(small_city())
    at_no_town = {"county": "", "town": "", "class": "first", "kind": "camera"}
    assert value(text, "vidnet_devices", **at_no_town, state="online") == 1


def test_kinds_that_no_headline_counts_are_counted_by_county():
    text = city_text(small_city())
    gateway = {"county": "370702", "town": "", "class": "other", "kind": "gateway"}
    assert value(text, "vidnet_devices", **gateway, state="online") == 1
    assert 'kind="gateway"' not in text.replace('town="",class="other",kind="gateway"', "")


def test_only_combinations_that_exist_are_exported_with_zeros_for_their_states():
    series = series_of(city_text(small_city()))
    by_name = Counter(name for name, _ in series)
    places = {
        tuple(sorted(item for item in labels if item[0] != "state"))
        for name, labels in series
        if name == "vidnet_devices"
    }
    assert len(places) == 5
    assert by_name["vidnet_devices"] == 4 * len(places)
    assert by_name["vidnet_devices_condition"] == 3 * (len(places) - 1), "the gateway is no headline kind"


def test_records_are_counted_by_county_and_class():
    text = city_text(small_city())
    assert value(text, "vidnet_archive_devices", county="370702", archived="no") == 1
    assert value(text, "vidnet_archive_fields", county="370702", filled="yes") == 83
    assert value(text, "vidnet_archive_fields", county="370702", filled="no") == 22
    assert value(text, "vidnet_archive_class_fields", **{"class": "second"}, filled="no") == 17
    uncounted = city_text(small_city(), archive=[])
    assert not [name for name, _ in series_of(uncounted) if name.startswith("vidnet_archive")], "not counted is not 0"


def test_labels_are_escaped():
    text = GaugeText("x", "A text.", ("name",)).text([(('a"b\\c\nd',), 1)])
    assert text == '# HELP x A text.\n# TYPE x gauge\nx{name="a\\"b\\\\c\\nd"} 1\n'
    assert value(text, "x", name='a"b\\c\nd') == 1


def test_a_city_with_checkpoints_in_three_classes_stays_below_eight_thousand_series():
    regions = read_regions(CONFIG / "weifang-regions.csv")
    tree = RegionTree(regions)
    combinations = [(CAMERA, each) for each in PointClass]
    combinations += [(CHECKPOINT, each) for each in (FIRST, SECOND, PointClass.THIRD)]
    combinations += [(GATEWAY, OTHER), (DeviceKind.RECORDER, OTHER)]
    towns = [region.code for region in tree.at_level(RegionLevel.TOWN)]
    devices = [
        device(f"{town}-{kind}-{each}", kind, each, town, f"{town}-{each}")
        for town in towns
        for kind, each in combinations
    ]
    rings, site_kinds = list(Ring), [f"site {number}" for number in range(13)]
    points = [
        Point(f"{town}-{each}", town, each, site_kind=site_kinds[row % 13], ring=rings[row % 3], to_be_networked=True)
        for row, town in enumerate(towns)
        for each in PointClass
    ]
    counts = LiveCounts(
        devices,
        points,
        rules=ServiceRules(tree, ZoneInfo("Asia/Shanghai")),
        book=ExemptionBook(),
        at=T0,
        states=[initial_state(each.id, created_at=T0) for each in devices],
    )
    archive = [ArchiveCount(town, each, 1, 1, 1, 1) for town in towns for each in PointClass]
    series = series_of(city_text(counts, tree, archive=archive))
    headline = sum(each.kind in HEADLINE_KINDS for each in devices)
    counties = len(tree.at_level(RegionLevel.COUNTY))
    beside = 2 * len({town[:6] for town in towns})  # gateways and recorders, counted by county
    shown = 4 * (headline + beside) + 3 * headline + (5 * 3 + 4 + 1 + 1 + 2) * counties + 3 + 2 + len(towns)
    shown += 2 * 2 * len({town[:6] for town in towns}) + 2 * len(PointClass) + 5 * (len(rings) + len(site_kinds))
    assert len(series) == shown
    # And once it runs: clocks by class, a dozen fault codes in every county, and the service's own.
    clocks, faults = 2 * len(PointClass) * counties, 12 * counties
    assert len(series) + clocks + faults + len(series_of(service_text())) < 8_000


def test_a_histogram_counts_what_is_as_long_as_its_limit():
    durations = Durations((0.1, 1.0))
    for duration_s in (0.1, 0.5, 1.0, 2.0):
        durations.add(duration_s)
    samples = {tuple(each.labels.values()): each.value for each in durations.family("x_seconds", "X.").samples}
    assert samples == {("0.1",): 1, ("1.0",): 3, ("+Inf",): 4, (): 3.6}


@pytest.fixture(scope="module")
def live_scrape(tmp_path_factory) -> str:
    """What a running demo shows after some looks at its own devices."""

    async def scrape() -> str:
        folder = tmp_path_factory.mktemp("demo")
        prepared = await prepare_demo(folder, devices=200, seed=7, fleet_port=free_port(), web_port=0)
        stop = asyncio.Event()
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(run_demo(prepared, stop, on_ready=lambda service, port: ready.set_result(port)))
        await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED, timeout=60)
        async with aiohttp.ClientSession() as session:
            for _ in range(100):
                async with session.get(f"http://127.0.0.1:{ready.result()}/metrics") as answer:
                    text = await answer.text()
                if 'result="clean"' in text and "vidnet_state_changes_total 0.0" not in text:
                    break
                await asyncio.sleep(0.1)
        stop.set()
        await running
        return text

    thresholds = gc.get_threshold()
    try:
        return asyncio.run(scrape())
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def test_promtool_finds_nothing_to_say_about_a_live_scrape(live_scrape):
    promtool = need_program("promtool", package="prometheus")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=live_scrape, capture_output=True, text=True, check=False
    )
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)


def test_a_live_scrape_shows_the_families_of_the_golden_file(live_scrape):
    family = re.compile(r"^# TYPE (vidnet_\w+) (\w+)$", re.MULTILINE)
    golden = family.findall(GOLDEN.read_text(encoding="utf-8"))
    assert family.findall(live_scrape) == golden
    assert max(series_of(live_scrape).values()) == 1
    assert re.search(r'vidnet_build_info\{version="[0-9.]+"\} 1\.0', live_scrape)
    assert value(live_scrape, "vidnet_store_up") == 1
    devices = sum(
        sample.value
        for each in text_string_to_metric_families(live_scrape)
        for sample in each.samples
        if each.name == "vidnet_devices" and sample.labels["kind"] in HEADLINE_KINDS
    )
    assert devices == pytest.approx(200, abs=30), "all but those not in service, and a few that are told of"


def test_first_class_devices_have_a_series_of_their_own_where_asked():
    exposition = DeviceExposition(TREE)
    uplink = Parent("up1", ParentRole.PATH)
    devices = [
        (Device("a1", CAMERA, FIRST, "370702001", Lifecycle(T0), point="p1", parents=(uplink,)), ONLINE),
        (Device("a2", CAMERA, FIRST, "370702001", Lifecycle(T0)), OFFLINE),
        (Device("a3", CAMERA, FIRST, "370702001", Lifecycle(T0)), UNKNOWN),
    ]

    assert exposition.text(devices).splitlines()[2:] == [
        'vidnet_device_up{county="370702",point="p1",device="a1",uplink="up1"} 1.0',
        'vidnet_device_up{county="370702",point="",device="a2",uplink=""} 0.0',
        'vidnet_device_up{county="370702",point="",device="a3",uplink=""} nan',
    ]
    subprocess.run(["promtool", "check", "metrics"], input=exposition.text(devices), text=True, check=True)  # noqa: S607
