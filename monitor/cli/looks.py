"""`vidnet probe` and `vidnet sweep`: one look by hand, at one device or at many."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from collectors.base import PROOF_OF
from collectors.urls import without_secrets
from monitor.app.deep_probe import DeepProbed, deep_probe_address, deep_probe_device
from monitor.app.probe import Probed, probe_address, probe_device
from monitor.app.sweep import SweepResult, read_addresses, sweep
from monitor.cli.common import (
    MISUSED,
    SILENT,
    JsonOption,
    errors_as_messages,
    fail,
    load_settings,
    progress_bar,
    run_coroutine,
    wide_console,
)
from monitor.domain.fault import FAULTS
from monitor.domain.observation import Evidence
from monitor.domain.policy import Policy
from monitor.services.observe import clock_offset_s


def probe(
    target: Annotated[str, typer.Argument(metavar="URL|DEVICE_ID", help="地址或设备编码 · address or device id")],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", envvar="VIDNET_CONFIG", help="设置文件（按编码探测时）"),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, max=60, help="超时（秒） · seconds")] = 3.0,
    trust_clock: Annotated[bool, typer.Option(help="相信本机时钟 · trust our own clock")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="深度巡检，按编码时登录 · look deeper, with its login")] = False,
    as_json: JsonOption = False,
) -> None:
    """探测一台设备，列出全部事实与判断 · look once at one device: every fact of it, and the judgement.

    Example: `vidnet probe http://192.0.2.10/onvif/device_service`
    """
    if deep:
        _deep_probe(target, config, timeout_s=timeout, trust_clock=trust_clock, as_json=as_json)
        return
    if "://" in target:
        look = probe_address(target, timeout_s=timeout, policy=Policy(), trust_clock=trust_clock)
    elif config is None:
        fail(MISUSED, "按编码探测需要 -c 设置文件 · a device id needs -c FILE; an address begins with http://")
    else:
        look = probe_device(target, settings=load_settings(config), folder=config.parent)
    probed = run_coroutine(look)
    values = _probe_values(probed)
    if as_json:
        print(json.dumps(values, ensure_ascii=False))
    else:
        table = Table(show_header=False, box=None)
        for name, value in values.items():
            # As it is: a device may have written what looks like markup.
            fact = Text("–" if value in (None, "", []) else str(value))
            table.add_row(f"[bold]{_PROBE_WORDS[name]}[/] {name}", fact)
        wide_console().print(table)
    if probed.observation.evidence is not Evidence.ANSWERED:
        raise typer.Exit(SILENT)


def _deep_probe(target: str, config: Path | None, *, timeout_s: float, trust_clock: bool, as_json: bool) -> None:
    if "://" in target:
        look = deep_probe_address(target, timeout_s=timeout_s, policy=Policy(), trust_clock=trust_clock)
    elif config is None:
        fail(MISUSED, "按编码探测需要 -c 设置文件 · a device id needs -c FILE; an address begins with http://")
    else:
        look = deep_probe_device(target, settings=load_settings(config), folder=config.parent)
    probed = run_coroutine(look)
    values = _deep_values(probed)
    if as_json:
        print(json.dumps(values, ensure_ascii=False))
    else:
        table = Table(show_header=False, box=None)
        for name, value in values.items():
            lines = value if isinstance(value, list) else [value]
            fact = Text("\n".join("–" if each in (None, "") else str(each) for each in lines) or "–")
            table.add_row(f"[bold]{_DEEP_WORDS[name]}[/] {name}", fact)
        wide_console().print(table)
    if probed.observation.evidence is not Evidence.ANSWERED:
        raise typer.Exit(SILENT)


def _deep_values(probed: DeepProbed) -> dict[str, Any]:
    result, clock = probed.result, probed.result.clock
    recordings = result.recordings
    return {
        "address": probed.endpoint.address,
        "outcome": result.outcome.value,
        "detail": result.detail,
        "duration_ms": round(result.duration_s * 1000, 1),
        "requests": result.requests,
        "login": probed.login.value,
        "group": probed.group,
        "device_utc": None if clock is None else _utc_text(clock.utc_s),
        "clock_offset_s": None if clock is None else round(clock_offset_s(clock), 1),
        "own_clock_trusted": probed.own_clock_trusted,
        "maker": result.maker,
        "model": result.model,
        "firmware": result.firmware,
        "serial": result.serial,
        "macs": list(result.macs),
        "services": list(result.services),
        "profiles": [f"{each.token} {each.encoding} {each.width}×{each.height}" for each in result.profiles or ()],
        "snapshot_uri": without_secrets(result.snapshot_uri),
        "stream_uri": without_secrets(result.stream_uri),
        "recordings": None
        if recordings is None
        else f"{recordings.count}, {_span(recordings.since)} – {_span(recordings.until)}",
        "notes": [f"{note.step}: {note.ending} {note.detail}".strip() for note in result.notes],
        "evidence": probed.observation.evidence.value,
        "complete": probed.observation.complete,
        "faults": [f"{code} {FAULTS[code].text_zh} {FAULTS[code].text_en}" for code in probed.observation.faults],
    }


def _span(at: int | None) -> str:
    return "?" if at is None else _utc_text(at)


def sweep_command(
    targets: Annotated[Path, typer.Option(metavar="FILE", help="每行一个 ONVIF 地址 · one ONVIF URL a line")],
    concurrency: Annotated[int, typer.Option(min=1, max=50_000, help="并发 · looks at once")] = 2_000,
    timeout: Annotated[float, typer.Option(min=0.1, max=60, help="超时（秒） · seconds")] = 3.0,
    as_json: JsonOption = False,
) -> None:
    """对清单中每个地址探测一次 · look once at every address of a file, through the whole journey.

    Example: `vidnet sweep --targets cameras.txt --concurrency 4000 --json`
    """
    with errors_as_messages():
        addresses = read_addresses(targets)
    with progress_bar(len(addresses), enabled=not as_json) as on_progress:
        result = run_coroutine(sweep(addresses, concurrency=concurrency, timeout_s=timeout, on_progress=on_progress))
    if as_json:
        print(json.dumps(asdict(result), ensure_ascii=False))
    else:
        Console().print(_sweep_table(result))


_DEEP_WORDS = {
    "address": "地址",
    "outcome": "结果",
    "detail": "说明",
    "duration_ms": "耗时",
    "requests": "请求数",
    "login": "登录",
    "group": "凭据组",
    "device_utc": "设备时间",
    "clock_offset_s": "时钟偏差",
    "own_clock_trusted": "本机时钟可信",
    "maker": "厂商",
    "model": "型号",
    "firmware": "固件",
    "serial": "序列号",
    "macs": "MAC",
    "services": "服务",
    "profiles": "媒体配置",
    "snapshot_uri": "抓图地址",
    "stream_uri": "码流地址",
    "recordings": "录像",
    "notes": "未答的问题",
    "evidence": "判断",
    "complete": "算作深度巡检",
    "faults": "故障",
}


_PROBE_WORDS = {
    "address": "地址",
    "outcome": "结果",
    "proof": "证明",
    "detail": "说明",
    "lane": "通道",
    "duration_ms": "耗时",
    "device_utc": "设备时间",
    "device_zone": "设备时区",
    "clock_source": "校时方式",
    "clock_offset_s": "时钟偏差",
    "own_clock_trusted": "本机时钟可信",
    "realm": "认证域",
    "evidence": "判断",
    "faults": "故障",
}


def _probe_values(probed: Probed) -> dict[str, Any]:
    result, clock = probed.result, probed.result.clock
    return {
        "address": probed.endpoint.address,
        "outcome": result.outcome.value,
        "proof": PROOF_OF[result.outcome].value,
        "detail": result.detail,
        "lane": result.lane,
        "duration_ms": round(result.duration_s * 1000, 1),
        "device_utc": None if clock is None else _utc_text(clock.utc_s),
        "device_zone": None if clock is None else clock.zone,
        "clock_source": None if clock is None else clock.source,
        "clock_offset_s": None if clock is None else round(clock_offset_s(clock), 1),
        "own_clock_trusted": probed.own_clock_trusted,
        "realm": result.realm,
        "evidence": probed.observation.evidence.value,
        "faults": [f"{code} {FAULTS[code].text_zh} {FAULTS[code].text_en}" for code in probed.observation.faults],
    }


def _utc_text(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _sweep_table(result: SweepResult) -> Table:
    table = Table(show_header=False)
    words = {
        "devices": "设备 devices",
        "online": "在线 online",
        "offline": "离线 offline",
        "unknown": "未知 unknown",
        "wall_s": "用时（秒） wall",
        "cpu_s": "处理器时间（秒） CPU",
        "looks_per_cpu_s": "每处理器秒探测数 looks a CPU second",
        "max_rss_mb": "内存峰值（MB） peak memory",
    }
    values = asdict(result)
    for name, word in words.items():
        table.add_row(word, f"{values[name]:,}")
    for name, count in result.failures.items():
        table.add_row(f"其中 of these: {name}", f"{count:,}")
    return table
