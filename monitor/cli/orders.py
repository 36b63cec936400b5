"""`vidnet orders`: work orders made, sent out and taken back as CSV, and how long repairs take."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.adapters.files.instants import written_instant
from monitor.adapters.files.orders import read_reported, written_orders
from monitor.app.alert_desk import alert_desk
from monitor.cli.alerts import AsOption, named
from monitor.cli.auditing import audited
from monitor.cli.common import (
    FAILED,
    ConfigOption,
    JsonOption,
    errors_as_messages,
    fail,
    load_settings,
    run_coroutine,
    wide_console,
)
from monitor.domain.alert_words import duration_zh
from monitor.domain.work_order import WorkOrder, repair_times
from monitor.services.order_desk import changed

_STATES = {
    "open": "待接 open",
    "acknowledged": "已接 acknowledged",
    "repaired": "报修复 repaired",
    "closed": "已结 closed",
}


class By(StrEnum):
    """By what repairs are compared."""

    REGION = "region"
    MAINTAINER = "maintainer"
    CONTRACT = "contract"


def list_orders(
    config: ConfigOption,
    past: Annotated[bool, typer.Option("--all", help="含已结工单 · closed ones, too")] = False,
    as_json: JsonOption = False,
) -> None:
    """列出工单 · list work orders.

    Example: `vidnet orders list -c vidnet.toml --all`
    """
    settings = load_settings(config)
    zone = settings.zone()
    orders = _orders(config, open_only=not past)
    if as_json:
        values = [asdict(order) | {"state": order.state.value} for order in orders]
        for each in values:
            for name in ("opened_at", "acked_at", "repaired_at", "good_since", "closed_at"):
                each[name] = None if each[name] is None else written_instant(each[name], zone=zone)
        print(json.dumps(values, ensure_ascii=False))
        return
    table = Table(
        *("编号\nid", "状态\nstate", "内容\nwhat", "设备\ndevices", "运维\nmaintainer", "合同\ncontract"),
        *("派单\nopened", "接单\nacknowledged", "恢复\nback since", "重开\nreopened", "结果\nresult"),
        title="工单 work orders",
    )
    for order in orders:
        instants = (order.opened_at, order.acked_at, order.good_since)
        table.add_row(
            order.id,
            _STATES[order.state.value],
            order.title_zh,
            f"{len(order.devices):,}",
            order.maintainer,
            order.contract,
            *("" if at is None else written_instant(at, zone=zone) for at in instants),
            str(order.reopened or ""),
            order.result,
        )
    wide_console().print(table)


def make(
    config: ConfigOption,
    subject: Annotated[str, typer.Argument(metavar="ID", help="告警或事件编号 · an alert's or incident's id")],
    author: AsOption = None,
) -> None:
    """由告警或事件派单 · make a work order of an alert or incident.

    Example: `vidnet orders make -c vidnet.toml I12 --as 张三`
    """
    settings = load_settings(config)
    who = named(author)

    async def work() -> WorkOrder:
        async with alert_desk(settings, folder=config.parent) as desk:
            devices = {device.id: device for device in await desk.inventory.devices()}
            return await desk.orders.make(subject, devices=devices, author=who, at=int(time.time()))

    order = run_coroutine(work())
    audited(config, action="order.make", target=order.id, who=who)
    print(f"{order.id}: {_STATES[order.state.value]} {order.title_zh} {len(order.devices):,} 台")


def export(
    config: ConfigOption,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="CSV 文件，缺省为标准输出 · standard output")
    ] = None,
    past: Annotated[bool, typer.Option("--all", help="含已结工单 · closed ones, too")] = False,
) -> None:
    """导出工单 CSV，可填写后导回 · write work orders as CSV, to be filled in and imported again.

    Example: `vidnet orders export -c vidnet.toml orders.csv`
    """
    settings = load_settings(config)
    written = written_orders(_orders(config, open_only=not past), zone=settings.zone())
    if file is None:
        sys.stdout.buffer.write(written)
        return
    try:
        file.write_bytes(written)
    except OSError as error:
        fail(FAILED, f"{file}: 不能写入 · cannot be written: {error.strerror}")
    print(f"{file}: 已写入 written")


def import_results(
    config: ConfigOption,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV：id,acked_at,repaired_at,result,external")],
    author: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """导回处理结果，全部或全不；结案只凭探测 · take back what was reported, all or none; only looks close an order.

    Example: `vidnet orders import -c vidnet.toml orders.csv --as 张三`
    """
    settings = load_settings(config)
    who = named(author)
    with errors_as_messages():
        reported = read_reported(file, zone=settings.zone())
    reports = {each.order: (each.acked_at, each.repaired_at, each.result, each.external) for each in reported}

    async def work() -> list[WorkOrder]:
        async with alert_desk(settings, folder=config.parent) as desk:
            now = int(time.time())
            after = changed(await desk.queries.orders(), reports, at=now)
            return await desk.orders.report(after, author=who, at=now)

    done = run_coroutine(work())
    if done:
        audited(config, action="order.import", target=" ".join(order.id for order in done), who=who)
    if as_json:
        print(json.dumps({"changed": [order.id for order in done]}))
    else:
        print(f"{len(done)} 张工单已更新 · {len(done)} work orders updated")


def times(
    config: ConfigOption,
    by: Annotated[By, typer.Option(help="按区划、运维单位或合同 · by region, maintainer or contract")] = By.REGION,
    as_json: JsonOption = False,
) -> None:
    """接单与修复用时（中位数） · how long it takes to acknowledge and to repair (medians).

    Example: `vidnet orders times -c vidnet.toml --by maintainer`
    """
    orders = _orders(config, open_only=False)
    found = repair_times(orders, by="county" if by is By.REGION else by.value)
    if as_json:
        print(json.dumps([asdict(each) for each in found], ensure_ascii=False))
        return
    table = Table(
        *(f"{by.value}", "工单\norders", "未结\nopen", "重开\nreopened"),
        *("接单用时\nto acknowledge", "修复用时\nto repair", "最长\nlongest"),
        title="修复用时 repair times",
    )
    for each in found:
        spans = (each.ack_s, each.repair_s, each.longest_s)
        shown: list[Any] = ["–" if span is None else duration_zh(span) for span in spans]
        table.add_row(each.name or "–", str(each.orders), str(each.open), str(each.reopened), *shown)
    wide_console().print(table)


def _orders(config: Path, *, open_only: bool) -> list[WorkOrder]:
    settings = load_settings(config)

    async def work() -> list[WorkOrder]:
        async with alert_desk(settings, folder=config.parent) as desk:
            return await desk.queries.orders(open_only=open_only)

    return run_coroutine(work())
