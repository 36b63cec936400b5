"""`vidnet run` and `vidnet demo`: the monitor itself, over the real city or the simulated one."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from monitor.adapters.terminal import overview_table
from monitor.adapters.terminal.alerts import alert_lines, incident_lines
from monitor.app.demo import DEFAULT_FLEET_PORT, DEFAULT_SEED, mqtt_line, prepare_demo, run_demo
from monitor.app.logs import configure_logs
from monitor.app.service import Service
from monitor.app.wiring import database_of
from monitor.cli.common import ConfigOption, load_settings, run_coroutine, wide_console
from monitor.settings import LogSettings

REFRESH_S = 2.0


PRINT_EVERY_S = 15.0


def run(config: ConfigOption) -> None:
    """运行监测服务 · run the monitor until Ctrl-C or SIGTERM.

    Example: `vidnet run -c /etc/vidnet/vidnet.toml`
    """
    settings = load_settings(config)
    configure_logs(settings.log)

    def tell(port: int) -> None:
        scheme = "https" if settings.web.certificate else "http"
        at = f"{scheme}://{settings.web.host}:{port}"
        Console(stderr=True).print(f"监测已启动 · running: {at}/ (页面 page), {at}/metrics")

    async def work() -> None:
        database = database_of(settings, folder=config.parent)
        service = await Service.load(settings, database, folder=config.parent)
        await service.run(_stop_on_signals(), on_ready=tell)

    run_coroutine(work())


def demo(
    devices: Annotated[
        int | None, typer.Option(min=1, max=250_000, help="模拟设备数，默认 2000 · simulated devices")
    ] = None,
    folder: Annotated[Path, typer.Option("--dir", help="演示数据目录 · the demo's folder")] = Path("var/demo"),
    seed: Annotated[int, typer.Option(help="随机种子 · seed of the city")] = DEFAULT_SEED,
    fleet_port: Annotated[
        int, typer.Option(min=1, max=65_535, help="模拟设备端口 · port of the devices, which the inventory names")
    ] = DEFAULT_FLEET_PORT,
    web_port: Annotated[int, typer.Option(help="指标端口，0 为自动 · port of /metrics, 0 for a free one")] = 9880,
    polled_only: Annotated[
        bool,
        typer.Option("--polled-only", help="新城市不含平台上报与网关推送的设备 · a new city of polled devices only"),
    ] = False,
    seconds: Annotated[float, typer.Option(min=0, help="运行时长，0 为直到 Ctrl-C · how long, 0 for until Ctrl-C")] = 0,
) -> None:
    """在本机模拟的潍坊上运行 · run on a simulated Weifang: real HTTP devices on loopback, really looked at.

    Example: `vidnet demo --devices 20000`
    """
    configure_logs(LogSettings(level="warning"))

    async def work() -> None:
        console = wide_console()
        console.print("正在准备模拟城市 · preparing the simulated city …")
        prepared = await prepare_demo(
            folder, devices=devices, seed=seed, fleet_port=fleet_port, web_port=web_port, told=not polled_only
        )
        stop = _stop_on_signals()
        if seconds:
            asyncio.get_running_loop().call_later(seconds, stop.set)
        shows: list[asyncio.Task[None]] = []

        def show(service: Service, port: int) -> None:
            at = f"http://127.0.0.1:{port}"
            console.print(f"页面 page: {at}/ （访客只读 guests may look · 账号 accounts: vidnet user add）")
            console.print(mqtt_line(prepared))
            console.print(f"指标 metrics: {at}/metrics · Ctrl-C 结束 ends it")
            shows.append(asyncio.create_task(_show(console, service, prepared.city.devices)))

        await run_demo(prepared, stop, on_ready=show)
        for task in shows:
            task.cancel()
        await asyncio.gather(*shows, return_exceptions=True)
        console.print("已停止，状态已保存 · stopped, the state is kept")

    run_coroutine(work())


async def _show(console: Console, service: Service, devices: int) -> None:
    """Show the figures: a table that renews itself on a terminal, one now and then elsewhere."""
    zone = service.city.rules.zone

    def table() -> Any:
        looks = sum(service.polling.looks.values())
        pace = f"{devices:,} 台模拟设备 simulated devices · 已探测 looks {looks:,} · 进行中 under way "
        notes = [f"{pace}{service.polling.under_way} · 等待写入 to be stored {service.ingest.waiting_devices:,}"]
        notes += incident_lines(service.alerting.alerting.incidents, at=int(service.clock.now()))
        notes += alert_lines(service.alerting.alerting.raised)
        return overview_table(service.overview(), zone=zone, width=console.width, notes=notes)

    if not console.is_terminal:
        while True:
            await asyncio.sleep(PRINT_EVERY_S)
            console.print(table())
    with Live(table(), console=console, auto_refresh=False, screen=False) as live:
        while True:
            await asyncio.sleep(REFRESH_S)
            live.update(table(), refresh=True)


def _stop_on_signals() -> asyncio.Event:
    """Give an event that Ctrl-C and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
