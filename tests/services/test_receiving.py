"""What is pushed becomes evidence, is stored before the sink returns, and changes nothing when it comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from collectors.base import Outcome, PollResult
from collectors.pushed import Crossing, Message, Receipt, Records, Report
from collectors.pushed import Tollgate as ToldGate
from monitor.adapters.db.checkpoints import SqlCheckpointStore
from monitor.adapters.db.engine import Database
from monitor.adapters.db.intake import SqlIntakeStore
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.late import SqlLateStore
from monitor.adapters.db.queries import SqlQueries
from monitor.adapters.db.states import SqlStateStore
from monitor.domain.checkpoint import CityPass, Lane, SilenceRule, Tollgate
from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle, Parent, ParentRole
from monitor.domain.facts import Axis
from monitor.domain.intake import IntakeRule
from monitor.domain.observation import Evidence, Observation
from monitor.domain.point import PointClass
from monitor.domain.policy import Policy
from monitor.domain.state import DeviceState
from monitor.domain.timeline import build_timeline
from monitor.ports import InventoryBatch
from monitor.services.checkpoints import Checkpoints
from monitor.services.ingest import Ingest
from monitor.services.kin import Kin
from monitor.services.late_evidence import LateEvidence
from monitor.services.parents import Parents
from monitor.services.receiving import Receiving

T0 = 1_795_000_000
POLICY = Policy()


def device(device_id: str, *parents: Parent, endpoint: Endpoint | None = None) -> Device:
    return Device(
        device_id,
        DeviceKind.CAMERA,
        PointClass.FIRST,
        None,
        Lifecycle(T0 - 1_000),
        endpoint=endpoint,
        parents=parents,
    )


GATEWAY = Parent("gw", ParentRole.REPORTER)
DEVICES = (
    device("gw"),
    device("a", GATEWAY),
    device("b", GATEWAY),
    device("behind-a", Parent("a")),
    device("polled", GATEWAY, endpoint=Endpoint("tcp", "192.0.2.1:80")),
    device("other"),
)


@dataclass
class Site:
    now: float
    database: Database
    ingest: Ingest
    late: LateEvidence
    receiving: Receiving
    notes: SqlIntakeStore
    queries: SqlQueries

    async def push(self, *reports: Report, sender: str = "gw", **more: object) -> Receipt:
        message = Message("mqtt", sender, reports, **{"sent_at": int(self.now), "interval_s": 300} | more)  # type: ignore[arg-type]
        [receipt] = await self.receiving.sink([message])
        return receipt

    def state(self, device_id: str = "a") -> str:
        return self.ingest.states[device_id].connectivity.value

    async def stored(self, device_id: str = "a") -> DeviceState:
        states = await SqlStateStore(self.database).load_states()
        return next(state for state in states if state.device_id == device_id)

    async def spans(self, start: int, end: int, device_id: str = "a") -> list[tuple[int, int, str]]:
        changes = await self.queries.changes(device_id=device_id)
        corrections = await self.queries.corrections(device_id=device_id)
        line = build_timeline(Axis.CONNECTIVITY, changes, corrections)
        return [(a - T0, b - T0, state) for a, b, state in line.spans(T0 + start, T0 + end)]


async def make_site(url: str, *, at: float = T0) -> Site:
    database = Database(url)
    ingest = Ingest(SqlStateStore(database), policy=POLICY, mark=lambda: None, on_write=lambda _: None, writer="test")
    await ingest.load((each.id, each.lifecycle.created_at) for each in DEVICES)
    site = Site.__new__(Site)

    def now() -> float:
        return site.now

    late = LateEvidence(ingest, SqlLateStore(database), policy=POLICY, now=now)
    notes = SqlIntakeStore(database)
    receiving = Receiving(
        ingest,
        late=late,
        notes=notes,
        checkpoints=Checkpoints(SqlCheckpointStore(database), rule=SilenceRule()),
        kin=Kin(DEVICES),
        policy=POLICY,
        rule=IntakeRule(burst=50, per_second=1),
        now=now,
        own_clock_trusted=lambda: True,
    )
    Site.__init__(site, at, database, ingest, late, receiving, notes, SqlQueries(database))
    return site


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url


@pytest.fixture
async def site(store_url: str) -> AsyncIterator[Site]:
    opened = await make_site(store_url)
    await SqlInventory(opened.database).record(InventoryBatch(devices=DEVICES))
    yield opened
    await opened.database.close()


async def test_a_batch_is_stored_before_the_sink_returns(site: Site) -> None:
    receipt = await site.push(Report("a", T0, True), Report("b", T0, False))

    assert receipt == Receipt(2, 0, [])
    assert (await site.stored("a")).connectivity == "online"
    assert (await site.stored("b")).connectivity == "offline"  # said once, silent and confirmed
    assert (await site.stored("gw")).answered_at == T0  # who speaks is there


async def test_an_answer_again_is_stored_too(site: Site) -> None:
    await site.push(Report("a", T0, True))
    site.now += 300
    await site.push(Report("a", T0 + 300, True))

    assert (await site.stored("a")).last_evidence_at == T0 + 300
    assert len(await site.queries.changes(device_id="a", axis=Axis.CONNECTIVITY)) == 1


async def test_the_same_again_or_in_another_order_changes_nothing(site: Site) -> None:
    await site.push(Report("a", T0 - 20, True))
    await site.push(Report("a", T0 - 10, False))
    before = (await site.stored("a"), await site.queries.last_seq())
    await site.push(Report("a", T0 - 10, False))
    await site.push(Report("a", T0 - 20, True))

    assert (await site.stored("a"), await site.queries.last_seq()) == before


async def test_unknown_and_foreign_ids_are_listed_and_never_invented(site: Site) -> None:
    receipt = await site.push(Report("nobody", T0, True), Report("other", T0, True), Report("a", T0, True))
    await site.push(Report("nobody", T0, True))

    assert (receipt.taken, receipt.refused_count) == (1, 2)
    assert receipt.refused == [("nobody", "unknown"), ("other", "not_yours")]
    assert {(each.id, each.reason, each.count) for each in await site.notes.strangers()} == {
        ("nobody", "unknown", 2),
        ("other", "not_yours", 1),
    }
    assert site.state("other") == "unknown"
    assert "nobody" not in site.ingest.states


async def test_a_sender_that_nobody_recorded_is_refused_and_listed(site: Site) -> None:
    receipt = await site.push(Report("a", T0, True), sender="stranger")

    assert receipt.refused == [("", "unknown sender")]
    assert [each.id for each in await site.notes.strangers()] == ["stranger"]
    assert site.state() == "unknown"


async def test_who_hangs_on_a_reported_device_may_be_spoken_for_too(site: Site) -> None:
    assert (await site.push(Report("behind-a", T0, True))).taken == 1
    assert site.state("behind-a") == "online"


async def test_a_device_that_we_look_at_speaks_for_itself(site: Site) -> None:
    await site.push(Report("polled", T0, True))
    assert site.state("polled") == "unknown"
    await site.push(Report("polled", T0, True), sender="polled", alive=False)
    assert site.state("polled") == "online"


async def test_the_future_is_refused_and_a_little_of_it_is_now(site: Site) -> None:
    receipt = await site.push(Report("a", T0 + 11, True), Report("b", T0 + 9, True))

    assert receipt.refused == [("a", "future")]
    assert (await site.stored("b")).last_evidence_at == T0


async def test_a_flood_of_one_leaves_room_for_others(site: Site) -> None:
    receipts = [await site.push(Report("a", T0 - 100 + n, True)) for n in range(60)]

    assert [receipt.refused for receipt in receipts[50:]] == [[("", "too many messages")]] * 10
    assert (await site.push(Report("other", T0, True), sender="other", alive=False)).taken == 1
    [noted] = await site.notes.refused()
    assert (noted.reason, noted.count) == ("too many messages", 10)
    site.now += 2
    assert (await site.push(Report("a", T0 + 2, True))).taken == 1


async def test_a_clock_is_judged_by_a_sender_with_a_right_one(site: Site) -> None:
    wrong = Report("a", T0, True, clock_s=T0 + 500)
    await site.push(wrong, sent_at=T0 - 60)
    assert site.ingest.states["a"].faults == ()
    site.now += 1
    await site.push(Report("a", T0 + 1, True, clock_s=T0 + 501))
    assert [fault.code for fault in site.ingest.states["a"].faults] == ["clock_off"]


async def test_faults_are_shown_and_cleared_by_who_could_have_seen_them(site: Site) -> None:
    await site.push(Report("a", T0 - 9, True, faults=("slow",), checked=("slow",)))
    await site.push(Report("a", T0 - 8, True))
    assert [fault.code for fault in site.ingest.states["a"].faults] == ["slow"]
    await site.push(Report("a", T0 - 7, True, checked=("slow",)))
    assert site.ingest.states["a"].faults == ()


async def test_asleep_is_online_and_says_so(site: Site) -> None:
    await site.push(Report("a", T0, True, asleep=True))
    assert (site.state(), site.ingest.states["a"].connectivity_cause) == ("online", "asleep")


async def test_a_refused_message_is_recorded_without_its_content(site: Site) -> None:
    for _ in range(2):
        message = Message("mqtt", "gw", refusal="payload is not JSON", size=3, digest="ab" * 32)
        await site.receiving.sink([message])

    [noted] = await site.notes.refused()
    assert (noted.sender, noted.reason, noted.size, noted.count) == ("gw", "payload is not JSON", 3, 2)
    assert site.ingest.states["gw"].last_evidence_at is None


async def test_a_complete_list_that_leaves_a_device_out_is_a_silent_look(site: Site) -> None:
    for number in range(3):
        site.now = T0 + 30 * number
        reports = [Report("a", int(site.now), True), Report("behind-a", int(site.now), True)]
        answer = PollResult(Outcome.CLEAN, reports=reports, complete=True)
        await site.receiving.hear("gw", "viid", answer, at=int(site.now), interval_s=300)
        partial = PollResult(Outcome.CLEAN, reports=[Report("b", 0, None)], complete=False)
        await site.receiving.hear("gw", "viid", partial, at=int(site.now), interval_s=300)

    assert (site.state("a"), site.state("b")) == ("online", "offline")
    assert site.ingest.states["b"].connectivity_since == T0


async def test_late_looks_fill_unknown_seconds_in_any_order_and_twice(site: Site) -> None:
    """RULES, worked example 4: a queue delivers what came while nobody could hear it."""
    await site.push(Report("a", T0, True))
    site.now = T0 + 7_210
    site.ingest.expire_overdue(["a"], at=int(site.now))
    await site.push(Report("a", T0 + 7_210, True))
    assert await site.spans(0, 8_000) == [(0, 300, "online"), (300, 7_210, "unknown"), (7_210, 8_000, "online")]

    site.now = T0 + 8_000
    looks = [Report("a", T0 + 300 * n, True) for n in range(1, 24)]
    await site.push(*looks[12:])
    assert site.receiving.counts["mqtt", "late"] == 11
    await site.push(*looks[:12])
    assert await site.spans(0, 8_000) == [(0, 8_000, "online")]
    assert site.ingest.states["a"].last_evidence_at == T0 + 7_210  # the present is no fresher by it
    seq = await site.queries.last_seq()
    await site.push(*looks)
    assert await site.queries.last_seq() == seq


async def test_late_looks_of_a_stretch_that_ends_later_are_looked_at_again(site: Site) -> None:
    await site.push(Report("a", T0, True))
    site.now = T0 + 3_000
    site.ingest.expire_overdue(["a"], at=int(site.now))
    await site.push(*[Report("a", T0 + 300 * n, True) for n in range(1, 7)])
    assert await site.spans(0, 3_000) == [(0, 2_100, "online"), (2_100, 3_000, "unknown")]

    await site.push(Report("a", T0 + 2_700, True))
    work = asyncio.create_task(site.late.work())
    for _ in range(100):
        await asyncio.sleep(0.01)
        if len(await site.spans(0, 3_000)) == 1:
            break
    work.cancel()
    assert await site.spans(0, 3_000) == [(0, 3_000, "online")]


async def test_late_evidence_for_known_seconds_is_counted_and_dropped(site: Site) -> None:
    await site.push(Report("a", T0 - 2_000, True))
    assert site.receiving.counts["mqtt", "late"] == 1  # nothing was known then
    await site.push(Report("a", T0, True))
    site.now = T0 + 100
    await site.push(Report("a", T0 + 50, True))
    await site.push(Report("a", T0 + 20, False))
    assert site.receiving.counts["mqtt", "late_known"] == 1
    assert site.state() == "online"


async def test_what_was_kept_survives_a_restart(site: Site) -> None:
    await site.push(Report("a", T0, True))
    site.now = T0 + 3_000
    site.ingest.expire_overdue(["a"], at=int(site.now))
    await site.push(Report("a", T0 + 300, False))
    again = await make_site(site.database.engine.url.render_as_string(hide_password=False), at=T0 + 3_000)
    await again.late.begin()
    await again.push(Report("a", T0 + 300, False))
    assert await again.spans(0, 3_000) == [(0, 300, "online"), (300, 600, "offline"), (600, 3_000, "unknown")]
    await again.database.close()


async def test_a_dead_reporter_takes_along_what_it_alone_tells_of(site: Site) -> None:
    parents = Parents(site.ingest, Kin(DEVICES))
    await site.push(Report("a", T0 - 100, True), Report("b", T0 - 100, False), sent_at=T0 - 100)
    assert site.state("polled") == "unknown"
    for number in range(3):
        site.ingest.accept(Observation("gw", T0 + number, Evidence.SILENT, 300))
    await site.ingest.commit()
    await site.ingest.commit()
    await site.ingest.commit()

    state = await site.stored("a")
    assert (state.connectivity, state.connectivity_cause, state.connectivity_since) == ("offline", "parent_down", T0)
    assert (await site.stored("behind-a")).connectivity_cause == "parent_down"
    assert (await site.stored("b")).connectivity_cause == "silent"  # it was dead before
    assert site.state("polled") == "unknown"  # it speaks for itself

    site.ingest.accept(Observation("gw", T0 + 100, Evidence.ANSWERED, 300))
    await site.ingest.commit()
    await site.ingest.commit()
    assert (site.state("a"), site.state("b"), site.state("behind-a")) == ("unknown", "offline", "unknown")
    parents.settle()
    assert site.state("a") == "unknown"


async def test_a_dead_path_of_ours_makes_what_is_behind_it_unknown_and_unheard(site: Site) -> None:
    camera = Endpoint("tcp", "192.0.2.9:80")
    Parents(
        site.ingest,
        Kin([device("gw"), device("a", Parent("gw", ours=True), endpoint=camera), device("b", Parent("a"))]),
    )
    for each in ("a", "b"):
        site.ingest.accept(Observation(each, T0, Evidence.ANSWERED, 300))
    for number in range(3):
        site.ingest.accept(Observation("gw", T0 + number, Evidence.SILENT, 300))
    await site.ingest.commit()
    assert (site.state("a"), site.state("b")) == ("unknown", "unknown")
    for number in range(4):
        site.ingest.accept(Observation("a", T0 + 10 + number, Evidence.SILENT, 300))
    assert site.state("a") == "unknown"
    site.ingest.accept(Observation("a", T0 + 20, Evidence.ANSWERED, 300))
    assert site.state("a") == "online"


async def test_a_changed_inventory_holds_at_once(site: Site) -> None:
    kin = Kin(DEVICES)
    assert kin.below("gw") == {"a", "b", "behind-a", "polled"}
    assert not kin.put(DEVICES)
    assert kin.put([device("b"), device("other", GATEWAY)])
    assert kin.below("gw") == {"a", "behind-a", "polled", "other"}
    assert kin.put([device("polled", GATEWAY)])
    assert not any(kin.is_looked_at(each.id) for each in DEVICES)


async def test_a_unit_that_is_online_and_makes_no_records_is_silent(site: Site) -> None:
    hour = T0 - T0 % 3_600
    checkpoints = site.receiving._checkpoints
    for back in range(30, 0, -1):
        site.now = hour - (back - 1) * 3_600 + 60
        said = Report("a", int(site.now), True, records=Records(hour - back * 3_600, 100))
        assert (await site.push(said)).taken == 1
    assert site.ingest.states["a"].faults == ()
    for minute in (1, 2):
        site.now = hour + 3_600 + 60 * minute
        await site.push(Report("a", int(site.now), True, records=Records(hour, 3)))
    state = await site.stored("a")
    assert [(fault.code, fault.confirmed) for fault in state.faults] == [("silent", True)]
    assert (state.connectivity, state.condition) == ("online", "intact")  # it informs, and does not count

    again = Checkpoints(SqlCheckpointStore(site.database), rule=SilenceRule())
    await again.begin(at=int(site.now))
    assert again._earlier("a") == checkpoints._earlier("a")
    assert again._earlier("a")[hour] == 3
    site.now += 3_600
    await site.push(Report("a", int(site.now), True, records=Records(hour + 3_600, 90)))
    assert site.ingest.states["a"].faults == ()


@pytest.mark.parametrize("hour", [T0 - T0 % 3_600, T0 - T0 % 3_600 - 3_599, T0 - 40 * 86_400])
async def test_hours_that_are_not_over_not_whole_or_too_old_say_nothing(site: Site, hour: int) -> None:
    await site.push(Report("a", T0, True, records=Records(hour, 3)))
    assert site.state() == "online"
    assert await SqlCheckpointStore(site.database).counts(since=0) == []


async def test_tollgates_and_lanes_are_kept_as_they_are_told(site: Site) -> None:
    told = [ToldGate("t-1", "南环", 1, 31, 80, 3), ToldGate("t-2")]
    lanes = [Crossing("t-1", 1, "1", 1, "a"), Crossing("t-1", 2, "1", 1, "b"), Crossing("t-3", 1, "2", 2, "other")]
    answer = PollResult(Outcome.CLEAN, tollgates=told, lanes=lanes)
    for _ in range(2):
        await site.receiving.hear("gw", "viid", answer, T0, 300)
    store = SqlCheckpointStore(site.database)
    assert await store.tollgates() == [
        Tollgate("t-1", "南环", "gw", 1, 31, 80, 3),
        Tollgate("t-2", reporter="gw"),
        Tollgate("t-3", reporter="gw"),
    ]
    fewer = PollResult(Outcome.CLEAN, tollgates=told, lanes=[Crossing("t-1", 1, "1", 1, "b")])
    await site.receiving.hear("gw", "viid", fewer, T0, 300)
    assert await store.lanes() == [
        Lane("t-1", 1, "1", CityPass.IN, "b"),
        Lane("t-3", 1, "2", CityPass.OUT, "other"),
    ]
    site.ingest.accept(Observation("b", T0, Evidence.ANSWERED, 300))
    again = Checkpoints(store, rule=SilenceRule())
    await again.begin(at=T0)
    assert again.lane_counts(site.ingest.states)["in", "covered"] == 1
    assert again.lane_counts(site.ingest.states)["out", "unknown"] == 1


async def test_a_devices_own_clock_is_judged_only_where_a_queue_explains_nothing(site: Site) -> None:
    await site.push(Report("other", T0 - 200, True, clock_s=T0 - 200), sender="other", alive=False, sent_at=None)
    assert site.ingest.states["other"].faults == ()
    await site.push(Report("other", T0 - 100, True, clock_s=T0 + 200), sender="other", alive=False, sent_at=None)
    assert [fault.code for fault in site.ingest.states["other"].faults] == ["clock_off"]
