"""The command `vidnet`: what people type, and what they see of it, in Chinese and English.

Exit codes: 0 done; 1 failed while running (store, network, files); 2 wrong use or configuration; 3 looked, and the
device did not answer.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from collectors.base import PROOF_OF
from collectors.registry import COLLECTORS
from monitor.adapters.db.migrate import upgrade
from monitor.adapters.files.inventory import DevicesFileError
from monitor.adapters.files.regions import RegionsFileError
from monitor.adapters.files.targets import TargetsFileError, read_targets
from monitor.adapters.process import TooFewFilesError
from monitor.adapters.terminal import overview_table, overview_values
from monitor.adapters.web.server import WebServerError
from monitor.app.demo import DEFAULT_FLEET_PORT, DEFAULT_SEED, DemoError, prepare_demo, run_demo
from monitor.app.logs import configure_logs
from monitor.app.probe import Probed, UnknownDeviceError, probe_address, probe_device
from monitor.app.rates import UnknownRegionError, read_overview
from monitor.app.service import Service
from monitor.app.sweep import SweepResult, TargetsError, read_addresses, sweep
from monitor.app.wiring import database_of, targets_file
from monitor.demo.server import FleetError
from monitor.domain.fault import FAULTS
from monitor.domain.observation import Evidence
from monitor.domain.policy import Policy
from monitor.ports import StoreError
from monitor.services.observe import clock_offset_s
from monitor.settings import LogSettings, Settings, SettingsError, read_settings

T = TypeVar("T")

FAILED, MISUSED, SILENT = 1, 2, 3
REFRESH_S = 2.0
PRINT_EVERY_S = 15.0
FILE_WIDTH = 140

app = typer.Typer(
    name="vidnet",
    help="城市视频网运行监测 · monitor of a city's video network: online rate, intact rate, coverage.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="数据库 · the database", no_args_is_help=True)
app.add_typer(db_app, name="db")

ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", metavar="FILE", envvar="VIDNET_CONFIG", help="设置文件 · settings file (TOML)"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON · print JSON")]


class By(StrEnum):
    """How the lines of `vidnet rates` are cut."""

    COUNTY = "county"
    CLASS = "class"
    KIND = "kind"


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def run(config: ConfigOption) -> None:
    """运行监测服务 · run the monitor until Ctrl-C or SIGTERM.

    Example: `vidnet run -c /etc/vidnet/vidnet.toml`
    """
    settings = _settings(config)
    configure_logs(settings.log)

    def tell(port: int) -> None:
        Console(stderr=True).print(f"监测已启动 · running: http://{settings.web.host}:{port}/metrics")

    async def work() -> None:
        database = database_of(settings, folder=config.parent)
        service = await Service.load(settings, database, folder=config.parent)
        await service.run(_stop_on_signals(), on_ready=tell)

    _run(work())


@app.command()
def demo(
    devices: Annotated[
        int | None, typer.Option(min=1, max=250_000, help="模拟设备数，默认 2000 · simulated devices")
    ] = None,
    folder: Annotated[Path, typer.Option("--dir", help="演示数据目录 · the demo's folder")] = Path("var/demo"),
    seed: Annotated[int, typer.Option(help="随机种子 · seed of the city")] = DEFAULT_SEED,
    fleet_port: Annotated[int, typer.Option(help="模拟设备端口 · port of the devices")] = DEFAULT_FLEET_PORT,
    web_port: Annotated[int, typer.Option(help="指标端口，0 为自动 · port of /metrics, 0 for a free one")] = 9880,
    seconds: Annotated[float, typer.Option(min=0, help="运行时长，0 为直到 Ctrl-C · how long, 0 for until Ctrl-C")] = 0,
) -> None:
    """在本机模拟的潍坊上运行 · run on a simulated Weifang: real HTTP devices on loopback, really looked at.

    Example: `vidnet demo --devices 20000`
    """
    configure_logs(LogSettings(level="warning"))

    async def work() -> None:
        console = _console()
        console.print("正在准备模拟城市 · preparing the simulated city …")
        prepared = await prepare_demo(folder, devices=devices, seed=seed, fleet_port=fleet_port, web_port=web_port)
        stop = _stop_on_signals()
        if seconds:
            asyncio.get_running_loop().call_later(seconds, stop.set)
        shows: list[asyncio.Task[None]] = []

        def show(service: Service, port: int) -> None:
            console.print(f"指标 metrics: http://127.0.0.1:{port}/metrics · Ctrl-C 结束 ends it")
            shows.append(asyncio.create_task(_show(console, service, prepared.city.devices)))

        await run_demo(prepared, stop, on_ready=show)
        for task in shows:
            task.cancel()
        await asyncio.gather(*shows, return_exceptions=True)
        console.print("已停止，状态已保存 · stopped, the state is kept")

    _run(work())


@app.command()
def probe(
    target: Annotated[str, typer.Argument(metavar="URL|DEVICE_ID", help="地址或设备编码 · address or device id")],
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", envvar="VIDNET_CONFIG", help="设置文件（按编码探测时）"),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, max=60, help="超时（秒） · seconds")] = 3.0,
    trust_clock: Annotated[bool, typer.Option(help="相信本机时钟 · trust our own clock")] = False,
    as_json: JsonOption = False,
) -> None:
    """探测一台设备，列出全部事实与判断 · look once at one device: every fact of it, and the judgement.

    Example: `vidnet probe http://192.0.2.10/onvif/device_service`
    """
    if "://" in target:
        look = probe_address(target, timeout_s=timeout, policy=Policy(), trust_clock=trust_clock)
    elif config is None:
        _fail(MISUSED, "按编码探测需要 -c 设置文件 · a device id needs -c FILE; an address begins with http://")
    else:
        look = probe_device(target, settings=_settings(config), folder=config.parent)
    probed = _run(look)
    values = _probe_values(probed)
    if as_json:
        print(json.dumps(values, ensure_ascii=False))
    else:
        table = Table(show_header=False, box=None)
        for name, value in values.items():
            # As it is: a device may have written what looks like markup.
            fact = Text("–" if value in (None, "", []) else str(value))
            table.add_row(f"[bold]{_PROBE_WORDS[name]}[/] {name}", fact)
        _console().print(table)
    if probed.observation.evidence is not Evidence.ANSWERED:
        raise typer.Exit(SILENT)


@app.command("sweep")
def sweep_command(
    targets: Annotated[Path, typer.Option(metavar="FILE", help="每行一个 ONVIF 地址 · one ONVIF URL a line")],
    concurrency: Annotated[int, typer.Option(min=1, max=50_000, help="并发 · looks at once")] = 2_000,
    timeout: Annotated[float, typer.Option(min=0.1, max=60, help="超时（秒） · seconds")] = 3.0,
    as_json: JsonOption = False,
) -> None:
    """对清单中每个地址探测一次 · look once at every address of a file, through the whole journey.

    Example: `vidnet sweep --targets cameras.txt --concurrency 4000 --json`
    """
    with _errors():
        addresses = read_addresses(targets)
    with _progress(len(addresses), enabled=not as_json) as on_progress:
        result = _run(sweep(addresses, concurrency=concurrency, timeout_s=timeout, on_progress=on_progress))
    if as_json:
        print(json.dumps(asdict(result), ensure_ascii=False))
    else:
        Console().print(_sweep_table(result))


@app.command()
def rates(
    config: ConfigOption,
    region: Annotated[str | None, typer.Option(metavar="CODE", help="行政区划代码 · region code")] = None,
    by: Annotated[By, typer.Option(help="按县市区、点位类别或设备类型 · lines by")] = By.COUNTY,
    as_json: JsonOption = False,
) -> None:
    """当前在线率、完好率与联网率 · the rates and the coverage of this instant, from the database.

    Example: `vidnet rates -c var/demo/vidnet.toml --region 370783 --by class`
    """
    settings = _settings(config)
    cut = "region" if by is By.COUNTY else by.value
    overview = _run(read_overview(settings, folder=config.parent, region=region, by=cut))
    if as_json:
        print(json.dumps(overview_values(overview, zone=settings.zone()), ensure_ascii=False))
    else:
        console = _console()
        console.print(overview_table(overview, zone=settings.zone(), width=console.width))


@app.command()
def collectors(as_json: JsonOption = False) -> None:
    """列出支持的协议 · the protocols that are known.

    Example: `vidnet collectors --json`
    """
    if as_json:
        known = [{"protocol": name, "zh": each.text_zh, "en": each.text_en} for name, each in COLLECTORS.items()]
        print(json.dumps(known, ensure_ascii=False))
        return
    table = Table("协议 protocol", "说明", "meaning")
    for name, entry in COLLECTORS.items():
        table.add_row(name, entry.text_zh, entry.text_en)
    Console().print(table)


@app.command("check-config")
def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="设置文件 · settings file")], as_json: JsonOption = False
) -> None:
    """检查设置文件与目标文件，列出全部错误 · check a settings file and its targets; every mistake is listed.

    Example: `vidnet check-config vidnet.toml`
    """
    problems: list[str] = []
    try:
        settings = read_settings(file)
        read_targets(targets_file(settings, folder=file.parent), zone=settings.zone())
    except SettingsError as error:
        problems = [f"{file}: {problem}" for problem in error.problems]
    except TargetsFileError as error:
        problems = str(error).splitlines()
    if as_json:
        print(json.dumps({"file": str(file), "problems": problems}, ensure_ascii=False))
    elif problems:
        print("\n".join(problems), file=sys.stderr)
    else:
        print(f"{file}: 没有错误 · no mistakes")
    if problems:
        raise typer.Exit(MISUSED)


@db_app.command("upgrade")
def db_upgrade(config: ConfigOption) -> None:
    """升级数据库结构 · bring the database to this program's schema.

    Example: `vidnet db upgrade -c vidnet.toml`
    """
    settings = _settings(config)

    async def work() -> str:
        database = database_of(settings, folder=config.parent)
        try:
            return await upgrade(database)
        finally:
            await database.close()

    print(f"数据库已是最新 · the database is at revision {_run(work())}")


async def _show(console: Console, service: Service, devices: int) -> None:
    """Show the figures: a table that renews itself on a terminal, one now and then elsewhere."""
    zone = service.city.rules.zone

    def table() -> Any:
        looks = sum(service.polling.looks.values())
        pace = f"{devices:,} 台模拟设备 simulated devices · 已探测 looks {looks:,} · 进行中 under way "
        notes = [f"{pace}{service.polling.under_way} · 等待写入 to be stored {service.ingest.waiting_devices:,}"]
        return overview_table(service.overview(), zone=zone, width=console.width, notes=notes)

    if not console.is_terminal:
        while True:
            await asyncio.sleep(PRINT_EVERY_S)
            console.print(table())
    with Live(table(), console=console, auto_refresh=False, screen=False) as live:
        while True:
            await asyncio.sleep(REFRESH_S)
            live.update(table(), refresh=True)


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


def _console() -> Console:
    """Give the console: as wide as the terminal, or wide enough for every column where the output is kept."""
    return Console(width=None if sys.stdout.isatty() else FILE_WIDTH)


@contextmanager
def _progress(total: int, *, enabled: bool) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal, and nothing elsewhere."""
    console = Console(stderr=True)
    if not enabled or not console.is_terminal:
        yield lambda done: None
        return
    columns = (TextColumn("探测 looking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done)


def _settings(path: Path) -> Settings:
    try:
        return read_settings(path)
    except SettingsError as error:
        _fail(MISUSED, "\n".join(f"{path}: {problem}" for problem in error.problems))


def _stop_on_signals() -> asyncio.Event:
    """Give an event that Ctrl-C and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on uvloop (or the default loop where it is missing), errors as messages and exit codes."""
    try:
        import uvloop

        factory: Callable[[], asyncio.AbstractEventLoop] | None = uvloop.new_event_loop
    except ImportError:
        factory = None
    with _errors(), asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


@contextmanager
def _errors() -> Iterator[None]:
    """Turn the errors that a user can mend into one message and an exit code."""
    try:
        yield
    except (SettingsError, TargetsFileError, RegionsFileError, DevicesFileError, TargetsError, DemoError) as error:
        _fail(MISUSED, str(error))
    except (UnknownDeviceError, UnknownRegionError) as error:
        _fail(MISUSED, str(error))
    except (StoreError, FleetError, WebServerError, TooFewFilesError) as error:
        _fail(FAILED, str(error))


def _fail(code: int, message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(code)
