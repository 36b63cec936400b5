"""Monitor health 系统健康: whether the monitor itself looks, stores, keeps time and keeps up."""

from __future__ import annotations

from typing import Any

from grafana.frame import board, row
from grafana.panels import COUNT, SECONDS, SHARE, Frame, Query, big_number, page, ranking, trend, verdict
from grafana.runbook import markdown
from grafana.words import Language, Words

BYTES, PER_SECOND = "bytes", "ops"


def build(language: Language) -> Any:
    """Build the board."""
    title = Words("vidnet 系统健康", "vidnet monitor health")
    about = Words(
        "采集、存储、队列、内存与自身时钟：数据是否可信先看这里。",
        "Looks, store, queue, memory and our own clock: whether the figures can be trusted is seen here first.",
    )
    made = board("health", title, about, language, hours=6)
    made = row(made, Words("现在", "Now"), language)
    for panel in _figures(language):
        made = made.with_panel(panel)
    made = row(made, Words("探测", "Looks"), language)
    for panel in (_looks(language), _failures(language), _durations(language)):
        made = made.with_panel(panel)
    made = row(made, Words("存储与进程", "Store and process"), language)
    for panel in (_store(language), _lags(language), _process(language)):
        made = made.with_panel(panel)
    made = row(made, Words("深度巡检与通知", "Deep looks and notifications"), language)
    for panel in (_deep(language), _logins(language), _outbox(language)):
        made = made.with_panel(panel)
    made = row(made, Words("处置手册", "Runbook"), language)
    about = Words("每条告警先做什么。", "What to do first for each alert.")
    return made.with_panel(page(Words("处置手册", "Runbook"), about, markdown(language), language, height=18))


def _figures(language: Language) -> list[Any]:
    yes_or_no = (
        (
            Words("存储", "Store"),
            Words("最近一次写入是否提交。", "Whether the last write was committed."),
            "min(vidnet_store_up)",
        ),
        (
            Words("自身网络", "Own network"),
            Words(
                "哨兵是否应答：自身网络中断不算设备离线。",
                "Whether the sentinels answer: our own outage is not the devices'.",
            ),
            "min(vidnet_own_network_up)",
        ),
        (
            Words("自身时钟", "Own clock"),
            Words("本机时钟已同步，可判定设备时钟。", "Our clock is synchronised, so that it may judge others."),
            "min(vidnet_own_clock_trusted)",
        ),
    )
    numbers = (
        (
            Words("最近一次探测", "Last look"),
            Words("距最近一次探测完成的时间。", "How long ago the last look finished."),
            "time() - max(vidnet_last_look_timestamp_seconds)",
            SECONDS,
        ),
        (
            Words("最近备份", "Last backup"),
            Words(
                "距最近一次数据库备份；无数据为从未备份。", "How long ago the database was backed up; no data: never."
            ),
            "time() - (max(vidnet_last_backup_timestamp_seconds) > 0)",
            SECONDS,
        ),
        (
            Words("最近报表", "Last report"),
            Words(
                "距最近一次考核报表发布；无数据为从未发布。",
                "How long ago a compliance report was published; no data: never.",
            ),
            "time() - (max(vidnet_last_report_timestamp_seconds) > 0)",
            SECONDS,
        ),
        (
            Words("等待写入", "Waiting to be stored"),
            Words("变化尚未提交的设备。", "Devices whose change waits to be committed."),
            "sum(vidnet_store_waiting_devices)",
            COUNT,
        ),
        (
            Words("暂缓判定", "Held"),
            Words("大面积失联时暂缓判定的设备。", "Devices whose decision is held in a mass failure."),
            "sum(vidnet_held_devices)",
            COUNT,
        ),
    )
    panels = [verdict(Frame(heading, about, 3, 5), Query(expr), language) for heading, about, expr in yes_or_no]
    panels += [
        big_number(Frame(heading, about, 3, 5, unit, 0), Query(expr), language)
        for heading, about, expr, unit in numbers
    ]
    return panels


def _looks(language: Language) -> Any:
    frame = Frame(
        Words("探测速率", "Looks a second"),
        Words("按协议，每秒完成的探测。", "By protocol, looks finished a second."),
        8,
        9,
        PER_SECOND,
    )
    expr = "sum by (protocol) (rate(vidnet_looks_total[$__rate_interval]))"
    return trend(frame, (Query(expr, Words("{{protocol}}", "{{protocol}}")),), language)


def _failures(language: Language) -> Any:
    frame = Frame(
        Words("探测结果占比", "How looks end"),
        Words(
            "近 15 分钟各结果占比；含义见 docs/faults.md。",
            "Share of each ending in 15 minutes; docs/faults.md says what each means.",
        ),
        8,
        9,
        SHARE,
        3,
    )
    looks = "increase(vidnet_looks_total[15m])"
    expr = f"sort_desc(sum by (result) ({looks}) / scalar(sum({looks}) > 0))"
    return ranking(frame, Query(expr, Words("{{result}}", "{{result}}")), language)


def _durations(language: Language) -> Any:
    frame = Frame(
        Words("探测耗时", "How long looks take"),
        Words("中位数与 99 分位。", "Median and 99th percentile."),
        8,
        9,
        SECONDS,
    )
    buckets = "sum by (le) (rate(vidnet_look_duration_seconds_bucket[$__rate_interval]))"
    queries = [
        Query(f"histogram_quantile({quantile}, {buckets})", Words(name, name))
        for quantile, name in ((0.5, "p50"), (0.99, "p99"))
    ]
    return trend(frame, queries, language)


def _store(language: Language) -> Any:
    frame = Frame(
        Words("写入耗时", "How long writes take"),
        Words("写事务的中位数与 99 分位。", "Write transactions, median and 99th percentile."),
        8,
        9,
        SECONDS,
    )
    buckets = "sum by (le) (rate(vidnet_store_write_seconds_bucket[$__rate_interval]))"
    queries = [
        Query(f"histogram_quantile({quantile}, {buckets})", Words(name, name))
        for quantile, name in ((0.5, "p50"), (0.99, "p99"))
    ]
    return trend(frame, queries, language)


def _lags(language: Language) -> Any:
    frame = Frame(
        Words("滞后", "Lag"),
        Words(
            "最久的待探测、事件循环与时钟滞后。",
            "The most overdue look, the event loop, and our time behind the wall clock.",
        ),
        8,
        9,
        SECONDS,
    )
    queries = (
        Query("max(vidnet_queue_lag_seconds)", Words("队列", "queue")),
        Query("max(vidnet_event_loop_lag_seconds)", Words("事件循环", "event loop")),
        Query("max(vidnet_clock_behind_seconds)", Words("时钟", "clock")),
    )
    return trend(frame, queries, language)


def _process(language: Language) -> Any:
    frame = Frame(
        Words("内存", "Memory"),
        Words("vidnet 进程常驻内存。", "Resident memory of vidnet's process."),
        8,
        9,
        BYTES,
    )
    expr = "sum(process_resident_memory_bytes and on (job, instance) vidnet_build_info)"
    return trend(frame, (Query(expr, Words("常驻内存", "resident")),), language)


def _deep(language: Language) -> Any:
    frame = Frame(
        Words("深度巡检速率", "Deep looks a second"),
        Words("按协议，每秒完成的深度巡检。", "By protocol, deep looks finished a second."),
        8,
        9,
        PER_SECOND,
    )
    expr = "sum by (protocol) (rate(vidnet_deep_looks_total[$__rate_interval]))"
    return trend(frame, (Query(expr, Words("{{protocol}}", "{{protocol}}")),), language)


def _logins(language: Language) -> Any:
    frame = Frame(
        Words("登录结果占比", "How logins end"),
        Words(
            "近 15 分钟深度巡检的登录；held 为两次被拒后停止登录的设备。",
            "Logins of deep looks in 15 minutes; held: refused twice, so that no further one is tried.",
        ),
        8,
        9,
        SHARE,
        2,
    )
    logins = "increase(vidnet_logins_total[15m])"
    expr = f"sort_desc(sum by (result) ({logins}) / scalar(sum({logins}) > 0))"
    return ranking(frame, Query(expr, Words("{{result}}", "{{result}}")), language)


def _outbox(language: Language) -> Any:
    frame = Frame(
        Words("等待发出的通知", "Notifications that wait"),
        Words("按接收方。", "By receiver."),
        8,
        9,
        COUNT,
        0,
    )
    query = Query("sum by (receiver) (vidnet_outbox_waiting)", Words("{{receiver}}", "{{receiver}}"))
    return trend(frame, (query,), language)
