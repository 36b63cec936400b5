"""What the commands share: their options, the event loop, and errors as one message with an exit code.

Exit codes: 0 done; 1 failed while running (store, network, files); 2 wrong use or configuration; 3 looked, and the
device did not answer.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from monitor.adapters.files.alert_rules import AlertRulesFileError
from monitor.adapters.files.exemptions import ExemptionsFileError
from monitor.adapters.files.history import HistoryFileError
from monitor.adapters.files.orders import OrdersFileError
from monitor.adapters.files.profiles import ProfileError
from monitor.adapters.files.regions import RegionsFileError
from monitor.adapters.files.tables import TableFileError
from monitor.adapters.files.targets import TargetsFileError
from monitor.adapters.process import TooFewFilesError
from monitor.adapters.reports.folder import ReportFolderError
from monitor.adapters.web.server import WebServerError
from monitor.app.decisions import AttachmentError
from monitor.app.demo import DemoError
from monitor.app.device import UnknownGroupError
from monitor.app.probe import UnknownDeviceError
from monitor.app.rates import UnknownRegionError
from monitor.app.site_files import SiteFilesError
from monitor.app.sweep import TargetsError
from monitor.demo.server import FleetError
from monitor.domain.exempting import NotAllowedError
from monitor.ports import CredentialsError, StoreError
from monitor.services.account_desk import AccountError
from monitor.services.importing.sheet import SheetError
from monitor.services.order_desk import OrderError
from monitor.services.report_material import ReportError
from monitor.settings import Settings, SettingsError, read_settings

T = TypeVar("T")


FAILED, MISUSED, SILENT = 1, 2, 3


FILE_WIDTH = 140


ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", metavar="FILE", envvar="VIDNET_CONFIG", help="设置文件 · settings file (TOML)"),
]


JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON · print JSON")]


def wide_console() -> Console:
    """Give the console: as wide as the terminal, or wide enough for every column where the output is kept."""
    return Console(width=None if sys.stdout.isatty() else FILE_WIDTH)


@contextmanager
def progress_bar(total: int, *, enabled: bool) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal, and nothing elsewhere."""
    console = Console(stderr=True)
    if not enabled or not console.is_terminal:
        yield lambda done: None
        return
    columns = (TextColumn("探测 looking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done)


def load_settings(path: Path) -> Settings:
    """Read the settings, or end with every mistake in them."""
    try:
        return read_settings(path)
    except SettingsError as error:
        fail(MISUSED, "\n".join(f"{path}: {problem}" for problem in error.problems))


def run_coroutine(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on uvloop (or the default loop where it is missing), errors as messages and exit codes."""
    try:
        import uvloop

        factory: Callable[[], asyncio.AbstractEventLoop] | None = uvloop.new_event_loop
    except ImportError:
        factory = None
    with errors_as_messages(), asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """Turn the errors that a user can mend into one message and an exit code."""
    try:
        yield
    except (
        SettingsError,
        TargetsFileError,
        AlertRulesFileError,
        OrdersFileError,
        OrderError,
        RegionsFileError,
        TargetsError,
        DemoError,
    ) as error:
        fail(MISUSED, str(error))
    except (
        UnknownDeviceError,
        UnknownGroupError,
        UnknownRegionError,
        NotAllowedError,
        AccountError,
        ExemptionsFileError,
        HistoryFileError,
        AttachmentError,
        SheetError,
        ProfileError,
        TableFileError,
    ) as error:
        fail(MISUSED, str(error))
    except ReportError as error:
        fail(MISUSED, str(error))
    except ReportFolderError as error:
        fail(FAILED, str(error))
    except (StoreError, SiteFilesError, CredentialsError, FleetError, WebServerError, TooFewFilesError) as error:
        fail(FAILED, str(error))


def fail(code: int, message: str) -> NoReturn:
    """End the command with a message and an exit code."""
    print(message, file=sys.stderr)
    raise typer.Exit(code)
