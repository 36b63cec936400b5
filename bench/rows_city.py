"""Rows of the whole city, `vidnet run` seen from outside: memory, start, an hour down, /metrics, steady state."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bench.children import wait_until, work
from bench.fleet import cameras
from bench.report import Row
from bench.rows_look import Say
from bench.running import Running, change, query, service, size
from bench.sizes import Sizes
from bench.town import write_settings

INTERVAL_S = 300
CHANGING_SHARE = 0.02
DOWN_S = 3_600
DAY_S = 86_400
FILLED_WITHIN_S = 600.0
COMMITTED_WITHIN_S = 240.0
_INSTANTS = (
    "connectivity_since",
    "condition_since",
    "last_evidence_at",
    "answered_at",
    "identity_at",
    "last_online_until",
)


def city_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Build the city; look at it once; run it at its pace; stop it for an hour."""
    details: dict[str, Any] = {}
    with cameras(folder / "fleet", changing_share=CHANGING_SHARE) as fleet:
        write_settings(folder)
        work("prepare", {"folder": str(folder), "devices": sizes.city, "port": fleet.port})
        say("city built")
        quick_recheck = min(30, sizes.fill_interval_s - 1)
        pace = {"interval_s": sizes.fill_interval_s, "recheck_s": quick_recheck, "flush_s": sizes.flush_s}
        with service(folder, fleet, **pace) as running:
            details["first_start_s"] = running.start_s
            details["fill"] = _look_once(running, sizes)
        say(f"looked at once: {details['fill']}")
        # As if it had been looked at with the interval of the steady state.
        change(folder, f"UPDATE device_state SET interval_s = {INTERVAL_S}")  # noqa: S608 - a number of ours
        pace = {"interval_s": INTERVAL_S, "recheck_s": quick_recheck, "flush_s": sizes.flush_s}
        with service(folder, fleet, **pace) as running:
            details["start_s"] = running.start_s
            say(f"started: {running.start_s:.1f} s")
            time.sleep(sizes.settle_s)
            details["steady"] = _watch(folder, running, sizes)
            say(f"steady: {details['steady']}")
            details["metrics"] = _scrape(running, details["steady"]["core_share"], sizes)
        details["down"] = _hour_down(folder, fleet, pace)
        say(f"after an hour down: {details['down']}")
    return _rows(sizes, details), details


def _look_once(running: Running, sizes: Sizes) -> dict[str, Any]:
    """Wait until each device was looked at once and all is committed; give the memory then."""

    def is_filled() -> bool:
        return (
            time.monotonic() - running.started > running.start_s + sizes.fill_interval_s + 1
            and running.metric("vidnet_queue_lag_seconds") < 1
            and running.metric("vidnet_looks_total") >= sizes.city
        )

    wait_until(is_filled, within_s=FILLED_WITHIN_S, every_s=1.0, what="a look at every device")
    looks = running.metric("vidnet_looks_total")
    us = running.cpu_s() / looks * 1e6
    return running.memory_mb() | {"looks": looks, "cpu_us_a_look_with_start": round(us, 1)}


def _watch(folder: Path, running: Running, sizes: Sizes) -> dict[str, Any]:
    """Watch the steady state for its window."""
    size_before, rows_before = size(folder)
    looks, written = running.metric("vidnet_looks_total"), running.written_bytes()
    started, used_s = time.monotonic(), running.cpu_s()
    time.sleep(sizes.window_s)
    used_s, window_s = running.cpu_s() - used_s, time.monotonic() - started
    written, looks = running.written_bytes() - written, running.metric("vidnet_looks_total") - looks
    size_after, rows_after = size(folder)
    grown = {name: rows - rows_before[name] for name, rows in rows_after.items() if rows != rows_before[name]}
    changes = grown.pop("state_change", 0)
    a_day = DAY_S / window_s
    return {
        "core_share": used_s / window_s,
        "cpu_us_a_look": round(used_s / looks * 1e6, 1),
        "looks_per_s": round(looks / window_s, 1),
        "lag_s": running.metric("vidnet_queue_lag_seconds"),
        "changes_a_day": round(changes * a_day),
        "db_mb_a_day": round((size_after - size_before) * a_day / 1e6, 1),
        "written_mb_a_day": round(written * a_day / 1e6),
        "other_rows": grown,
        "memory": running.memory_mb(),
    }


def _scrape(running: Running, core_share: float, sizes: Sizes) -> dict[str, Any]:
    """Scrape again and again; the CPU of a scrape is what is used beyond the steady state's share."""
    series = sum(not line.startswith("#") for line in running.scrape().splitlines())
    started, used_s = time.monotonic(), running.cpu_s()
    for _ in range(sizes.scrapes):
        running.scrape()
    used_s = running.cpu_s() - used_s - core_share * (time.monotonic() - started)
    return {"series": series, "cpu_ms": round(used_s / sizes.scrapes * 1e3, 2)}


def _hour_down(folder: Path, fleet: Any, pace: dict[str, Any]) -> dict[str, Any]:
    """Set everything back by an hour and start: every device that was known becomes unknown, and that is committed."""
    back = ", ".join(f"{name} = {name} - {DOWN_S}" for name in _INSTANTS)
    change(
        folder,
        "UPDATE device_state SET " + back,  # noqa: S608 - names of ours
        f"UPDATE collector_mark SET last_look_at = last_look_at - {DOWN_S}",  # noqa: S608 - a number of ours
        f"UPDATE collector_mark SET next_due_at = next_due_at - {DOWN_S}",  # noqa: S608 - a number of ours
    )
    known = query(folder, "SELECT count(*) FROM device_state WHERE connectivity <> 0")[0][0]
    newest = query(folder, "SELECT max(seq) FROM state_change")[0][0]
    unknown = f"SELECT count(*) FROM state_change WHERE seq > {newest} AND axis = 0 AND new = 0"  # noqa: S608
    with service(folder, fleet, **pace) as running:
        wait_until(
            lambda: query(folder, unknown)[0][0] >= known, within_s=COMMITTED_WITHIN_S, every_s=0.1, what="the changes"
        )
        wall_s = time.monotonic() - running.started
        return {"wall_s": wall_s, "start_s": running.start_s, "unknown": known, "memory": running.memory_mb()}


def _rows(sizes: Sizes, details: dict[str, Any]) -> list[Row]:
    fill, steady, metrics, down = details["fill"], details["steady"], details["metrics"], details["down"]
    grown = (
        f"{steady['changes_a_day']:,} changes a day; {steady['written_mb_a_day']:,} MB written a day; other new rows: "
    )
    share = steady["core_share"] * 100
    pace = f"{steady['looks_per_s']:.0f} looks/s, {steady['cpu_us_a_look']:.0f} µs a look, lag {steady['lag_s']:.1f} s"
    later = f"steady {steady['memory']['rss']:.0f}; peak after an hour down {down['memory']['peak']:.0f}"
    peaks = f"peak {fill['peak']:.0f}; {later}"
    return [
        Row(f"memory with {sizes.city:,} devices, after a sweep", "MB", fill["rss"], 500, 300, peaks),
        Row("start from SQLite, to the first look", "s", round(details["start_s"], 2), 15, 6, "process start included"),
        Row(
            "start after an hour down, all unknown committed",
            "s",
            round(down["wall_s"], 2),
            30,
            15,
            f"{down['unknown']:,} changes; first look after {down['start_s']:.1f} s",
        ),
        Row("/metrics, CPU a scrape", "ms", metrics["cpu_ms"], 60, 30, f"{metrics['series']:,} series, over HTTP"),
        Row(f"steady state, {INTERVAL_S} s, 2 % changing an hour", "% of a core", round(share, 1), 15, 8, pace),
        Row(
            "database growth in that state",
            "MB a day",
            steady["db_mb_a_day"],
            None,
            None,
            grown + str(steady["other_rows"]),
        ),
        Row("rows beside changes in that state", "", sum(steady["other_rows"].values()), 0, 0, "no row per look"),
    ]
