"""`vidnet targets`: which targets hold, where they come from, and importing others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import require_current
from monitor.adapters.files.targets import read_targets
from monitor.app.decisions import sha256_of
from monitor.app.wiring import database_of, holding_targets, targets_file
from monitor.domain.region import RegionTree
from monitor.domain.target import Target, TargetSet
from monitor.ports import InventoryBatch
from monitor.settings import Settings


@dataclass(frozen=True, slots=True)
class KnownTargets:
    """The targets that judge, whatever their dates.

    Attributes:
        tree: the regions, for the nearest of which a target may be.
        file: where they were read; None where they were imported.
        imported: the set that they were imported with.
    """

    targets: Sequence[Target]
    tree: RegionTree
    file: Path | None = None
    imported: TargetSet | None = None


async def known_targets(settings: Settings, *, folder: Path) -> KnownTargets:
    """Give the targets that judge: those of the newest import, else those of the settings' file.

    Raises:
        StoreError: the database cannot be used.
        TargetsFileError: the targets file holds mistakes.
    """
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        inventory = SqlInventory(database)
        tree = RegionTree(await inventory.regions())
        targets, imported = await holding_targets(inventory, settings, folder=folder)
    finally:
        await database.close()
    file = targets_file(settings, folder=folder) if imported is None else None
    return KnownTargets(targets, tree, file=file, imported=imported)


async def import_targets(
    settings: Settings, *, folder: Path, file: Path, author: str, at: int, name: str = ""
) -> tuple[TargetSet, list[str]]:
    """Let the targets of a file hold in place of all others, and give them with what the user should know.

    Args:
        settings: of the service.
        folder: what relative paths in them are relative to.
        file: TOML, in the form of config/targets.toml.
        author: who imports them.
        at: now, epoch seconds.
        name: what the file is called where it is another than its own.

    Raises:
        StoreError: the database cannot be used; nothing was stored.
        TargetsFileError: the file holds mistakes; nothing was stored.
    """
    targets = read_targets(file, zone=settings.zone())
    digest = sha256_of(file)
    database = database_of(settings, folder=folder)
    try:
        await require_current(database)
        inventory = SqlInventory(database)
        known = {region.code for region in await inventory.regions()}
        found = TargetSet(tuple(targets), at, author, name or file.name, digest)
        await inventory.record(InventoryBatch(target_sets=[found]))
    finally:
        await database.close()
    strange = sorted({each.scope.region for each in targets if each.scope.region} - known)
    return found, [f"清单中没有区划 {code} · the inventory has no region {code}" for code in strange]
