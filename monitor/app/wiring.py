"""What every command needs put together: the database of the settings, the city in it, files beside the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import monitor
from monitor.adapters.db.engine import Database
from monitor.adapters.db.inventory import SqlInventory
from monitor.adapters.db.migrate import SchemaVersion, require_current, schema_version, upgrade
from monitor.adapters.files.targets import read_targets
from monitor.adapters.vault import Vault
from monitor.domain.assessment import Validity
from monitor.domain.device import Device
from monitor.domain.exemption import ExemptionBook
from monitor.domain.facts import Exemption
from monitor.domain.point import Point
from monitor.domain.region import RegionTree
from monitor.domain.service_time import ServiceRules
from monitor.domain.target import Target, TargetSet
from monitor.settings import Settings

_DRIVERS = {"sqlite:///": "sqlite+aiosqlite:///", "postgresql://": "postgresql+asyncpg://"}


@dataclass(frozen=True, slots=True)
class LoadedCity:
    """The inventory as it is in the database, with what judges it.

    Attributes:
        revision: the revision of the inventory that all of it holds at least.
        exemptions: those that count.
        targets_imported: whether the targets were imported, or are those of the file.
    """

    revision: int
    tree: RegionTree
    points: Sequence[Point]
    devices: Sequence[Device]
    exemptions: Sequence[Exemption]
    book: ExemptionBook
    rules: ServiceRules
    targets: Sequence[Target]
    targets_imported: bool
    validity: Validity


def config_folder() -> Path:
    """Give the folder of the shipped configuration: inside an installed package, or beside it in a checkout."""
    package = Path(monitor.__file__).parent
    inside = package / "config"
    return inside if inside.is_dir() else package.parent / "config"


def database_of(settings: Settings, *, folder: Path) -> Database:
    """Give the database of the settings; a relative SQLite path is relative to the folder of the settings file.

    Raises:
        StoreRefusedError: its URL is of no known form.
    """
    url = settings.store.url
    prefix = next(prefix for prefix in _DRIVERS if url.startswith(prefix))
    rest = url.removeprefix(prefix)
    if prefix == "sqlite:///":
        rest = str(folder / rest)
    return Database(_DRIVERS[prefix] + rest)


def vault_of(settings: Settings, *, folder: Path) -> Vault:
    """Give the vault of the settings; relative paths are relative to the folder of the settings file."""
    return Vault(folder / settings.credentials.file, folder / settings.credentials.key_file)


async def make_ready(database: Database) -> None:
    """Give an empty database its schema, and refuse one that is older or newer than the program.

    Raises:
        StoreRefusedError: it is older (the message says how to upgrade it) or newer.
        StoreBusyError: it cannot be reached now.
    """
    if await schema_version(database) is SchemaVersion.EMPTY:
        await upgrade(database)
    await require_current(database)


async def load_city(database: Database, settings: Settings, *, folder: Path) -> LoadedCity:
    """Load the inventory and its targets.

    Raises:
        StoreError: the database cannot be read.
        TargetsFileError: the targets file holds mistakes.
        ValueError: the regions in the database make no tree.
    """
    zone = settings.zone()
    inventory = SqlInventory(database)
    revision = await inventory.revision()
    tree = RegionTree(await inventory.regions())
    validity = Validity(
        min_measured=Fraction(settings.rules.min_measured), min_judged=Fraction(settings.rules.min_judged)
    )
    exemptions = await inventory.exemptions()
    targets, imported = await holding_targets(inventory, settings, folder=folder)
    return LoadedCity(
        revision=revision,
        tree=tree,
        points=await inventory.points(),
        devices=await inventory.devices(),
        exemptions=exemptions,
        book=ExemptionBook(exemptions),
        rules=ServiceRules(tree=tree, zone=zone, commissioning_days=settings.rules.commissioning_days),
        targets=targets,
        targets_imported=imported is not None,
        validity=validity,
    )


async def holding_targets(
    inventory: SqlInventory, settings: Settings, *, folder: Path, upto_seq: int | None = None
) -> tuple[Sequence[Target], TargetSet | None]:
    """Give the targets that judge, as known at a seq, and their import, None where they are those of the file.

    Raises:
        StoreError: the database cannot be read.
        TargetsFileError: the targets file holds mistakes.
    """
    sets = await inventory.target_sets(upto_seq=upto_seq)
    if sets:
        return sets[-1].targets, sets[-1]
    return read_targets(targets_file(settings, folder=folder), zone=settings.zone()), None


def targets_file(settings: Settings, *, folder: Path) -> Path:
    """Give the targets file of the settings: beside the settings file, else the shipped one of that name."""
    beside = folder / settings.city.targets
    return beside if beside.exists() else config_folder() / settings.city.targets


def alert_rules_file(settings: Settings, *, folder: Path) -> Path:
    """Give the alert rules of the settings: beside the settings file, else the shipped file of that name."""
    beside = folder / settings.alerting.rules
    return beside if beside.exists() else config_folder() / settings.alerting.rules
