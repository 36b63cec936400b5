"""Imports put together: the sheet, its profile, the desk on the database of the settings."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from collectors.registry import COLLECTORS
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.files.profiles import ProfileError, profiles_for, read_profile
from monitor.adapters.files.rejected import RejectedFile
from monitor.adapters.files.sheets import SheetFile, open_sheet
from monitor.app.wiring import config_folder, database_of, make_ready
from monitor.domain.coordinates import Bounds
from monitor.domain.exempting import ExemptionRules
from monitor.domain.profile import Profile, SheetKind
from monitor.ports import Inventory
from monitor.services.importing.cells import text_of
from monitor.services.importing.desk import ImportDesk
from monitor.services.importing.layout import matched
from monitor.services.importing.sheet import Row, SheetError
from monitor.services.importing.terms import Imported, Options, Site
from monitor.settings import Settings

Work = Callable[..., Awaitable[Imported]]
Progress = Callable[[int, int], None]
_LINES_SEARCHED = 10


async def import_sheet(
    settings: Settings,
    *,
    folder: Path,
    file: Path,
    kind: SheetKind,
    profile: str | None,
    options: Options,
    progress: Progress = lambda done, total: None,
) -> tuple[Imported, Path | None]:
    """Import a sheet, and give what came of it and the file of rejected rows, None where none was.

    Raises:
        SheetError: the sheet cannot be used as a whole; nothing was recorded.
        ProfileError: the profile cannot be used, or none fits.
        StoreError: the database cannot be used; nothing was recorded.
    """
    folders = profile_folders(folder)
    named = None if profile is None else _named(profile, kind, folders)
    database = database_of(settings, folder=folder)
    try:
        await make_ready(database)
        sheet_name = named.sheet if named else ""
        with _collector_paused(), open_sheet(file, sheet=sheet_name, progress=progress) as sheet:
            chosen = named or _fitting(sheet, kind, folders)
            return await _import(SqlInventory(database), settings, file, sheet, chosen, options)
    finally:
        await database.close()


async def fill_if_empty(database: Database, settings: Settings, *, folder: Path, at: int) -> None:
    """Import the regions and devices that the settings name, each while the inventory has none: all rows or none.

    Raises:
        SheetError: a file cannot be used, or rows of it are wrong: the first thousand problems.
        ProfileError: a file fits no profile.
        StoreError: the database cannot be used.
    """
    inventory = SqlInventory(database)
    options = Options(author="", at=at, strict=True)
    if settings.city.regions and not await inventory.regions():
        await _fill(inventory, settings, folder / settings.city.regions, SheetKind.REGIONS, options, folder=folder)
    if settings.city.devices and not await inventory.devices():
        await _fill(inventory, settings, folder / settings.city.devices, SheetKind.DEVICES, options, folder=folder)


async def _fill(
    inventory: Inventory, settings: Settings, file: Path, kind: SheetKind, options: Options, *, folder: Path
) -> None:
    with open_sheet(file) as sheet:
        profile = _fitting(sheet, kind, profile_folders(folder))
        imported = await _work(inventory, settings)[kind](sheet, profile, options=options, rejects=_Unwritten())
    if imported.rejected:
        raise SheetError("\n".join(f"{file}:{problem}" for problem in imported.problems if problem.is_error))


class _Unwritten:
    """Takes rejected rows of a sheet of which nothing is taken then: its problems are told instead."""

    def begin(self, above: Sequence[Row], *, kept: frozenset[int]) -> None:
        """Pass over."""

    def add(self, row: Row, reasons: Sequence[str]) -> None:
        """Pass over."""


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking a growing inventory that holds no garbage: a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def profile_folders(folder: Path) -> list[Path]:
    """Give where profiles are looked for: beside the settings file first, then the shipped ones."""
    return [folder / "profiles", config_folder() / "profiles"]


def site_of(settings: Settings) -> Site:
    """Give what the settings say about imports."""
    bounds = settings.city.bounds
    rules = ExemptionRules(submit_within_s=settings.exemptions.submit_within_s, longest_s=settings.exemptions.longest_s)
    return Site(
        zone=settings.zone(),
        bounds=Bounds(*bounds) if bounds else None,
        protocols=frozenset(COLLECTORS),
        retention_days=settings.deep.retention_days,
        exemptions=rules,
    )


async def _import(
    inventory: Inventory, settings: Settings, file: Path, sheet: SheetFile, profile: Profile, options: Options
) -> tuple[Imported, Path | None]:
    rejects = RejectedFile(file, is_workbook=sheet.head.format != "csv")
    try:
        imported = await _work(inventory, settings)[profile.kind](sheet, profile, options=options, rejects=rejects)
        return imported, rejects.path
    finally:
        rejects.close()


def _work(inventory: Inventory, settings: Settings) -> Mapping[SheetKind, Work]:
    desk = ImportDesk(inventory, site=site_of(settings))
    return {SheetKind.REGIONS: desk.regions, SheetKind.POINTS: desk.points, SheetKind.DEVICES: desk.devices}


def _named(name: str, kind: SheetKind, folders: list[Path]) -> Profile:
    found = read_profile(name, folders=folders)
    if found.kind is not kind:
        raise ProfileError(
            f"模板 {name} 用于 {found.kind}，不用于 {kind} · the profile is for {found.kind}, not for {kind}"
        )
    return found


def _fitting(sheet: SheetFile, kind: SheetKind, folders: list[Path]) -> Profile:
    """Give the profile of whose columns the sheet has most, examples aside."""
    known = [profile for profile in profiles_for(kind, folders=folders) if not profile.is_example]
    lines = [[text_of(cell) for cell in cells] for _, cells in sheet.first(_LINES_SEARCHED)]
    fits = [max((matched(headings, profile) for headings in lines), default=-1) for profile in known]
    best = max(range(len(known)), key=lambda at: fits[at])
    if fits[best] < 0:
        wanted = "\n".join(
            f"  {each.name}: {', '.join(each.columns[field][0] for field in each.required)}" for each in known
        )
        raise ProfileError(
            f"{sheet.head.name}: 表头与任何模板不符，各模板必需的列为 · its headings fit no profile\n{wanted}"
        )
    return known[best]
